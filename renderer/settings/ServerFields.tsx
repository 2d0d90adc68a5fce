/** The fields of one bitcoin server, by what kind of server it is. */
import { useText } from '../language/text.ts'
import type { ServerDraft } from './serverDraft.ts'

interface FieldsProps {
  readonly draft: ServerDraft
  readonly onChange: (part: Partial<ServerDraft>) => void
}

function TextField(props: {
  readonly label: string
  readonly name: string
  readonly value: string
  readonly onType: (value: string) => void
  readonly hint?: string
  readonly secret?: true
  readonly day?: true
}) {
  return (
    <label className="field">
      <span>{props.label}</span>
      <input
        name={props.name}
        className="mono"
        spellCheck={false}
        autoComplete={props.secret === true ? 'new-password' : 'off'}
        type={props.secret === true ? 'password' : props.day === true ? 'date' : 'text'}
        maxLength={400}
        value={props.value}
        onChange={(event) => props.onType(event.target.value)}
      />
      {props.hint !== undefined && <span className="hint">{props.hint}</span>}
    </label>
  )
}

function ElectrumFields({ draft, onChange }: FieldsProps) {
  const { t } = useText()
  return (
    <>
      <TextField
        label={t('servers.host')}
        name="host"
        value={draft.host}
        onType={(host) => onChange({ host })}
      />
      <TextField
        label={t('servers.port')}
        name="port"
        value={draft.port}
        onType={(port) => onChange({ port })}
      />
      <label className="field">
        <span>{t('servers.tls')}</span>
        <select
          name="tls"
          value={draft.tls}
          onChange={({ target }) => {
            const tls = (['verified', 'pinned', 'off'] as const).find((way) => way === target.value)
            if (tls !== undefined) onChange({ tls })
          }}
        >
          <option value="verified">{t('servers.tls.verified')}</option>
          <option value="pinned">{t('servers.tls.pinned')}</option>
          <option value="off">{t('servers.tls.off')}</option>
        </select>
      </label>
      {draft.tls === 'pinned' && (
        <TextField
          label={t('servers.fingerprint')}
          name="fingerprint"
          value={draft.fingerprint}
          onType={(fingerprint) => onChange({ fingerprint })}
          hint={t('servers.fingerprint.hint')}
        />
      )}
    </>
  )
}

function CoreFields({ draft, onChange }: FieldsProps) {
  const { t } = useText()
  return (
    <>
      <TextField
        label={t('servers.url')}
        name="url"
        value={draft.url}
        onType={(url) => onChange({ url })}
        hint="http://127.0.0.1:8332"
      />
      <TextField
        label={t('servers.since')}
        name="since"
        day
        value={draft.since}
        onType={(since) => onChange({ since })}
        hint={t('servers.since.hint')}
      />
      <label className="field">
        <span>{t('servers.login')}</span>
        <select
          name="login"
          value={draft.login}
          onChange={({ target }) =>
            onChange({ login: target.value === 'cookie' ? 'cookie' : 'password' })
          }
        >
          <option value="cookie">{t('servers.login.cookie')}</option>
          <option value="password">{t('servers.login.password')}</option>
        </select>
      </label>
      {draft.login === 'cookie' ? (
        <TextField
          label={t('servers.file')}
          name="file"
          value={draft.file}
          onType={(file) => onChange({ file })}
          hint="~/.bitcoin/.cookie"
        />
      ) : (
        <>
          <TextField
            label={t('servers.user')}
            name="user"
            value={draft.user}
            onType={(user) => onChange({ user })}
          />
          <TextField
            label={t('servers.password')}
            name="password"
            secret
            value={draft.password}
            onType={(password) => onChange({ password })}
            hint={t('servers.password.hint')}
          />
        </>
      )}
    </>
  )
}

export function ServerFields({ draft, onChange }: FieldsProps) {
  const { t } = useText()
  return (
    <>
      <label className="field">
        <span>{t('servers.kind')}</span>
        <select
          name="kind"
          value={draft.kind}
          onChange={({ target }) => {
            const kinds = ['none', 'electrum', 'core', 'esplora'] as const
            const kind = kinds.find((known) => known === target.value)
            if (kind !== undefined) onChange({ kind })
          }}
        >
          <option value="none">{t('servers.kind.none')}</option>
          <option value="electrum">{t('servers.kind.electrum')}</option>
          <option value="core">{t('servers.kind.core')}</option>
          <option value="esplora">{t('servers.kind.esplora')}</option>
        </select>
      </label>
      {draft.kind === 'electrum' && <ElectrumFields draft={draft} onChange={onChange} />}
      {draft.kind === 'core' && <CoreFields draft={draft} onChange={onChange} />}
      {draft.kind === 'esplora' && (
        <TextField
          label={t('servers.url')}
          name="url"
          value={draft.url}
          onType={(url) => onChange({ url })}
          hint="https://mempool.space/api"
        />
      )}
    </>
  )
}
