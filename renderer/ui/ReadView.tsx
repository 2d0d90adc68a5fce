/** The states every read has: skeleton, refused without a value, and a value that may be old because the newest
 *  attempt failed or the host is away (then it stays, greyed, with the reason on top). */
import type { UseQueryResult } from '@tanstack/react-query'
import { type ReactNode, useEffect, useState } from 'react'
import { refusalOf, useLink } from '../data/host.ts'
import { useText } from '../language/text.ts'
import { RefusalNote } from './RefusalNote.tsx'

export function Skeleton({ rows }: { readonly rows: number }) {
  const { t } = useText()
  const [late, setLate] = useState(false)
  useEffect(() => {
    const timer = window.setTimeout(() => setLate(true), 300)
    return () => window.clearTimeout(timer)
  }, [])
  return (
    <div className="skeleton" role="status" aria-busy="true">
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} className="bone" />
      ))}
      <span className={late ? 'skeleton-text' : 'unseen'}>{t('state.loading')}</span>
    </div>
  )
}

export interface ReadViewProps<T> {
  readonly read: UseQueryResult<T>
  readonly rows: number
  readonly children: (value: T) => ReactNode
}

export function ReadView<T>({ read, rows, children }: ReadViewProps<T>) {
  const { t } = useText()
  const link = useLink()
  const refusal = refusalOf(read.error)
  if (read.data === undefined) {
    if (refusal !== null)
      return <RefusalNote refusal={refusal} onRetry={() => void read.refetch()} />
    if (read.error !== null && link.kind === 'disconnected')
      return <p className="empty-text">{t('state.nothingYet')}</p>
    return <Skeleton rows={rows} />
  }
  return (
    <>
      {refusal !== null && (
        <RefusalNote refusal={refusal} tone="warn" onRetry={() => void read.refetch()} />
      )}
      <div className={link.kind === 'disconnected' ? 'aged' : 'fresh'}>{children(read.data)}</div>
    </>
  )
}
