/** One recorded margin case, recomputed by the same engine that assesses accounts: from the venue, the modes, the
 *  rule in force and the inputs only. `computed` is the exact trigger, `displayed` what the venue would show.
 *  Which inputs a rule needs is a row here; what is absent is named, never guessed. */
import { z } from 'zod'
import { collateralItem, type Item, inverseItem, linearItem, type PoolInput } from './pool.ts'
import { triggerOf } from './trigger.ts'

const figure = z.number().nullable().optional()

/** Meaning of the inputs: see ./venues; `W` collateral without this position's PnL, `r` maintenance plus fee rate. */
export const recordedInputsSchema = z.object({
  side: z.enum(['long', 'short']).nullable().optional(),
  qty: figure,
  entry: figure,
  W: figure,
  r: figure,
  cum: figure,
  MM: figure,
  mark: figure,
  equity: figure,
  accountValue: figure,
  crossMM: figure,
  l: figure,
  otherMM: figure,
  otherUpnl: figure,
})
export type RecordedInputs = z.infer<typeof recordedInputsSchema>

export interface RecordedCase {
  readonly exchange: string
  readonly marginMode: string
  readonly contractType: string
  readonly rule: string
  readonly inputs: RecordedInputs | null
}

export type Recomputed =
  | {
      readonly kind: 'price'
      readonly computed: number
      readonly displayed: number
      /** What an error is a fraction of: the entry price, or the trigger where the case has no real entry. */
      readonly scale: number
    }
  | { readonly kind: 'none'; readonly scale: number }
  | { readonly kind: 'unverified'; readonly missing: readonly string[] }

/**
 * live: maintenance follows the price at rate r, less the tier's deduction.
 * account: the same, from the account's value and its whole cross maintenance.
 * frozen: maintenance stays what it is at the mark. entry: maintenance on the entry value.
 */
type Basis = 'live' | 'account' | 'frozen' | 'entry'

const needs: { readonly [B in Basis]: readonly (keyof RecordedInputs)[] } = {
  live: ['side', 'qty', 'entry', 'W', 'r'],
  account: ['side', 'qty', 'mark', 'accountValue', 'crossMM', 'l'],
  frozen: ['side', 'qty', 'mark', 'equity', 'MM'],
  entry: ['side', 'qty', 'entry', 'W', 'MM'],
}

interface RecordedRule {
  readonly exchange: string
  readonly applies: (given: RecordedCase) => boolean
  readonly bases: readonly Basis[]
  readonly displayed?: (computed: number, given: RecordedCase) => number
}

const always = () => true
const current = (given: RecordedCase) => given.rule === 'current'
const older = (given: RecordedCase) => given.rule !== 'current'
const isolated = (given: RecordedCase) => given.marginMode === 'isolated'

/** First row that applies. A venue that is not here is read by the rule its inputs belong to. */
const recordedRules: readonly RecordedRule[] = [
  { exchange: 'binance', applies: always, bases: ['live'] },
  {
    exchange: 'okx',
    applies: (given) => isolated(given) && given.contractType === 'inverse',
    bases: ['live'],
    // Shown one price step on: the step is that of the entry price, a traded price itself.
    displayed: (computed, given) => computed + stepOf(given.inputs?.entry ?? 0),
  },
  { exchange: 'okx', applies: always, bases: ['live'] },
  { exchange: 'bybit', applies: older, bases: ['entry', 'live'] },
  { exchange: 'bybit', applies: always, bases: ['live', 'account', 'frozen'] },
  { exchange: 'kucoin', applies: older, bases: ['entry'] },
  { exchange: 'kucoin', applies: always, bases: ['live', 'frozen'] },
  { exchange: 'hyperliquid', applies: older, bases: ['frozen'], displayed: toTenDecimals },
  { exchange: 'hyperliquid', applies: isolated, bases: ['live'], displayed: toTenDecimals },
  {
    exchange: 'hyperliquid',
    applies: current,
    bases: ['account', 'live'],
    displayed: toTenDecimals,
  },
  { exchange: 'dydx', applies: always, bases: ['live'] },
  { exchange: 'gate', applies: always, bases: ['live'] },
  { exchange: 'bitget', applies: isolated, bases: ['live', 'frozen'] },
  { exchange: 'bitget', applies: always, bases: ['frozen', 'live'] },
  { exchange: 'htx', applies: always, bases: ['live'] },
  { exchange: 'coinex', applies: always, bases: ['live'] },
]

const byInputs: RecordedRule = {
  exchange: '',
  applies: always,
  bases: ['live', 'account', 'frozen', 'entry'],
}

