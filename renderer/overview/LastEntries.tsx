/** The newest lines of the journal. */
import { useRead } from '../data/host.ts'
import { routeHref } from '../data/route.ts'
import { entryTitle } from '../activity/entryText.ts'
import { shortId } from '../format/addresses.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { Panel } from '../ui/Panel.tsx'
import { ReadView } from '../ui/ReadView.tsx'

export function LastEntries() {
  const speech = useText()
  const { t } = speech
  const format = useFormat()
  const read = useRead('journal.list', { limit: 6 })
  return (
    <Panel
      title={t('entries.title')}
      note={read.data === undefined ? undefined : t('entries.note', { count: read.data.total })}
      actions={<a href={routeHref('activity')}>{t('entries.all')}</a>}
    >
      <ReadView read={read} rows={4}>
        {({ entries }) =>
          entries.length === 0 ? (
            <p className="empty-text">{t('entries.none')}</p>
          ) : (
            <ol className="entries">
              {entries.map((entry) => (
                <li key={entry.seq}>
                  <span className="num dim">{format.clock(entry.at)}</span>
                  <span>{entryTitle(entry, speech)}</span>
                  {entry.transferId === null ? (
                    <span className="dim mono">#{entry.seq}</span>
                  ) : (
                    <a className="mono" href={routeHref('transfers', entry.transferId)}>
                      {shortId(entry.transferId, 4, 4)}
                    </a>
                  )}
                </li>
              ))}
            </ol>
          )
        }
      </ReadView>
    </Panel>
  )
}
