/** Signing and verifying messages. What is signed is decoded by the host and shown in full before the device is asked. */
import { useState } from 'react'
import { refusalOf, useAsk } from '../data/host.ts'
import type { VaultView } from '../data/vault.ts'
import { useText } from '../language/text.ts'
import type { MessageKey } from '../language/messages.ts'
import { Button } from '../ui/Button.tsx'
import { CopyButton } from '../ui/CopyButton.tsx'
import { DevicePanel } from '../ui/DevicePanel.tsx'
import { Panel } from '../ui/Panel.tsx'
import { RefusalNote } from '../ui/RefusalNote.tsx'
import { type FoundAccount, allAccounts, fullAccountName } from './accounts/accountName.ts'
import { MessageRows } from './MessageRows.tsx'
import { VerifyMessage } from './VerifyMessage.tsx'

type Format = 'legacy' | 'bip322' | 'personal' | 'typed-data'

/** Forms that an account's addresses can sign in; the first is the usual one. */
function formatsOf({ account }: FoundAccount): readonly Format[] {
  if (account.chain === 'evm') return ['personal', 'typed-data']
  switch (account.scriptType) {
    case 'p2tr':
      return ['bip322']
    case 'p2wpkh':
      return ['legacy', 'bip322']
    case 'p2pkh':
    case 'p2sh-p2wpkh':
      return ['legacy']
  }
}

/** Accounts that a device signs for; a watched one signs no messages here. */
function signingAccounts(vault: VaultView): readonly FoundAccount[] {
  return allAccounts(vault).filter(({ wallet }) => wallet.signer.kind === 'device')
}

interface Draft {
  readonly accountId: string | null
  readonly path: string | null
  readonly format: Format | null
  readonly message: string
  readonly hex: boolean
}

function Sign({
  vault,
  accounts,
}: {
  readonly vault: VaultView
  readonly accounts: readonly FoundAccount[]
}) {
  const { t } = useText()
  const describe = useAsk('messages.describe')
  const sign = useAsk('messages.sign')
  const [draft, setDraft] = useState<Draft>({
    accountId: null,
    path: null,
    format: null,
    message: '',
    hex: false,
  })
  const change = (part: Partial<Draft>) => {
    setDraft({ ...draft, ...part })
    // What was described is no longer what stands in the form.
    describe.reset()
    sign.reset()
  }
  const found = accounts.find(({ account: { id } }) => id === draft.accountId) ?? accounts[0]
  if (found === undefined) return <p className="empty-text">{t('message.noAccount')}</p>
  const { account } = found
  const formats = formatsOf(found)
  const format = formats.find((each) => each === draft.format) ?? formats[0] ?? 'legacy'
  const paths = [
    ...new Set(
      vault.addresses.filter(({ accountId }) => accountId === account.id).map(({ path }) => path),
    ),
  ]
  const path = paths.find((each) => each === draft.path) ?? paths[0]
  const why =
    path === undefined
      ? t('message.noAddress')
      : draft.message === ''
        ? t('message.needText')
        : null
  const asked = {
    accountId: account.id,
    path: path ?? '',
    format,
    message: draft.message,
    encoding: draft.hex && format === 'personal' ? ('hex' as const) : ('text' as const),
  }
  const shown = describe.data
  const refusal = refusalOf(describe.error) ?? refusalOf(sign.error)
  return (
    <>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (why === null) describe.mutate(asked)
        }}
      >
        <label className="field">
          <span>{t('message.account')}</span>
          <select
            name="account"
            value={account.id}
            onChange={(event) =>
              change({ accountId: event.target.value, path: null, format: null })
            }
          >
            {accounts.map((each) => (
              <option key={each.account.id} value={each.account.id}>
                {fullAccountName(vault, each, t)}
              </option>
            ))}
          </select>
        </label>
        <label className="field">
          <span>{t('message.address')}</span>
          <select
            name="path"
            value={path}
            onChange={(event) => change({ path: event.target.value })}
          >
            {paths.map((each) => (
              <option key={each} value={each}>
                {vault.addresses.find((own) => own.path === each)?.address} · {each}
              </option>
            ))}
          </select>
        </label>
        <div className="field">
          <span>{t('message.format')}</span>
          <span className="segments" role="group" aria-label={t('message.format')}>
            {formats.map((each) => (
              <button
                key={each}
                type="button"
                aria-pressed={each === format}
                onClick={() => change({ format: each })}
              >
                {t(`message.format.${each}`)}
              </button>
            ))}
          </span>
        </div>
        <label className="field wide">
          <span>{format === 'typed-data' ? t('message.json') : t('message.text')}</span>
          <textarea
            name="message"
            rows={format === 'typed-data' ? 10 : 4}
            className={format === 'typed-data' ? 'mono' : undefined}
            spellCheck={false}
            value={draft.message}
            onChange={(event) => change({ message: event.target.value })}
          />
        </label>
        {format === 'personal' && (
          <label className="check">
            <input
              type="checkbox"
              checked={draft.hex}
              onChange={(event) => change({ hex: event.target.checked })}
            />
            {t('message.hex')}
          </label>
        )}
        <div className="actions wide">
          <Button
            tone={shown === undefined ? 'primary' : 'quiet'}
            why={why}
            busy={describe.isPending ? t('message.reading') : null}
            onPress={() => describe.mutate(asked)}
          >
            {t('message.show')}
          </Button>
          <span className="dim small-text">{t('message.showHint')}</span>
        </div>
      </form>
      {shown !== undefined && (
        <section className="described" aria-label={t('message.shown')}>
          <MessageRows description={shown.description} address={shown.address} />
          {shown.refusal === null ? (
            <div className="actions">
              <Button
                tone="primary"
                busy={sign.isPending ? t('message.onDevice') : null}
                onPress={() => sign.mutate({ ...asked, digest: shown.description.digest })}
              >
                {t('message.sign')}
              </Button>
            </div>
          ) : (
            <RefusalNote refusal={shown.refusal} />
          )}
        </section>
      )}
      {refusal !== null && <RefusalNote refusal={refusal} />}
      {sign.data !== undefined && (
        <section className="described" aria-label={t('message.signature')}>
          <h3>{t('message.signature')}</h3>
          <p className="mono signature">{sign.data.signature}</p>
          <div className="actions">
            <CopyButton text={sign.data.signature} label={t('message.copy')} />
          </div>
          <p className="dim small-text">{t('message.checked')}</p>
        </section>
      )}
    </>
  )
}

const modes = ['sign', 'verify'] as const
type Mode = (typeof modes)[number]
const titles: { readonly [M in Mode]: MessageKey } = {
  sign: 'message.signTitle',
  verify: 'message.verifyTitle',
}

export function Messages({ vault }: { readonly vault: VaultView }) {
  const { t } = useText()
  const [mode, setMode] = useState<Mode>('sign')
  const choice = (
    <span className="segments" role="group" aria-label={t('message.mode')}>
      {modes.map((each) => (
        <button key={each} type="button" aria-pressed={each === mode} onClick={() => setMode(each)}>
          {t(titles[each])}
        </button>
      ))}
    </span>
  )
  return (
    <div className="review">
      <Panel title={t(titles[mode])} actions={choice}>
        {mode === 'sign' ? (
          <Sign vault={vault} accounts={signingAccounts(vault)} />
        ) : (
          <VerifyMessage />
        )}
      </Panel>
      <DevicePanel hint={mode === 'sign' ? t('message.deviceHint') : null} />
    </div>
  )
}
