/** Which servers tell about bitcoin: one's own first, a second one to catch the first in a lie, and the proxy that
 *  leads to them. Every change is confirmed outside this window by the host. */
import { ShieldAlert } from 'lucide-react'
import { useState } from 'react'
import { refusalOf, useAsk, useRead } from '../data/host.ts'
import { useText } from '../language/text.ts'
import { Button } from '../ui/Button.tsx'
import { Panel } from '../ui/Panel.tsx'
import { ReadView } from '../ui/ReadView.tsx'
import { RefusalNote } from '../ui/RefusalNote.tsx'
import { StateTag } from '../ui/StateTag.tsx'
import { ServerDoctor } from './ServerDoctor.tsx'
import { ServerFields } from './ServerFields.tsx'
import { type Servers, type ServersDraft, draftOf, serversOf } from './serverDraft.ts'

function ServersForm({ servers, fixed }: { readonly servers: Servers; readonly fixed: boolean }) {
  const speech = useText()
  const { t } = speech
  const write = useAsk('servers.write')
  const [draft, setDraft] = useState<ServersDraft | null>(null)
  const shown = draft ?? draftOf(servers)
  const chosen = serversOf(shown)
  const refusal = refusalOf(write.error)
  const problem =
    refusal?.code === 'INPUT_INVALID'
      ? speech.open(`servers.problem.${refusal.data.problem}`, {}, '')
      : ''
  return (
    <>
      {(['first', 'second'] as const).map((which) => (
        <fieldset key={which} className="server" disabled={fixed || write.isPending}>
          <legend>{t(`servers.${which}`)}</legend>
          <p className="dim small-text">{t(`servers.${which}.note`)}</p>
          <div className="form">
            <ServerFields
              draft={shown[which]}
              onChange={(part) => setDraft({ ...shown, [which]: { ...shown[which], ...part } })}
            />
          </div>
          {draft === null && !fixed && servers[which] !== null && <ServerDoctor which={which} />}
        </fieldset>
      ))}
      <fieldset className="server" disabled={fixed || write.isPending}>
        <legend>{t('servers.proxy')}</legend>
        <label className="field">
          <span>{t('servers.proxy.address')}</span>
          <input
            name="proxy"
            className="mono"
            spellCheck={false}
            autoComplete="off"
            placeholder="127.0.0.1:9050"
            maxLength={100}
            value={shown.proxy}
            onChange={(event) => setDraft({ ...shown, proxy: event.target.value })}
          />
          <span className="hint">{t('servers.proxy.hint')}</span>
        </label>
      </fieldset>
      {fixed ? (
        <p className="dim small-text">{t('servers.fixed')}</p>
      ) : (
        <>
          <p className="quiet-note">
            <ShieldAlert size={16} aria-hidden className="grade-warn" />{' '}
            <span>{t('servers.confirmed')}</span>
          </p>
          <div className="actions">
            <Button
              tone="primary"
              why={
                draft === null
                  ? t('servers.unchanged')
                  : chosen === undefined
                    ? t('servers.incomplete')
                    : null
              }
              busy={write.isPending ? t('policy.asking') : null}
              onPress={() => {
                if (chosen !== undefined)
                  write.mutate({ servers: chosen }, { onSuccess: () => setDraft(null) })
              }}
            >
              {t('servers.save')}
            </Button>
            {draft !== null && !write.isPending && (
              <Button onPress={() => setDraft(null)}>{t('cancel')}</Button>
            )}
            {write.isSuccess && draft === null && (
              <StateTag grade="good" text={t('servers.saved')} />
            )}
          </div>
        </>
      )}
      {refusal !== null &&
        (problem === '' ? (
          <RefusalNote refusal={refusal} />
        ) : (
          <StateTag grade="breach" text={problem} />
        ))}
    </>
  )
}

export function BitcoinServers() {
  const { t } = useText()
  const read = useRead('servers.read', {})
  return (
    <Panel title={t('servers.title')} note={t('servers.note')}>
      <ReadView read={read} rows={4}>
        {({ servers, origin }) => (
          <>
            {origin === 'file' && servers.first !== null && (
              <p className="dim small-text">{t('servers.fromFile')}</p>
            )}
            <ServersForm servers={servers} fixed={origin === 'fixed'} />
          </>
        )}
      </ReadView>
    </Panel>
  )
}
