/** Buttons of one shape. `why` explains a button that cannot be pressed; it stays focusable so that it can be read. */
import type { ReactNode } from 'react'
import { Tip } from './Tip.tsx'

export interface ButtonProps {
  readonly children: ReactNode
  readonly onPress: () => void
  readonly tone?: 'primary' | 'quiet' | 'danger'
  readonly why?: string | null
  readonly busy?: string | null
  readonly label?: string
  readonly small?: true
}

export function Button({ children, onPress, tone, why, busy, label, small }: ButtonProps) {
  const off = (why ?? null) !== null || (busy ?? null) !== null
  const button = (
    <button
      type="button"
      className={`button ${tone ?? 'quiet'}${small === true ? ' small' : ''}`}
      aria-disabled={off}
      aria-label={label}
      onClick={() => {
        if (!off) onPress()
      }}
    >
      {busy ?? children}
    </button>
  )
  return why === null || why === undefined ? button : <Tip text={why}>{button}</Tip>
}
