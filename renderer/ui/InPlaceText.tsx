/** A short text changed where it stands: Enter keeps it, Escape leaves it as it was. */
import { Pencil } from 'lucide-react'
import { useState } from 'react'
import type { Refusal } from '../../shared/errors/refusal.ts'
import { RefusalNote } from './RefusalNote.tsx'

export interface InPlaceTextProps {
  /** As it is kept; '' where nothing was written. */
  readonly value: string
  /** What is shown, e.g. a name of its own where nothing was written. */
  readonly shown: string
  readonly empty: boolean
  /** Says what the text is, for the field. */
  readonly name: string
  /** Says what is changed, for the button. */
  readonly action: string
  readonly longest: number
  readonly busy: boolean
  readonly refusal: Refusal | null
  /** `done` closes the field once the text is kept. */
  readonly onKeep: (text: string, done: () => void) => void
}

export function InPlaceText(props: InPlaceTextProps) {
  const { value, shown, empty, name, action, longest, busy, refusal, onKeep } = props
  const [draft, setDraft] = useState<string | null>(null)
  const close = () => setDraft(null)
  const keep = () => {
    if (draft === null || busy) return
    if (draft.trim() === value) close()
    else onKeep(draft.trim(), close)
  }
  if (draft === null)
    return (
      <button
        type="button"
        className={`in-place${empty ? ' dim' : ''}`}
        aria-label={action}
        onClick={() => setDraft(value)}
      >
        <span>{shown}</span>
        <Pencil size={12} aria-hidden />
      </button>
    )
  return (
    <>
      <input
        className="in-place-input"
        aria-label={name}
        maxLength={longest}
        value={draft}
        readOnly={busy}
        // Opened by the very press that asked for it.
        ref={(input) => input?.focus()}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={keep}
        onKeyDown={(event) => {
          if (event.key === 'Enter') keep()
          if (event.key !== 'Escape') return
          event.stopPropagation()
          close()
        }}
      />
      {refusal !== null && <RefusalNote refusal={refusal} />}
    </>
  )
}
