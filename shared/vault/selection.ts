/** Which coins pay: the least wasteful of branch-and-bound (no change), largest-first and random draws.
 *  Waste = inputs × (rate now − long-term rate) + change's cost now and later, or the excess given to
 *  fees (Bitcoin Core's metric). Search in f64, the result settled exactly in satoshi. */
import { type Result, ok, refuse } from '../errors/refusal.ts'
import { BTC, amount, amountToDecimal } from '../units/amount.ts'
import { branchAndBound } from './branchAndBound.ts'
import { largestPositions } from './largest.ts'
import { type RandomBytes, randomBelow } from './random.ts'
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

export interface SelectionRequest<C extends { readonly value: bigint }> {
  readonly coins: readonly C[]
  readonly scriptType: AccountScriptType
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

const BRANCH_AND_BOUND_TRIES = 20_000
const RANDOM_DRAWS = 3
const SEARCH_POOL = 1_000

/** The exact numbers of a chosen set; undefined when it does not pay target and fee. */
export function settleSelection<C extends { readonly value: bigint }>(
  request: Omit<SelectionRequest<C>, 'coins' | 'random' | 'maxInputs'>,
  inputs: readonly C[],
): Selection<C> | undefined {
  const { scriptType, recipientKinds, feeRateSatPerVb: rate, longTermFeeRateSatPerVb } = request
  const paidIn = inputs.reduce((sum, coin) => sum + coin.value, 0n)
  const inputsWeight = inputs.length * INPUT_WEIGHT[scriptType]
  const changeKind = ACCOUNT_OUTPUT_KIND[scriptType]
  const bareSize = estimateVirtualSize(scriptType, inputs.length, recipientKinds)
  const left = paidIn - request.target
  if (left < feeAtRate(bareSize, rate)) return undefined
  const inputWaste = (inputsWeight / 4) * (rate - longTermFeeRateSatPerVb)
  const fullSize = estimateVirtualSize(scriptType, inputs.length, [...recipientKinds, changeKind])
  const fullFee = feeAtRate(fullSize, rate)
  const change = left - fullFee
  const excess = Number(left - feeAtRate(bareSize, rate))
  const changeCost = changeWaste(scriptType, rate, longTermFeeRateSatPerVb)
  if (change >= DUST_LIMIT[changeKind] && excess > changeCost) {
    const waste = inputWaste + changeCost
    return { inputs, change, fee: fullFee, virtualSize: fullSize, waste }
  }
  return { inputs, change: null, fee: left, virtualSize: bareSize, waste: inputWaste + excess }
}

/** What making change costs now and spending it later. */
function changeWaste(type: AccountScriptType, rate: number, longTermRate: number): number {
  return (outputWeight(ACCOUNT_OUTPUT_KIND[type]) * rate + INPUT_WEIGHT[type] * longTermRate) / 4
}

/**
 * Chooses coins for a payment.
 * @returns the least wasteful valid selection | FUNDS_INSUFFICIENT with what `maxInputs` of the best coins could pay
 */
export function selectCoins<C extends { readonly value: bigint }>(
  request: SelectionRequest<C>,
): Result<Selection<C>, 'FUNDS_INSUFFICIENT'> {
  const { scriptType, feeRateSatPerVb: rate, recipientKinds, maxInputs } = request
  const inputFee = (INPUT_WEIGHT[scriptType] / 4) * rate
  // Coins that cost more than they bring are left alone.
  const useful: C[] = []
  const amounts = new Float64Array(request.coins.length)
  for (const coin of request.coins) {
    const value = Number(coin.value)
    if (value <= inputFee) continue
    amounts[useful.length] = value
    useful.push(coin)
  }
  const values = amounts.subarray(0, useful.length)
  const sorted = pick(useful, largestPositions(values, maxInputs))
  const fixedWeight =
    overheadWeight(scriptType, sorted.length, recipientKinds.length) +
    recipientKinds.reduce((sum, kind) => sum + outputWeight(kind), 0)
  // One satoshi above, because the exact fee is rounded up.
  const need = Number(request.target) + (fixedWeight / 4) * rate + 1
  const changeKind = ACCOUNT_OUTPUT_KIND[scriptType]
  const changeFee = (outputWeight(changeKind) / 4) * rate
  const needWithChange = need + changeFee + Number(DUST_LIMIT[changeKind])
  const candidates = [
    changeless(request, useful, values, need, inputFee),
    largestFirst(sorted, need, inputFee),
    largestFirst(sorted, needWithChange, inputFee),
    ...Array.from({ length: RANDOM_DRAWS }, () =>
      randomDraw(useful, needWithChange, inputFee, maxInputs, request.random),
    ),
  ]
  let best: Selection<C> | undefined
  for (const inputs of candidates) {
    const settled = inputs && settleSelection(request, inputs)
    if (settled !== undefined && (best === undefined || isBetter(settled, best))) best = settled
  }
  // The searches aim a little high; at the very limit only the exact numbers of everything decide.
  best ??= settleSelection(request, sorted)
  return best === undefined ? insufficient(sorted, inputFee, need) : ok(best)
}

function isBetter<C>(a: Selection<C>, b: Selection<C>): boolean {
  return a.waste < b.waste || (a.waste === b.waste && a.inputs.length < b.inputs.length)
}

function insufficient<C extends { readonly value: bigint }>(
  sorted: readonly C[],
  inputFee: number,
  need: number,
): Result<never, 'FUNDS_INSUFFICIENT'> {
  const available = sorted.reduce((sum, coin) => sum + coin.value, 0n)
  // What these coins would have to bring: target, outputs, overhead and their own inputs.
  const needed = BigInt(Math.ceil(need + inputFee * Math.max(1, sorted.length)))
  return refuse('FUNDS_INSUFFICIENT', {
    needed: amountToDecimal(amount(BTC, needed)),
    available: amountToDecimal(amount(BTC, available)),
    asset: 'BTC',
  })
}

function changeless<C extends { readonly value: bigint }>(
  request: SelectionRequest<C>,
  useful: readonly C[],
  values: Float64Array,
  need: number,
  inputFee: number,
): readonly C[] | undefined {
  const { scriptType, feeRateSatPerVb: rate, longTermFeeRateSatPerVb: longTermRate } = request
  const pool = searchPool(values, request.random)
  const inputWaste = (INPUT_WEIGHT[scriptType] / 4) * (rate - longTermRate)
  const found = branchAndBound({
    effectiveValues: Float64Array.from(pool, (at) => (values[at] ?? 0) - inputFee),
    inputWastes: new Float64Array(pool.length).fill(inputWaste),
    target: need,
    tolerance: changeWaste(scriptType, rate, longTermRate),
    maxInputs: request.maxInputs,
    maxTries: BRANCH_AND_BOUND_TRIES,
  })
  return (
    found &&
    pick(
      useful,
      found.map((at) => pool[at] ?? 0),
    )
  )
}

/** Positions, largest value first. Of very many coins a sample: its subsets are more than can be tried. */
function searchPool(values: Float64Array, random: RandomBytes): Uint32Array {
  if (values.length <= SEARCH_POOL) return largestPositions(values, values.length)
  const stride = values.length / SEARCH_POOL
  const start = randomBelow(random, values.length)
  const sample = Uint32Array.from(
    { length: SEARCH_POOL },
    (_, i) => (start + Math.floor(i * stride)) % values.length,
  )
  return sample.sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0))
}

