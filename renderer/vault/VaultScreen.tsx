/** The cold side: pairing, accounts, receive, send, coins, addresses. */
import { Vault as VaultIcon } from 'lucide-react'
import { deviceWords } from '../data/device.ts'
import { refusalOf, useAsk, useRead } from '../data/host.ts'
import { routeHref } from '../data/route.ts'
import type { VaultView } from '../data/vault.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { Button } from '../ui/Button.tsx'
import { DevicePanel } from '../ui/DevicePanel.tsx'
import { Panel } from '../ui/Panel.tsx'
import { ReadView } from '../ui/ReadView.tsx'
import { RefusalNote } from '../ui/RefusalNote.tsx'
import { AccountPage } from './accounts/AccountPage.tsx'
import { AccountsSection } from './accounts/AccountsSection.tsx'
import { AddAccount } from './accounts/AddAccount.tsx'
import { OpenPassphrase } from './accounts/OpenPassphrase.tsx'
import { RecoverySheet } from './accounts/RecoverySheet.tsx'
import { WatchAccount } from './accounts/WatchAccount.tsx'
import { Activity } from './Activity.tsx'
import { Addresses } from './Addresses.tsx'
import { AirGap } from './AirGap.tsx'
import { CoinsSection } from './coins/CoinsSection.tsx'
import { Messages } from './Messages.tsx'
import { Receive } from './Receive.tsx'
import { Send } from './send/Send.tsx'
import { Sources } from './Sources.tsx'

const sections = [
  'accounts',
  'receive',
  'send',
  'coins',
  'addresses',
  'airgap',
  'messages',
] as const
type Section = (typeof sections)[number]

interface Place {
  /** The tab that is marked. */
  readonly section: Section
  /** What of it: a page of its own, an account's id, a wallet's fingerprint. */
  readonly page: 'account' | 'add' | 'watch' | 'passphrase' | 'recovery' | null
  readonly id: string | null
}

const pages = ['account', 'add', 'watch', 'passphrase', 'recovery'] as const

/** `receive/<account>`, `account/<account>`, `add/<fingerprint>`, `recovery` … */
function readPlace(part: string | null): Place {
  const [, name = '', id = null] = /^([a-z]+)(?:\/(.+))?$/.exec(part ?? '') ?? []
  const page = pages.find((candidate) => candidate === name) ?? null
  return { section: sections.find((candidate) => candidate === name) ?? 'accounts', page, id }
}

/** Pages that bring the first wallet in by another way than pairing. */
function opensFirst({ page }: Place): boolean {
  return page === 'watch' || page === 'passphrase'
}

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
          <p className="dim small-text">
            {t('pair.otherwise')}{' '}
            <a href={routeHref('vault', 'passphrase')}>{t('passphrase.open')}</a> ·{' '}
            <a href={routeHref('vault', 'watch')}>{t('watch.open')}</a>
          </p>
        </div>
      </Panel>
      <DevicePanel hint={t('pair.hint')} />
    </div>
  )
}

function Inside({ place, vault }: { readonly place: Place; readonly vault: VaultView }) {
  const id = place.id ?? ''
  switch (place.page) {
    case 'account':
      return <AccountPage key={id} id={id} vault={vault} />
    case 'add':
      return <AddAccount fingerprint={id} vault={vault} />
    case 'watch':
      return <WatchAccount />
    case 'passphrase':
      return <OpenPassphrase />
    case 'recovery':
      return <RecoverySheet vault={vault} />
    case null:
      return <InsideSection place={place} vault={vault} />
  }
}

function InsideSection({ place, vault }: { readonly place: Place; readonly vault: VaultView }) {
  switch (place.section) {
    case 'accounts':
      return (
        <>
          <AccountsSection vault={vault} />
          <Activity />
          <Sources />
        </>
      )
    case 'receive':
      return <Receive key={place.id} vault={vault} accountId={place.id} />
    case 'send':
      return <Send key={place.id} vault={vault} from={place.id} />
    case 'coins':
      return <CoinsSection vault={vault} />
    case 'addresses':
      return <Addresses vault={vault} />
    case 'airgap':
      return <AirGap vault={vault} />
    case 'messages':
      return <Messages vault={vault} />
  }
}

/** What all of it is worth, where every asset has a price. */
function Total() {
  const { t } = useText()
  const format = useFormat()
  const worth = useRead('portfolio.read', {}).data?.vaultUsd
  return worth?.kind === 'known' ? (
    <span className="num"> · {t('vault.worth', { value: format.usd(worth.value) })}</span>
  ) : null
}

export function VaultScreen({ section: part }: { readonly section: string | null }) {
  const { t } = useText()
  const read = useRead('vault.read', {}, 5_000)
  const place = readPlace(part)
  return (
    <div className="screen">
      <ReadView read={read} rows={6}>
        {(vault) => (
          <>
            <header className="screen-head">
              <div>
                <h1>{t('screen.vault')}</h1>
                <p className="dim small-text">
                  {t('vault.about')}
                  {vault.wallets.length > 0 && <Total />}
                </p>
              </div>
              {vault.wallets.length > 0 && (
                <nav className="tabs" aria-label={t('vault.sections')}>
                  {sections.map((candidate) => (
                    <a
                      key={candidate}
                      href={routeHref('vault', candidate)}
                      aria-current={candidate === place.section ? 'page' : undefined}
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
            {vault.wallets.length === 0 && !opensFirst(place) ? (
              <PairPanel />
            ) : (
              <Inside place={place} vault={vault} />
            )}
          </>
        )}
      </ReadView>
    </div>
  )
}
