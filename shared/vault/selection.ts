/** Which coins pay: the least wasteful of branch-and-bound and pair search (no change), CoinGrinder
 *  (lightest inputs), single random draws and largest-first (what is left at the cap).
 *  Waste = inputs × (rate now − long-term rate) + change's cost now and later, or the excess given to
 *  fees (Bitcoin Core's metric). Search in f64 over effective values, the result settled exactly. */
import { type Result, ok, refuse } from '../errors/refusal.ts'
import { BTC, amount, amountToDecimal } from '../units/amount.ts'
import { branchAndBound } from './branchAndBound.ts'
import { coinGrinder } from './coinGrinder.ts'
import { gatherLargest, sortDescending } from './largest.ts'
import { pairSearch } from './pairSearch.ts'
import { type RandomBytes, inBlocks, randomBelow } from './random.ts'
import { randomDraw } from './randomDraw.ts'
import type { AccountScriptType, OutputScriptKind } from './script.ts'
import {
  ACCOUNT_OUTPUT_KIND,
  DUST_LIMIT,
  INPUT_WEIGHT,
  estimateVirtualSize,
  feeAtRate,
  outputWeight,
  overheadWeight,
} from './weight.ts'

interface Spendable {
  readonly value: bigint
}

export interface SelectionRequest<C extends Spendable> {
  readonly coins: readonly C[]
  /** What a coin costs to spend depends on its type. */
  readonly scriptTypeOf: (coin: C) => AccountScriptType
  /** Change is paid to, and later spent from, an account of this type. */
  readonly changeType: AccountScriptType
  /** Sum of the recipients, sat. */
  readonly target: bigint
  readonly recipientKinds: readonly OutputScriptKind[]
  readonly feeRateSatPerVb: number
  /** What spending a coin later is expected to cost. */
  readonly longTermFeeRateSatPerVb: number
  /** Each input costs the device seconds: an upper bound, whatever the waste says. */
  readonly maxInputs: number
  readonly random: RandomBytes
}

export interface Selection<C> {
  readonly inputs: readonly C[]
  /** null when what is left over goes to the fee. */
  readonly change: bigint | null
  readonly fee: bigint
  /** Upper bound of the signed size. */
  readonly virtualSize: number
  /** Waste in satoshi, may be negative. */
  readonly waste: number
}

const MAX_TRIES = 20_000
const RANDOM_DRAWS = 3
const MAX_DRAWS = 500
const PAIR_ATTEMPTS = 8
const CHEAP_COUNTS = [3, 8]
const ALONGSIDE = 10
const SEARCH_POOL = 1_000
/** Above so many times the long-term rate even coins of one type are worth grinding (Bitcoin Core). */
const GRIND_ABOVE = 3

/** The exact numbers of a chosen set; undefined when it does not pay target and fee. */
export function settleSelection<C extends Spendable>(
  request: Omit<SelectionRequest<C>, 'coins' | 'random' | 'maxInputs'>,
  inputs: readonly C[],
): Selection<C> | undefined {
  const { changeType, recipientKinds, feeRateSatPerVb: rate, longTermFeeRateSatPerVb } = request
  const types = inputs.map(request.scriptTypeOf)
  const bareSize = estimateVirtualSize(types, recipientKinds)
  const bareFee = feeAtRate(bareSize, rate)
  const left = inputs.reduce((sum, coin) => sum + coin.value, 0n) - request.target
  if (left < bareFee) return undefined
  const inputsWeight = types.reduce((sum, type) => sum + INPUT_WEIGHT[type], 0)
  const inputWaste = (inputsWeight / 4) * (rate - longTermFeeRateSatPerVb)
  const changeKind = ACCOUNT_OUTPUT_KIND[changeType]
  const fullSize = estimateVirtualSize(types, [...recipientKinds, changeKind])
  const fullFee = feeAtRate(fullSize, rate)
  const change = left - fullFee
  const excess = Number(left - bareFee)
  const changeCost = changeWaste(request)
  if (change >= DUST_LIMIT[changeKind] && excess > changeCost) {
    const waste = inputWaste + changeCost
    return { inputs, change, fee: fullFee, virtualSize: fullSize, waste }
  }
  return { inputs, change: null, fee: left, virtualSize: bareSize, waste: inputWaste + excess }
}

/** What making change costs now and spending it later. */
function changeWaste(
  request: Pick<
    SelectionRequest<Spendable>,
    'changeType' | 'feeRateSatPerVb' | 'longTermFeeRateSatPerVb'
  >,
): number {
  const { changeType, feeRateSatPerVb: rate, longTermFeeRateSatPerVb: longTermRate } = request
  const output = outputWeight(ACCOUNT_OUTPUT_KIND[changeType])
  return (output * rate + INPUT_WEIGHT[changeType] * longTermRate) / 4
}

