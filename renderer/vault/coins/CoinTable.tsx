/** The coins as a table: choose, label, freeze, hurry. Long lists open piece by piece. */
import { ArrowDown, ArrowUp, ArrowUpDown, FastForward, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import { routeHref } from '../../data/route.ts'
import type { VaultView } from '../../data/vault.ts'
import { shortId } from '../../format/addresses.ts'
import { useFormat } from '../../format/useFormat.ts'
import { useText } from '../../language/text.ts'
import { AddressText } from '../../ui/AddressText.tsx'
import { Button } from '../../ui/Button.tsx'
import { StateTag } from '../../ui/StateTag.tsx'
import { Tip } from '../../ui/Tip.tsx'
import { allAccounts, findAccount, fullAccountName } from '../accounts/accountName.ts'
import { CoinLabel } from './CoinLabel.tsx'
import { Freezing } from './Freezing.tsx'
import { SpeedUpIncoming } from './SpeedUpIncoming.tsx'
import { type CoinOrder, type CoinRow, type CoinSorting, isWaiting } from './coinList.ts'

const rowsAtOnce = 100

function Warnings({ row: { coin } }: { readonly row: CoinRow }) {
  const { t } = useText()
  return coin.warnings.map((warning) => (
    <Tip key={warning} text={t(`coinWarning.${warning}.about`)}>
      <span className="tag warn" tabIndex={0}>
        <TriangleAlert size={12} aria-hidden /> {t(`coinWarning.${warning}`)}
      </span>
    </Tip>
  ))
}

function State({ row: { state } }: { readonly row: CoinRow }) {
  const { t } = useText()
  switch (state.kind) {
    case 'free':
      return <span className="dim">{t('coinState.free')}</span>
    case 'waiting':
      return <StateTag grade="warn" text={t('coinState.waiting')} />
    case 'frozen':
      return <StateTag grade="off" text={t('coinState.frozen')} />
    case 'taken':
      return (
        <a className="tag" href={routeHref('transfers', state.transferId)}>
          {t('coinState.taken')}
        </a>
      )
  }
}

/** Why a coin cannot be chosen; null where it can. */
function useWhyNot({ coin, state }: CoinRow, account: string | null): string | null {
  const { t } = useText()
  if (state.kind === 'frozen' || state.kind === 'taken') return t(`coins.whyNot.${state.kind}`)
  return account === null || account === coin.accountId ? null : t('coins.whyNot.account')
}

interface RowProps {
  readonly row: CoinRow
  readonly vault: VaultView
  /** Of the coins chosen so far; null before the first. */
  readonly account: string | null
  readonly chosen: boolean
  readonly onChoose: (chosen: boolean) => void
}

function Choice({ row, account, chosen, onChoose }: Omit<RowProps, 'vault'>) {
  const { t } = useText()
  const format = useFormat()
  const whyNot = useWhyNot(row, account)
  const name = t('coins.choose', {
    amount: format.amountExact({ asset: 'BTC', decimals: 8, units: row.coin.value }),
  })
  const box = (
    <input
      type="checkbox"
      aria-label={whyNot === null ? name : `${name}: ${whyNot}`}
      aria-disabled={whyNot !== null}
      checked={chosen}
      onChange={(event) => {
        if (whyNot === null) onChoose(event.target.checked)
      }}
    />
  )
  return whyNot === null ? box : <Tip text={whyNot}>{box}</Tip>
}

function Row({ row, vault, account, chosen, onChoose }: RowProps) {
  const { t } = useText()
  const format = useFormat()
  const [hurrying, setHurrying] = useState(false)
  const { coin, confirmations } = row
  const found = findAccount(vault, coin.accountId)
  const several =
    allAccounts(vault).filter(({ account: { chain } }) => chain === 'bitcoin').length > 1
  return (
    <tr data-coin={row.outpoint} aria-selected={chosen} className={chosen ? 'chosen' : undefined}>
      <td>
        <Choice row={row} account={account} chosen={chosen} onChoose={onChoose} />
      </td>
      <td className="right num">
        <strong>{format.amountExact({ asset: 'BTC', decimals: 8, units: coin.value })}</strong>
      </td>
      <td className="coin-label">
        <CoinLabel coin={coin} />
        <span className="dim small-text mono" title={row.outpoint}>
          {shortId(coin.txid, 6, 6)}:{coin.vout}
        </span>
      </td>
      <td>
        <AddressText address={coin.address} />
        <div className="dim small-text">
          {found !== undefined && several && `${fullAccountName(vault, found, t)} · `}
          <span className="mono">{coin.path}</span>
        </div>
      </td>
      <td className="num">
        {confirmations === 0
          ? t('coins.unconfirmed')
          : confirmations === null
            ? t('unknown')
            : format.count(confirmations)}
        {!isWaiting(coin) && coin.height !== null && (
          <div className="dim small-text">
            {t('status.block', { height: format.count(coin.height) })}
          </div>
        )}
      </td>
      <td>
        <span className="tags">
          <State row={row} />
          <Warnings row={row} />
        </span>
      </td>
      <td className="coin-actions">
        {row.state.kind === 'waiting' && (
          <Button small onPress={() => setHurrying(true)}>
            <FastForward size={13} aria-hidden /> {t('boost.do')}
          </Button>
        )}
        <Freezing coin={coin} onFrozen={() => onChoose(false)} />
        {hurrying && <SpeedUpIncoming coin={coin} onClose={() => setHurrying(false)} />}
      </td>
    </tr>
  )
}

interface HeadProps {
  readonly by: CoinOrder
  readonly text: string
  readonly sorting: CoinSorting
  readonly onSort: (sorting: CoinSorting) => void
  readonly right?: true
}

function Head({ by, text, sorting, onSort, right }: HeadProps) {
  const active = sorting.by === by
  const turned = sorting.direction === 'ascending' ? 'descending' : 'ascending'
  const first = by === 'amount' ? 'descending' : 'ascending'
  const Icon = !active ? ArrowUpDown : sorting.direction === 'ascending' ? ArrowUp : ArrowDown
  return (
    <th
      className={right === true ? 'right' : undefined}
      aria-sort={active ? sorting.direction : 'none'}
    >
      <button
        type="button"
        className="sort"
        onClick={() => onSort({ by, direction: active ? turned : first })}
      >
        {text} <Icon size={12} aria-hidden />
      </button>
    </th>
  )
}

export interface CoinTableProps {
  readonly rows: readonly CoinRow[]
  readonly vault: VaultView
  /** Of the coins chosen so far; null before the first. */
  readonly account: string | null
  readonly sorting: CoinSorting
  readonly onSort: (sorting: CoinSorting) => void
  readonly chosen: ReadonlySet<string>
  readonly onChoose: (outpoint: string, chosen: boolean) => void
}

export function CoinTable(props: CoinTableProps) {
  const { rows, vault, account, sorting, onSort, chosen, onChoose } = props
  const { t } = useText()
  const [shown, setShown] = useState(rowsAtOnce)
  const left = rows.length - shown
  return (
    <>
      <div className="wide-table">
        <table className="plain coins">
          <thead>
            <tr>
              <th>
                <span className="unseen">{t('coins.chosen')}</span>
              </th>
              <Head by="amount" text={t('amount')} sorting={sorting} onSort={onSort} right />
              <Head by="label" text={t('coins.label')} sorting={sorting} onSort={onSort} />
              <Head by="address" text={t('address')} sorting={sorting} onSort={onSort} />
              <Head by="age" text={t('coins.age')} sorting={sorting} onSort={onSort} />
              <th>{t('coins.state')}</th>
              <th>
                <span className="unseen">{t('coins.actions')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, shown).map((row) => (
              <Row
                key={row.outpoint}
                row={row}
                vault={vault}
                account={account}
                chosen={chosen.has(row.outpoint)}
                onChoose={(wanted) => onChoose(row.outpoint, wanted)}
              />
            ))}
          </tbody>
        </table>
      </div>
      {left > 0 && (
        <div className="actions">
          <Button onPress={() => setShown(shown + rowsAtOnce * 4)}>
            {t('coins.more', { count: left })}
          </Button>
        </div>
      )}
    </>
  )
}
