/** The bitcoin outputs of the vault: what each is, which may be spent, and a payment out of exactly those chosen. */
import { ArrowLeft, Coins as CoinsIcon, Merge, Search } from 'lucide-react'
import { useMemo, useState } from 'react'
import { useRead } from '../../data/host.ts'
import { routeHref } from '../../data/route.ts'
import type { VaultView } from '../../data/vault.ts'
import { useFormat } from '../../format/useFormat.ts'
import { useText } from '../../language/text.ts'
import { Button } from '../../ui/Button.tsx'
import { Chart } from '../../ui/Chart.tsx'
import { Empty } from '../../ui/Empty.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { useInk } from '../../ui/chartInk.ts'
import { Send } from '../send/Send.tsx'
import { allAccounts, fullAccountName } from '../accounts/accountName.ts'
import { CoinTable } from './CoinTable.tsx'
import { Consolidate } from './Consolidate.tsx'
import { useLabelFiles } from './LabelFiles.tsx'
import { coinBars, coinBarsOption } from './coinBars.ts'
import {
  type CoinFilter,
  type CoinRow,
  type CoinSorting,
  canPay,
  coinFilters,
  filterCoins,
  listCoins,
  sortCoins,
  sumCoins,
} from './coinList.ts'

/** Below this a picture says no more than the table. */
const fewestForBars = 3

function useCoinRows(coins: VaultView['coins']): readonly CoinRow[] {
  const chains = useRead('status.read', {}, 5_000).data?.chains
  const transfers = useRead('transfers.list', {}, 5_000).data?.transfers
  const tip = chains?.find(({ chain }) => chain === 'bitcoin')?.height ?? null
  return useMemo(() => listCoins(coins, tip, transfers ?? []), [coins, tip, transfers])
}

interface BarsProps {
  readonly rows: readonly CoinRow[]
  readonly chosen: ReadonlySet<string>
  readonly onPick: (row: CoinRow) => void
}

function Bars({ rows, chosen, onPick }: BarsProps) {
  const { t } = useText()
  const format = useFormat()
  const ink = useInk()
  const bars = useMemo(() => coinBars(rows, format, t), [rows, format, t])
  const option = useMemo(
    () => coinBarsOption(bars, chosen, ink, format),
    [bars, chosen, ink, format],
  )
  return (
    <figure className="coin-bars">
      <Chart
        option={option}
        height={132}
        label={t('coins.chart')}
        onPick={(index) => {
          const row = bars[index]?.row
          if (row != null) onPick(row)
        }}
      />
      <figcaption className="dim small-text">{t('coins.chartNote')}</figcaption>
    </figure>
  )
}

function Totals({ rows }: { readonly rows: readonly CoinRow[] }) {
  const { t } = useText()
  const format = useFormat()
  return (
    <dl className="totals">
      {(['free', 'waiting', 'frozen', 'taken'] as const).map((kind) => {
        const { count, value } = sumCoins(rows.filter(({ state }) => state.kind === kind))
        return count === 0 ? null : (
          <div key={kind}>
            <dt>
              {t(`coinState.${kind}`)} · {t('coins.count', { count })}
            </dt>
            <dd className="num">
              {format.amountExact({ asset: 'BTC', decimals: 8, units: value })}
            </dd>
          </div>
        )
      })}
    </dl>
  )
}

interface ChoiceBarProps {
  readonly rows: readonly CoinRow[]
  readonly onClear: () => void
  readonly onSend: () => void
}

function ChoiceBar({ rows, onClear, onSend }: ChoiceBarProps) {
  const { t } = useText()
  const format = useFormat()
  const { count, value, addresses } = sumCoins(rows)
  const waiting = rows.filter(({ state }) => state.kind === 'waiting').length
  return (
    <div className="choice-bar" role="status" data-testid="chosen-coins">
      <span>
        {t('coins.chosenCount', { count })}{' '}
        <strong className="num">
          {format.amountExact({ asset: 'BTC', decimals: 8, units: value })}
        </strong>
        {addresses > 1 && (
          <span className="small-text hot-text"> · {t('coins.links', { count: addresses })}</span>
        )}
        {waiting > 0 && (
          <span className="small-text hot-text">
            {' '}
            · {t('coins.chosenWaiting', { count: waiting })}
          </span>
        )}
      </span>
      <span className="actions">
        <Button onPress={onClear}>{t('coins.clear')}</Button>
        <Button tone="primary" onPress={onSend}>
          {t('coins.send')}
        </Button>
      </span>
    </div>
  )
}