/**
 * Chooses coins for a payment.
 * @returns the least wasteful valid selection | FUNDS_INSUFFICIENT with what `maxInputs` of the best coins could pay
 */
export function selectCoins<C extends Spendable>(
  request: SelectionRequest<C>,
): Result<Selection<C>, 'FUNDS_INSUFFICIENT'> {
  const { changeType, feeRateSatPerVb: rate, recipientKinds } = request
  const useful = readUseful(request)
  const isSegwit = useful.weights.some((weight) => weight !== INPUT_WEIGHT.p2pkh)
  const fixedWeight =
    overheadWeight(
      isSegwit,
      Math.min(useful.coins.length, request.maxInputs),
      recipientKinds.length,
    ) + recipientKinds.reduce((sum, kind) => sum + outputWeight(kind), 0)
  // One satoshi above, because the exact fee is rounded up.
  const need = Number(request.target) + (fixedWeight / 4) * rate + 1
  const changeKind = ACCOUNT_OUTPUT_KIND[changeType]
  const changeFee = (outputWeight(changeKind) / 4) * rate
  const needs = { bare: need, withChange: need + changeFee + Number(DUST_LIMIT[changeKind]) }
  const pool = searchPool(useful, request)
  let best: Selection<C> | undefined
  for (const positions of candidates(request, useful, pool, needs)) {
    const settled = positions && settleSelection(request, pick(useful.coins, positions))
    if (settled !== undefined && (best === undefined || isBetter(settled, best))) best = settled
  }
  const largest = pool.subarray(0, request.maxInputs)
  // The searches aim a little high; at the very limit only the exact numbers of everything decide.
  best ??= settleSelection(request, pick(useful.coins, largest))
  return best === undefined ? insufficient(useful, largest, need, request) : ok(best)
}

/** Coins that bring more than they cost, with their effective values and weights beside them. */
interface Useful<C> {
  readonly coins: readonly C[]
  readonly effectiveValues: Float64Array
  readonly weights: Float64Array
}

function readUseful<C extends Spendable>(request: SelectionRequest<C>): Useful<C> {
  const { coins: all, scriptTypeOf, feeRateSatPerVb: rate } = request
  const coins: C[] = []
  const effectiveValues = new Float64Array(all.length)
  const weights = new Float64Array(all.length)
  for (const coin of all) {
    const weight = INPUT_WEIGHT[scriptTypeOf(coin)]
    const effective = Number(coin.value) - (weight / 4) * rate
    if (effective <= 0) continue
    effectiveValues[coins.length] = effective
    weights[coins.length] = weight
    coins.push(coin)
  }
  return {
    coins,
    effectiveValues: effectiveValues.subarray(0, coins.length),
    weights: weights.subarray(0, coins.length),
  }
}

/** Positions, largest effective value first. Of very many coins the largest and a sample of the rest:
 *  their subsets are more than can be tried. */
function searchPool<C>(
  { effectiveValues }: Useful<C>,
  { maxInputs, random }: Pick<SelectionRequest<Spendable>, 'maxInputs' | 'random'>,
): Uint32Array {
  const all = upTo(effectiveValues.length)
  if (all.length <= SEARCH_POOL) {
    sortDescending(all, effectiveValues)
    return all
  }
  const head = Math.min(maxInputs, SEARCH_POOL)
  gatherLargest(all, effectiveValues, head)
  const pool = all.slice(0, SEARCH_POOL)
  const rest = all.length - head
  const stride = rest / (SEARCH_POOL - head)
  const start = randomBelow(random, rest)
  for (let at = head; at < SEARCH_POOL; at++) {
    pool[at] = all[head + ((start + Math.floor((at - head) * stride)) % rest)] ?? 0
  }
  sortDescending(pool, effectiveValues)
  return pool
}