function pick<C>(coins: readonly C[], positions: Iterable<number>): readonly C[] {
  return Array.from(positions, (at) => {
    const coin = coins[at]
    if (coin === undefined) throw new RangeError(`no coin at ${at}`)
    return coin
  })
}

function largestFirst<C extends { readonly value: bigint }>(
  sorted: readonly C[],
  need: number,
  inputFee: number,
): readonly C[] | undefined {
  let sum = 0
  for (const [at, coin] of sorted.entries()) {
    sum += Number(coin.value) - inputFee
    if (sum >= need) return sorted.slice(0, at + 1)
  }
  return undefined
}

/** Draws coins at random until they pay; over the cap, the smallest drawn makes room. */
function randomDraw<C extends { readonly value: bigint }>(
  useful: readonly C[],
  need: number,
  inputFee: number,
  maxInputs: number,
  random: RandomBytes,
): readonly C[] | undefined {
  const pool = [...useful]
  const drawn: C[] = []
  let sum = 0
  for (let left = pool.length; left > 0; left--) {
    const at = randomBelow(random, left)
    const coin = pool[at]
    const last = pool[left - 1]
    if (coin === undefined || last === undefined) return undefined
    pool[at] = last
    drawn.push(coin)
    sum += Number(coin.value) - inputFee
    if (drawn.length > maxInputs) sum -= removeSmallest(drawn) - inputFee
    if (sum >= need) return drawn
  }
  return undefined
}

function removeSmallest<C extends { readonly value: bigint }>(drawn: C[]): number {
  let smallest = 0
  for (const [at, coin] of drawn.entries()) {
    if (coin.value < (drawn[smallest]?.value ?? 0n)) smallest = at
  }
  const [removed] = drawn.splice(smallest, 1)
  return Number(removed?.value ?? 0n)
}
