/** A titled area. The note beside the title says units or the source. */
import type { ReactNode } from 'react'

export interface PanelProps {
  readonly title: string
  readonly note?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
  readonly className?: string
}

export function Panel({ title, note, actions, children, className }: PanelProps) {
  return (
    <section className={`panel ${className ?? ''}`} aria-label={title}>
      <header className="panel-head">
        <h2>{title}</h2>
        {note !== undefined && <span className="note">{note}</span>}
        {actions !== undefined && <div className="panel-actions">{actions}</div>}
      </header>
      {children}
    </section>
  )
}
