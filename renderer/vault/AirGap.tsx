/** PSBTs of the vault: those that wait for a signature from elsewhere, and one that somebody else made. */
import { QrCode } from 'lucide-react'
import { refusalOf, useAsk, useRead } from '../data/host.ts'
import { goTo, routeHref } from '../data/route.ts'
import type { VaultView } from '../data/vault.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { transferTitle } from '../transfers/transferText.ts'
import { Button } from '../ui/Button.tsx'
import { Empty } from '../ui/Empty.tsx'
import { Panel } from '../ui/Panel.tsx'
import { ReadView } from '../ui/ReadView.tsx'
import { RefusalNote } from '../ui/RefusalNote.tsx'
import { PsbtInput } from './PsbtInput.tsx'
import { PsbtRows } from './PsbtRows.tsx'

function Waiting({ vault }: { readonly vault: VaultView }) {
  const { t } = useText()
  const format = useFormat()
  const read = useRead('transfers.list', {}, 3_000)
  const airGapped = new Set(
    vault.wallets
      .filter(({ signer }) => signer.kind === 'air-gapped')
      .flatMap(({ accounts }) => accounts.map(({ id }) => id)),
  )
  return (
    <Panel title={t('airgap.waiting')} note={t('airgap.waitingNote')}>
      <ReadView read={read} rows={2}>
        {({ transfers }) => {
          const waiting = transfers.filter(
            ({ state, plan }) => state === 'signing' && airGapped.has(plan.vaultAccount),
          )
          if (waiting.length === 0)
            return (
              <Empty
                icon={<QrCode size={28} aria-hidden />}
                text={t(airGapped.size === 0 ? 'airgap.noWallet' : 'airgap.noneWaiting')}
                action={
                  airGapped.size === 0 ? (
                    <a className="button quiet" href={routeHref('vault', 'watch')}>
                      {t('watch.open')}
                    </a>
                  ) : (
                    <a className="button quiet" href={routeHref('vault', 'send')}>
                      {t('vault.send')}
                    </a>
                  )
                }
              />
            )
          return (
            <ul className="plain-list">
              {waiting.map(({ id, plan }) => (
                <li key={id}>
                  <a href={routeHref('transfers', id)}>{transferTitle(plan, format, t)}</a>
                </li>
              ))}
            </ul>
          )
        }}
      </ReadView>
    </Panel>
  )
}

function Foreign({ vault }: { readonly vault: VaultView }) {
  const { t } = useText()
  const describe = useAsk('airGap.describe')
  const plan = useAsk('airGap.plan')
  const refusal = refusalOf(describe.error) ?? refusalOf(plan.error)
  const psbt = describe.variables?.psbt
  const { data } = describe
  return (
    <Panel title={t('airgap.foreign')} note={t('airgap.foreignNote')}>
      <PsbtInput
        action={t('airgap.read')}
        busy={describe.isPending}
        onPsbt={(text) => {
          plan.reset()
          describe.mutate({ psbt: text })
        }}
      />
      {refusal !== null && <RefusalNote refusal={refusal} />}
      {data !== undefined && psbt !== undefined && (
        <>
          <PsbtRows psbt={data} vault={vault} />
          {data.refusal !== null && <RefusalNote refusal={data.refusal} tone="warn" />}
          <div className="actions">
            <Button
              tone="primary"
              why={data.refusal === null ? null : t('airgap.cannotPlan')}
              busy={plan.isPending ? t('plan.making') : null}
              onPress={() =>
                plan.mutate({ psbt }, { onSuccess: ({ id }) => goTo('transfers', id) })
              }
            >
              {t('airgap.plan')}
            </Button>
            <span className="dim small-text">{t('airgap.planHint')}</span>
          </div>
        </>
      )}
    </Panel>
  )
}

export function AirGap({ vault }: { readonly vault: VaultView }) {
  return (
    <div className="stack-wide">
      <Waiting vault={vault} />
      <Foreign vault={vault} />
    </div>
  )
}
