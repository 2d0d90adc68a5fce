/** The cold side: pairing, balances, receive, send, coins, addresses. */
import { Vault as VaultIcon } from 'lucide-react'
import { deviceWords } from '../data/device.ts'
import { refusalOf, useAsk, useRead } from '../data/host.ts'
import { routeHref } from '../data/route.ts'
import type { VaultView } from '../data/vault.ts'
import { visibleText } from '../format/addresses.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { Button } from '../ui/Button.tsx'
import { DevicePanel } from '../ui/DevicePanel.tsx'
import { Panel } from '../ui/Panel.tsx'
import { ReadView } from '../ui/ReadView.tsx'
import { RefusalNote } from '../ui/RefusalNote.tsx'
import { Addresses } from './Addresses.tsx'
import { Balances } from './Balances.tsx'
import { CoinsSection } from './coins/CoinsSection.tsx'
import { Receive } from './Receive.tsx'
import { Send } from './Send.tsx'
import { Sources } from './Sources.tsx'

const sections = ['balances', 'receive', 'send', 'coins', 'addresses'] as const
type Section = (typeof sections)[number]

function PairPanel() {
  const { t } = useText()
  const pair = useAsk('vault.pair')
  const device = useRead('status.read', {}, 5_000).data?.device
  const words = device === undefined ? null : deviceWords(device, t)
  const ready = device?.kind === 'ready' || device?.kind === 'locked' || device?.kind === 'waiting'
  const refusal = refusalOf(pair.error)
  return (
    <div className="review">
      <Panel title={t('pair.title')}>
        <div className="stack">
          <VaultIcon size={28} aria-hidden className="cold-text" />
          <p>{t('pair.text')}</p>
          <ol className="route">
            <li>{t('pair.step1')}</li>
            <li>{t('pair.step2')}</li>
            <li>{t('pair.step3')}</li>
          </ol>
          <div className="actions">
            <Button
              tone="primary"
              why={ready ? null : (words?.wayOut ?? t('state.loading'))}
              busy={pair.isPending ? t('pair.busy') : null}
              onPress={() => pair.mutate({ passphrase: false })}
            >
              {t('pair.do')}
            </Button>
          </div>
          {refusal !== null && (
            <RefusalNote refusal={refusal} onRetry={() => pair.mutate({ passphrase: false })} />
          )}
        </div>
      </Panel>
      <DevicePanel hint={t('pair.hint')} />
    </div>
  )
}

function Inside({ section, vault }: { readonly section: Section; readonly vault: VaultView }) {
  switch (section) {
    case 'balances':
      return (
        <>
          <Balances vault={vault} />
          <Sources />
        </>
      )
    case 'receive':
      return <Receive vault={vault} />
    case 'send':
      return <Send vault={vault} />
    case 'coins':
      return <CoinsSection vault={vault} />
    case 'addresses':
      return <Addresses vault={vault} />
  }
}

function Identity({ vault }: { readonly vault: VaultView }) {
  const { t } = useText()
  const format = useFormat()
  if (vault.wallets.length === 0) return <p className="dim small-text">{t('vault.about')}</p>
  return vault.wallets.map(({ fingerprint, signer, addedAt }) => (
    <p key={fingerprint} className="dim small-text">
      {signer.kind === 'device' && `${signer.model} “${visibleText(signer.deviceLabel)}” · `}
      {t('vault.fingerprint')} <span className="mono">{fingerprint}</span> ·{' '}
      {t('vault.paired', { time: format.moment(addedAt) })}
    </p>
  ))
}

export function VaultScreen({ section }: { readonly section: string | null }) {
  const { t } = useText()
  const read = useRead('vault.read', {}, 5_000)
  const shown = sections.find((candidate) => candidate === section) ?? 'balances'
  return (
    <div className="screen">
      <ReadView read={read} rows={6}>
        {(vault) => (
          <>
            <header className="screen-head">
              <div>
                <h1>{t('screen.vault')}</h1>
                <Identity vault={vault} />
              </div>
              {vault.wallets.length > 0 && (
                <nav className="tabs" aria-label={t('vault.sections')}>
                  {sections.map((candidate) => (
                    <a
                      key={candidate}
                      href={routeHref('vault', candidate)}
                      aria-current={candidate === shown ? 'page' : undefined}
                    >
                      {t(`vaultTab.${candidate}`)}
                    </a>
                  ))}
                </nav>
              )}
            </header>
            {vault.refusals.map((refusal, index) => (
              <RefusalNote
                key={`${refusal.code} ${index}`}
                refusal={refusal}
                tone="warn"
                onRetry={() => void read.refetch()}
              />
            ))}
            {vault.wallets.length === 0 ? <PairPanel /> : <Inside section={shown} vault={vault} />}
          </>
        )}
      </ReadView>
    </div>
  )
}