export function CoinsSection({ vault }: { readonly vault: VaultView }) {
  const { t } = useText()
  const labels = useLabelFiles()
  const all = useCoinRows(vault.coins)
  const [filter, setFilter] = useState<CoinFilter>('all')
  const [words, setWords] = useState('')
  const [sorting, setSorting] = useState<CoinSorting>({ by: 'amount', direction: 'descending' })
  const [wanted, setWanted] = useState<ReadonlySet<string>>(new Set())
  const [sending, setSending] = useState(false)
  const [merging, setMerging] = useState(false)
  const [shownAccount, setShownAccount] = useState('')
  const accounts = allAccounts(vault).filter(({ account: { chain } }) => chain === 'bitcoin')
  const rows = sortCoins(filterCoins(all, filter, words), sorting).filter(
    ({ coin }) => shownAccount === '' || coin.accountId === shownAccount,
  )
  // What was spent, frozen or taken meanwhile leaves the choice.
  const chosenRows = all.filter((row) => wanted.has(row.outpoint) && canPay(row))
  const chosen = new Set(chosenRows.map(({ outpoint }) => outpoint))
  // One payment spends from one account: the first choice decides which.
  const account = chosenRows[0]?.coin.accountId ?? null
  const choose = (outpoint: string, on: boolean) => {
    const next = new Set(wanted)
    if (on) next.add(outpoint)
    else next.delete(outpoint)
    setWanted(next)
  }
  if (sending && chosenRows.length > 0)
    return (
      <>
        <div>
          <button type="button" className="copy" onClick={() => setSending(false)}>
            <ArrowLeft size={14} aria-hidden /> {t('coins.back')}
          </button>
        </div>
        <Send vault={vault} coins={chosenRows} />
      </>
    )
  return (
    <Panel
      title={t('vault.coins')}
      note={t('coins.note', { count: all.length })}
      actions={
        <>
          {all.filter(canPay).length > 1 && (
            <Button small onPress={() => setMerging(true)}>
              <Merge size={13} aria-hidden /> {t('merge.do')}
            </Button>
          )}
          {labels.buttons}
        </>
      }
    >
      {labels.outcome}
      {merging && <Consolidate vault={vault} rows={all} onClose={() => setMerging(false)} />}
      {all.length === 0 ? (
        <Empty
          icon={<CoinsIcon size={28} aria-hidden />}
          text={t('coins.none')}
          action={
            <a className="button primary" href={routeHref('vault', 'receive')}>
              {t('vault.receive')}
            </a>
          }
        />
      ) : (
        <>
          <Totals rows={all} />
          {all.length >= fewestForBars && (
            <Bars
              rows={all}
              chosen={chosen}
              onPick={(row) => {
                if (canPay(row) && (account === null || account === row.coin.accountId))
                  choose(row.outpoint, !chosen.has(row.outpoint))
              }}
            />
          )}
          <div className="toolbar">
            <label className="search">
              <Search size={14} aria-hidden />
              <input
                type="search"
                aria-label={t('coins.search')}
                placeholder={t('coins.search')}
                value={words}
                onChange={(event) => setWords(event.target.value)}
              />
            </label>
            {accounts.length > 1 && (
              <select
                className="compact"
                aria-label={t('account')}
                value={shownAccount}
                onChange={(event) => setShownAccount(event.target.value)}
              >
                <option value="">{t('addresses.allAccounts')}</option>
                {accounts.map((each) => (
                  <option key={each.account.id} value={each.account.id}>
                    {fullAccountName(vault, each, t)}
                  </option>
                ))}
              </select>
            )}
            <span className="segments" role="group" aria-label={t('coins.filter')}>
              {coinFilters.map((candidate) => (
                <button
                  key={candidate}
                  type="button"
                  aria-pressed={candidate === filter}
                  onClick={() => setFilter(candidate)}
                >
                  {t(`coinFilter.${candidate}`)}
                </button>
              ))}
            </span>
          </div>
          {rows.length === 0 ? (
            <p className="empty-text">{t('coins.noneHere')}</p>
          ) : (
            <CoinTable
              key={filter}
              rows={rows}
              vault={vault}
              account={account}
              sorting={sorting}
              onSort={setSorting}
              chosen={chosen}
              onChoose={choose}
            />
          )}
          {chosenRows.length > 0 && (
            <ChoiceBar
              rows={chosenRows}
              onClear={() => setWanted(new Set())}
              onSend={() => setSending(true)}
            />
          )}
        </>
      )}
    </Panel>
  )
}
