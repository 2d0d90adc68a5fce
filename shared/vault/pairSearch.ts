/** Searches a set of coins that pays the target without change where there are too many for
 *  branch-and-bound to try: some coins at random, then the pair that comes closest above the rest.
 *  A thousand coins have half a million pairs, and two pointers pass over all of them in one walk.
 *  Effective values in satoshi, f64. */
import { type RandomBytes, randomBelow } from './random.ts'

export interface PairSearchRequest {
  /** Value less the fee of spending it; descending, all positive. */
  readonly effectiveValues: Float64Array
  readonly target: number
  /** How much above the target is still better than change. */
  readonly tolerance: number
  /** Coins beside the pair, and the positions they are drawn from, `to` left out. */
  readonly beside: number
  readonly from: number
  readonly to: number
  readonly attempts: number
  readonly random: RandomBytes
}

/** Positions of the set with the least excess found, or undefined. */
export function pairSearch(request: PairSearchRequest): readonly number[] | undefined {
  const { effectiveValues, target, tolerance, beside, attempts } = request
  const isTaken = new Uint8Array(effectiveValues.length)
  let best: readonly number[] | undefined
  let bestExcess = tolerance
  for (let attempt = 0; attempt < attempts && bestExcess > 0; attempt++) {
    const drawn = drawBeside(request, isTaken)
    let missing = target
    for (const at of drawn) missing -= effectiveValues[at] ?? 0
    const pair = closestPair(effectiveValues, isTaken, missing)
    for (const at of drawn) isTaken[at] = 0
    if (pair === undefined || pair.sum - missing >= bestExcess) continue
    best = [...drawn, ...pair.positions]
    bestExcess = pair.sum - missing
    if (beside === 0) break
  }
  return best
}

function drawBeside(
  { beside, from, to, random }: PairSearchRequest,
  isTaken: Uint8Array,
): readonly number[] {
  const drawn: number[] = []
  while (drawn.length < beside) {
    let at = from + randomBelow(random, to - from)
    // The next free one: a source that repeats itself must not hold us up.
    while (isTaken[at] === 1) at = at + 1 < to ? at + 1 : from
    isTaken[at] = 1
    drawn.push(at)
  }
  return drawn
}

/** The two free coins whose sum is the least that is enough; a single one where it is enough by itself. */
function closestPair(
  values: Float64Array,
  isTaken: Uint8Array,
  missing: number,
): { readonly positions: readonly number[]; readonly sum: number } | undefined {
  let large = 0
  let small = values.length - 1
  let bestLarge = -1
  let bestSmall = -1
  let bestSum = Number.POSITIVE_INFINITY
  while (large < small) {
    if (isTaken[large] === 1) large++
    else if (isTaken[small] === 1) small--
    else {
      const sum = (values[large] ?? 0) + (values[small] ?? 0)
      if (sum < missing) small--
      else {
        if (sum < bestSum) {
          bestSum = sum
          bestLarge = large
          bestSmall = small
        }
        large++
      }
    }
  }
  return bestLarge < 0 ? undefined : { positions: [bestLarge, bestSmall], sum: bestSum }
}
