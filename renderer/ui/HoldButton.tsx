/** A button that must be held, so that no stray click or key approves value. Space and Enter hold as well. */
import { type ReactNode, useEffect, useRef, useState } from 'react'

const holdMs = 1_200

export interface HoldButtonProps {
  readonly children: ReactNode
  readonly onHeld: () => void
  readonly disabled: boolean
  readonly hint: string
}

export function HoldButton({ children, onHeld, disabled, hint }: HoldButtonProps) {
  const [holding, setHolding] = useState(false)
  const held = useRef(onHeld)
  held.current = onHeld
  useEffect(() => {
    if (!holding) return
    const timer = window.setTimeout(() => {
      setHolding(false)
      held.current()
    }, holdMs)
    return () => window.clearTimeout(timer)
  }, [holding])
  const start = () => {
    if (!disabled) setHolding(true)
  }
  const stop = () => setHolding(false)
  return (
    <div className="hold-wrap">
      <button
        type="button"
        className={`button primary hold${holding ? ' holding' : ''}`}
        aria-disabled={disabled}
        aria-describedby="hold-hint"
        onPointerDown={start}
        onPointerUp={stop}
        onPointerLeave={stop}
        onPointerCancel={stop}
        onBlur={stop}
        onKeyDown={(event) => {
          if ((event.key === ' ' || event.key === 'Enter') && !event.repeat) start()
        }}
        onKeyUp={stop}
        onContextMenu={(event) => event.preventDefault()}
      >
        <span className="hold-fill" aria-hidden />
        <span className="hold-text">{children}</span>
      </button>
      <span id="hold-hint" className="dim small-text">
        {hint}
      </span>
    </div>
  )
}
