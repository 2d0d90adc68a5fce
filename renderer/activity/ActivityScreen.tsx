/** The journal: what happened, newest first; verified, exported, and one entry in full. */
import { Download, ScrollText, ShieldCheck } from 'lucide-react'
import { useState } from 'react'
import { refusalOf, useAsk, useRead } from '../data/host.ts'
import { routeHref } from '../data/route.ts'
import { shortId } from '../format/addresses.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { Button } from '../ui/Button.tsx'
import { CopyButton } from '../ui/CopyButton.tsx'
import { Dialog } from '../ui/Dialog.tsx'
import { Empty } from '../ui/Empty.tsx'
import { Panel } from '../ui/Panel.tsx'
import { ReadView } from '../ui/ReadView.tsx'
import { RefusalNote } from '../ui/RefusalNote.tsx'
import { saveFile } from '../ui/saveFile.ts'
import { StateTag } from '../ui/StateTag.tsx'
import { Reconcile } from './Reconcile.tsx'
import { type Entry, entryFields, entryTitle } from './entryText.ts'

const page = 100
const most = 500

function EntryDialog({ entry, onClose }: { readonly entry: Entry; readonly onClose: () => void }) {
  const speech = useText()
  const { t } = speech
  const format = useFormat()
  return (
    <Dialog title={`#${entry.seq} · ${entryTitle(entry, speech)}`} onClose={onClose}>
      <p className="dim num">
        {format.moment(entry.at)} · {entry.kind}
      </p>
      <p className="small-text">
        <span className="dim">{t('entry.hash')}</span> <code className="hex">{entry.hash}</code>
      </p>
      {format.discreet ? (
        <p className="empty-text">{t('entry.hidden')}</p>
      ) : (
        <>
          <div className="scroll-table tall">
            <table className="plain">
              <tbody>
                {entryFields(entry).map(({ name, value }) => (
                  <tr key={name}>
                    <th scope="row" className="mono small-text">
                      {name}
                    </th>
                    <td className="mono small-text">{value}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <CopyButton text={entry.body} label={t('copy.details')} />
        </>
      )}
    </Dialog>
  )
}

function Tools({ onVerified }: { readonly onVerified: () => void }) {
  const { t } = useText()
  const format = useFormat()
  const verify = useAsk('journal.verify')
  const exporting = useAsk('journal.export')
  const refusal = refusalOf(verify.error) ?? refusalOf(exporting.error)
  const save = (kind: 'csv' | 'json') =>
    exporting.mutate(
      { format: kind },
      { onSuccess: ({ filename, text }) => saveFile(filename, text) },
    )
  return (
    <>
      <div className="actions">
        <Button
          busy={verify.isPending ? t('journal.verifying') : null}
          onPress={() => verify.mutate({}, { onSuccess: onVerified })}
        >
          <ShieldCheck size={14} aria-hidden /> {t('journal.verify')}
        </Button>
        {(['csv', 'json'] as const).map((kind) => (
          <Button
            key={kind}
            why={format.discreet ? t('journal.exportHidden') : null}
            busy={exporting.isPending ? t('journal.exporting') : null}
            onPress={() => save(kind)}
          >
            <Download size={14} aria-hidden /> {kind.toUpperCase()}
          </Button>
        ))}
      </div>
      {verify.data !== undefined && (
        <p className="full-row" data-testid="journal-verified">
          <StateTag grade="good" text={t('journal.verified', { count: verify.data.count })} />{' '}
          <span className="dim small-text">
            {t('journal.head')}{' '}
            <code title={verify.data.head}>{shortId(verify.data.head, 8, 8)}</code>
          </span>
        </p>
      )}
      {refusal !== null && (
        <div className="full-row">
          <RefusalNote refusal={refusal} />
        </div>
      )}
    </>
  )
}

export function ActivityScreen() {
  const speech = useText()
  const { t } = speech
  const format = useFormat()
  const [limit, setLimit] = useState(page)
  const [filter, setFilter] = useState('')
  const [shown, setShown] = useState<Entry | null>(null)
  const [verified, setVerified] = useState(false)
  const read = useRead('journal.list', { limit })
  const wanted = filter.trim().toLowerCase()
  const matches = (entry: Entry) =>
    wanted === '' ||
    `${entry.kind} ${entryTitle(entry, speech)} ${entry.transferId ?? ''} ${entry.seq}`
      .toLowerCase()
      .includes(wanted)
  return (
    <div className="screen">
      <header className="screen-head">
        <div>
          <h1>{t('screen.activity')}</h1>
          <p className="dim small-text">{t('journal.about')}</p>
        </div>
        <Tools onVerified={() => setVerified(true)} />
      </header>
      <Reconcile verified={verified} />
      <ReadView read={read} rows={8}>
        {({ entries, total }) => (
          <Panel
            title={t('journal.title')}
            note={t('entries.note', { count: total })}
            actions={
              <input
                className="filter"
                type="search"
                aria-label={t('journal.filter')}
                placeholder={t('journal.filter')}
                value={filter}
                onChange={(event) => setFilter(event.target.value)}
              />
            }
          >
            {entries.length === 0 ? (
              <Empty icon={<ScrollText size={28} aria-hidden />} text={t('entries.none')} />
            ) : (
              <div className="wide-table">
                <table className="plain journal">
                  <thead>
                    <tr>
                      <th className="right">{t('journal.number')}</th>
                      <th>{t('time')}</th>
                      <th>{t('journal.what')}</th>
                      <th>{t('journal.transfer')}</th>
                      <th>{t('entry.hash')}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {entries.filter(matches).map((entry) => (
                      <tr key={entry.seq}>
                        <td className="right num dim">{entry.seq}</td>
                        <td className="num">{format.moment(entry.at)}</td>
                        <td>
                          <button type="button" className="linkish" onClick={() => setShown(entry)}>
                            {entryTitle(entry, speech)}
                          </button>
                        </td>
                        <td>
                          {entry.transferId !== null && (
                            <a className="mono" href={routeHref('transfers', entry.transferId)}>
                              {shortId(entry.transferId, 6, 4)}
                            </a>
                          )}
                        </td>
                        <td className="mono dim" title={entry.hash}>
                          {shortId(entry.hash, 6, 6)}
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )}
            {entries.length < total && limit < most && (
              <div className="actions more">
                <Button onPress={() => setLimit(Math.min(most, limit + page))}>
                  {t('journal.more')}
                </Button>
              </div>
            )}
          </Panel>
        )}
      </ReadView>
      {shown !== null && <EntryDialog entry={shown} onClose={() => setShown(null)} />}
    </div>
  )
}