/** Positions among the useful coins that each algorithm proposes. */
function* candidates<C extends Spendable>(
  request: SelectionRequest<C>,
  useful: Useful<C>,
  pool: Uint32Array,
  needs: { readonly bare: number; readonly withChange: number },
): Generator<(ArrayLike<number> & Iterable<number>) | undefined> {
  const { feeRateSatPerVb: rate, longTermFeeRateSatPerVb: longTermRate, maxInputs } = request
  const effectiveValues = pooled(useful.effectiveValues, pool)
  const weights = pooled(useful.weights, pool)
  const inPool = (found: readonly number[] | undefined) => found?.map((at) => pool[at] ?? 0)
  const search = { effectiveValues, maxInputs, maxTries: MAX_TRIES }
  yield inPool(
    branchAndBound({
      ...search,
      inputWastes: weights.map((weight) => (weight / 4) * (rate - longTermRate)),
      target: needs.bare,
      tolerance: changeWaste(request),
    }),
  )
  const isMixed = weights.some((weight) => weight !== weights[0])
  if (isMixed || rate > GRIND_ABOVE * longTermRate)
    yield inPool(coinGrinder({ ...search, weights, target: needs.withChange }))
  const count = countToReach(effectiveValues, needs.withChange, maxInputs)
  yield pool.subarray(0, countToReach(effectiveValues, needs.bare, maxInputs))
  yield pool.subarray(0, count)
  // While spending is cheap, small coins come along into the change: later they would cost more.
  const alongside = Math.min(ALONGSIDE, maxInputs, pool.length) - count
  if (rate <= longTermRate / 2 && count > 0 && alongside > 0)
    yield Uint32Array.of(...pool.subarray(0, count), ...pool.subarray(pool.length - alongside))
  const random = inBlocks(request.random, 256)
  for (const drawn of besidePairs(request, effectiveValues, needs.bare)) {
    yield inPool(
      pairSearch({
        effectiveValues,
        target: needs.bare,
        tolerance: changeWaste(request),
        attempts: PAIR_ATTEMPTS,
        random,
        ...drawn,
      }),
    )
  }
  const positions = upTo(useful.coins.length)
  for (let draw = 0; draw < RANDOM_DRAWS; draw++)
    yield randomDraw({
      effectiveValues: useful.effectiveValues,
      positions,
      target: needs.withChange,
      maxInputs,
      maxDraws: MAX_DRAWS,
      random,
    })
}

/** How many coins to put beside a pair, and out of which: in dear times as few as will do, among the
 *  largest; in cheap times more and more of those small enough that all of them together are not too much. */
function besidePairs(
  {
    feeRateSatPerVb: rate,
    longTermFeeRateSatPerVb: longTermRate,
    maxInputs,
  }: Pick<SelectionRequest<Spendable>, 'feeRateSatPerVb' | 'longTermFeeRateSatPerVb' | 'maxInputs'>,
  effectiveValues: Float64Array,
  target: number,
): readonly { readonly beside: number; readonly from: number; readonly to: number }[] {
  const fewest = countToReach(effectiveValues, target, maxInputs)
  const most = Math.min(maxInputs, effectiveValues.length) - 2
  if (fewest === 0) return []
  const least = Math.max(0, fewest - 2)
  const to = Math.min(effectiveValues.length, 4 * fewest)
  const dear = [least, least + 1].map((beside) => ({ beside, from: 0, to }))
  const cheap = CHEAP_COUNTS.map((beside) => ({
    beside,
    from: effectiveValues.findIndex((value) => value <= target / (beside + 1)),
    to: effectiveValues.length,
  }))
  return [...dear, ...(rate <= longTermRate ? cheap : [])].filter(
    ({ beside, from, to: end }) => beside <= most && from >= 0 && end - from >= beside + 2,
  )
}

function pooled(values: Float64Array, pool: Uint32Array): Float64Array {
  const taken = new Float64Array(pool.length)
  for (let at = 0; at < pool.length; at++) taken[at] = values[pool[at] ?? 0] ?? 0
  return taken
}

function upTo(count: number): Uint32Array {
  const positions = new Uint32Array(count)
  for (let at = 0; at < count; at++) positions[at] = at
  return positions
}

/** How many from the front reach the target; 0 when even `most` do not. */
function countToReach(values: Float64Array, target: number, most: number): number {
  let sum = 0
  for (let at = 0; at < Math.min(most, values.length); at++) {
    sum += values[at] ?? 0
    if (sum >= target) return at + 1
  }
  return 0
}

function pick<C>(coins: readonly C[], positions: Iterable<number>): readonly C[] {
  return Array.from(positions, (at) => {
    const coin = coins[at]
    if (coin === undefined) throw new RangeError(`no coin at ${at}`)
    return coin
  })
}

function isBetter<C>(a: Selection<C>, b: Selection<C>): boolean {
  return a.waste < b.waste || (a.waste === b.waste && a.inputs.length < b.inputs.length)
}

function insufficient<C extends Spendable>(
  { coins, weights }: Useful<C>,
  largest: Uint32Array,
  need: number,
  { changeType, feeRateSatPerVb: rate }: SelectionRequest<C>,
): Result<never, 'FUNDS_INSUFFICIENT'> {
  const available = pick(coins, largest).reduce((sum, coin) => sum + coin.value, 0n)
  // What these coins would have to bring: target, outputs, overhead and their own inputs.
  const weight =
    largest.reduce((sum, at) => sum + (weights[at] ?? 0), 0) || INPUT_WEIGHT[changeType]
  const needed = BigInt(Math.ceil(need + (weight / 4) * rate))
  return refuse('FUNDS_INSUFFICIENT', {
    needed: amountToDecimal(amount(BTC, needed)),
    available: amountToDecimal(amount(BTC, available)),
    asset: 'BTC',
  })
}