/** Recomputes a recorded case; reads nothing but the five fields of `RecordedCase`. */
export function recompute(given: RecordedCase): Recomputed {
  if (given.marginMode === 'portfolio') return { kind: 'unverified', missing: ['portfolioMargin'] }
  if (given.contractType !== 'linear' && given.contractType !== 'inverse')
    return { kind: 'unverified', missing: ['contractType'] }
  const rule =
    recordedRules.find(({ exchange, applies }) => exchange === given.exchange && applies(given)) ??
    byInputs
  const inputs = given.inputs ?? {}
  const absent = (basis: Basis) => needs[basis].filter((name) => (inputs[name] ?? null) === null)
  // Inputs tell their rule: those of another basis are only there where that basis was in force.
  const bases = [...rule.bases, ...byInputs.bases]
  const basis = bases.find((candidate) => absent(candidate).length === 0)
  const [first] = rule.bases
  if (basis === undefined)
    return {
      kind: 'unverified',
      missing: (first === undefined ? [] : absent(first)).map(inputName),
    }
  const items = itemsFor(basis, inputs, given.contractType)
  if (typeof items === 'string') return { kind: 'unverified', missing: [inputName(items)] }
  const trigger = triggerOf(items, symbol)
  if (trigger.kind === 'none' || !Number.isFinite(trigger.price))
    return { kind: 'none', scale: inputs.entry ?? inputs.mark ?? 0 }
  return {
    kind: 'price',
    computed: trigger.price,
    displayed: rule.displayed?.(trigger.price, given) ?? trigger.price,
    scale: hasEntry(basis, inputs) ? (inputs.entry ?? inputs.mark ?? trigger.price) : trigger.price,
  }
}

/** Venues that keep a quote balance have no entry price: records then carry a speck so far beneath
 *  the balance's own digits that it can only be a stand-in for none. */
const speckOfWallet = 1e-10

function hasEntry(basis: Basis, inputs: RecordedInputs): boolean {
  if (basis !== 'live' && basis !== 'entry') return true
  const cost = (inputs.qty ?? 0) * (inputs.entry ?? 0)
  return cost > speckOfWallet * Math.abs(inputs.W ?? 0)
}

function toTenDecimals(price: number): number {
  return Math.round(price * 1e10) / 1e10
}

const symbol = 'row'

function inputName(name: string): string {
  return `inputs.${name}`
}

/** The case as a pool of one position, or the name of the input that cannot be. */
function itemsFor(
  basis: Basis,
  inputs: RecordedInputs,
  contractType: 'linear' | 'inverse',
): readonly Item[] | string {
  const of = (name: Exclude<keyof RecordedInputs, 'side'>) => inputs[name] ?? 0
  const size = of('qty')
  if (!(size > 0)) return 'qty'
  const from = basis === 'live' || basis === 'entry' ? 'entry' : 'mark'
  const price = of(from)
  if (!(price > 0)) return from
  const rate = basis === 'live' ? of('r') : basis === 'account' ? of('l') : 0
  if (!(rate >= 0 && rate < 1)) return basis === 'live' ? 'r' : 'l'
  const fixed = basis === 'frozen' || basis === 'entry' ? of('MM') : 0
  const input: PoolInput = {
    symbol,
    asset: symbol,
    settle: contractType === 'inverse' ? symbol : 'cash',
    price,
    entry: hasEntry(basis, inputs) || contractType === 'inverse' ? price : 0,
    size,
    sign: inputs.side === 'long' ? 1 : -1,
    tiers: [{ floor: 0, rate, deduction: of('cum') - fixed }],
    feeRate: 0,
    usdPerSettle: contractType === 'inverse' ? price : 1,
    funding: null,
  }
  const others = of('otherUpnl') - of('otherMM')
  if (contractType === 'inverse')
    return [inverseItem(input), collateralItem(symbol, walletOf(basis, inputs) + others, price)]
  return [linearItem(input), collateralItem('cash', walletOf(basis, inputs) + others, 1)]
}

function walletOf(basis: Basis, inputs: RecordedInputs): number {
  if (basis === 'frozen') return inputs.equity ?? 0
  if (basis !== 'account') return inputs.W ?? 0
  const own = (inputs.l ?? 0) * (inputs.qty ?? 0) * (inputs.mark ?? 0)
  return (inputs.accountValue ?? 0) - ((inputs.crossMM ?? 0) - own)
}

/** The price step of a contract, from a price traded on it: its last decimal as written (2566.31 → 0.01), but no
 *  finer than six digits, since an average of several fills has more. */
function stepOf(price: number): number {
  const [, decimals = ''] = `${price}`.split('.')
  const written = decimals === '' ? 1 : Number(`1e-${decimals.length}`)
  const digits = price > 0 ? 10 ** (Math.floor(Math.log10(price)) - 5) : written
  return Math.max(written, digits)
}
