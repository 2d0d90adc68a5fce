/** What a place is for while nothing is in it, and the one thing to do. */
import type { ReactNode } from 'react'

export interface EmptyProps {
  readonly icon: ReactNode
  readonly text: string
  readonly action?: ReactNode
}

export function Empty({ icon, text, action }: EmptyProps) {
  return (
    <div className="empty">
      {icon}
      <p>{text}</p>
      {action}
    </div>
  )
}
