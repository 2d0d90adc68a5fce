/** The coins of the vault as rows: what may be done with each, in which order, and what a choice of them adds up to.
 *  Values are satoshis. Pure; the host alone decides what may be spent. */
import type { VaultView } from '../../data/vault.ts'
import type { Transfer } from '../../transfers/transferText.ts'

export type Coin = VaultView['coins'][number]

/** `taken`: signed or about to be, in a transfer under way. */
export type CoinState =
  | { readonly kind: 'free' }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'frozen' }
  | { readonly kind: 'taken'; readonly transferId: string }

export interface CoinRow {
  readonly coin: Coin
  /** `txid:vout`. */
  readonly outpoint: string
  readonly state: CoinState
  /** 0 while it waits for its block; null where the chain's height is not known. */
  readonly confirmations: number | null
}

const holding: ReadonlySet<Transfer['state']> = new Set([
  'confirming',
  'signing',
  'sending',
  'sent',
  'unknown',
])

function takenCoins(transfers: readonly Transfer[]): ReadonlyMap<string, string> {
  return new Map(
    transfers.flatMap(({ id, state, plan: { execution } }) =>
      execution.kind === 'bitcoin' && holding.has(state)
        ? execution.inputs.map(({ txid, vout }) => [`${txid}:${vout}`, id] as const)
        : [],
    ),
  )
}

export function isWaiting({ height }: Coin): boolean {
  return height === null || height <= 0
}

/** May be chosen by hand. One that waits may be, too: whoever sent it can still take it back, and then the payment
 *  out of it is void as well. */
export function canPay({ state }: CoinRow): boolean {
  return state.kind === 'free' || state.kind === 'waiting'
}

/** @param tip height of the chain's newest block, null while unknown */
export function listCoins(
  coins: readonly Coin[],
  tip: number | null,
  transfers: readonly Transfer[],
): readonly CoinRow[] {
  const taken = takenCoins(transfers)
  return coins.map((coin) => {
    const outpoint = `${coin.txid}:${coin.vout}`
    const transferId = taken.get(outpoint)
    const state: CoinState =
      transferId !== undefined
        ? { kind: 'taken', transferId }
        : coin.frozen
          ? { kind: 'frozen' }
          : { kind: isWaiting(coin) ? 'waiting' : 'free' }
    const confirmations = isWaiting(coin)
      ? 0
      : tip === null || coin.height === null
        ? null
        : Math.max(1, tip - coin.height + 1)
    return { coin, outpoint, state, confirmations }
  })
}

export const coinFilters = ['all', 'free', 'waiting', 'frozen', 'warned'] as const
export type CoinFilter = (typeof coinFilters)[number]

function passes({ coin, state }: CoinRow, filter: CoinFilter): boolean {
  switch (filter) {
    case 'all':
      return true
    case 'warned':
      return coin.warnings.length > 0
    case 'frozen':
      return coin.frozen
    case 'waiting':
      return isWaiting(coin)
    case 'free':
      return state.kind === 'free'
  }
}

/** Rows of this filter in which label, address, path or transaction hold the words. */
export function filterCoins(
  rows: readonly CoinRow[],
  filter: CoinFilter,
  words: string,
): readonly CoinRow[] {
  const wanted = words.trim().toLowerCase()
  return rows.filter(
    (row) =>
      passes(row, filter) &&
      [row.coin.label ?? '', row.coin.address, row.coin.path, row.outpoint].some((text) =>
        text.toLowerCase().includes(wanted),
      ),
  )
}

export const coinOrders = ['amount', 'label', 'age', 'address'] as const
export type CoinOrder = (typeof coinOrders)[number]
export interface CoinSorting {
  readonly by: CoinOrder
  readonly direction: 'ascending' | 'descending'
}

function compare(a: CoinRow, b: CoinRow, by: CoinOrder): number {
  switch (by) {
    case 'amount':
      return a.coin.value < b.coin.value ? -1 : a.coin.value > b.coin.value ? 1 : 0
    case 'label':
      return (a.coin.label ?? '').localeCompare(b.coin.label ?? '')
    case 'age':
      return (a.confirmations ?? Infinity) - (b.confirmations ?? Infinity) || 0
    case 'address':
      return a.coin.address.localeCompare(b.coin.address)
  }
}

/** Sorted anew; equal ones by outpoint, so that no row jumps between two reads. Coins without label come last. */
export function sortCoins(
  rows: readonly CoinRow[],
  { by, direction }: CoinSorting,
): readonly CoinRow[] {
  const sign = direction === 'ascending' ? 1 : -1
  return [...rows].sort((a, b) => {
    if (by === 'label' && (a.coin.label === null) !== (b.coin.label === null))
      return a.coin.label === null ? 1 : -1
    return sign * compare(a, b, by) || a.outpoint.localeCompare(b.outpoint)
  })
}

export interface CoinSum {
  readonly count: number
  readonly value: bigint
  /** Scripts they lie on: more than one in a payment tells that one owner holds them all. */
  readonly addresses: number
}

export function sumCoins(rows: readonly CoinRow[]): CoinSum {
  return {
    count: rows.length,
    value: rows.reduce((sum, { coin }) => sum + coin.value, 0n),
    addresses: new Set(rows.map(({ coin }) => coin.script)).size,
  }
}
