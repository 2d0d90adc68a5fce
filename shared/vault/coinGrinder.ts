/** Searches the lightest set of coins that pays with change: for coins of mixed script types and for
 *  times of high fees. Bitcoin Core's CoinGrinder (Murch 2024). Effective values in satoshi, f64. */

export interface CoinGrinderRequest {
  /** Value less the fee of spending it; descending, all positive. */
  readonly effectiveValues: Float64Array
  /** Input weights, same order. */
  readonly weights: Float64Array
  /** What the set must bring, change and its fee among it. */
  readonly target: number
  readonly maxInputs: number
  readonly maxTries: number
}

/** Positions of the lightest set found, of equal weights the one that ties up least; or undefined. */
export function coinGrinder(request: CoinGrinderRequest): readonly number[] | undefined {
  const { effectiveValues, weights, target, maxInputs, maxTries } = request
  const count = effectiveValues.length
  // Of all coins after a position: their sum, and the least weight among them.
  const lookahead = new Float64Array(count)
  const minTailWeight = new Float64Array(count)
  let available = 0
  let lightest = Number.POSITIVE_INFINITY
  for (let at = count - 1; at >= 0; at--) {
    lookahead[at] = available
    minTailWeight[at] = lightest
    available += effectiveValues[at] ?? 0
    lightest = Math.min(lightest, weights[at] ?? 0)
  }
  if (count === 0 || available < target) return undefined

  const chosen = new Uint32Array(count + 1)
  let depth = 0
  let sum = 0
  let weight = 0
  let best: number[] | undefined
  let bestWeight = Number.POSITIVE_INFINITY
  let bestSum = Number.POSITIVE_INFINITY
  let next = 0

  const dropLast = (): number => {
    const last = chosen[--depth] ?? 0
    sum -= effectiveValues[last] ?? 0
    weight -= weights[last] ?? 0
    return last
  }

  for (let tries = 0; tries < maxTries; tries++) {
    const tail = next
    chosen[depth++] = tail
    const value = effectiveValues[tail] ?? 0
    sum += value
    weight += weights[tail] ?? 0
    next++

    let shift = false
    let cut = false
    const isLightest = (weights[tail] ?? 0) <= (minTailWeight[tail] ?? 0)
    if (sum + (lookahead[tail] ?? 0) < target) {
      cut = true
    } else if (depth > maxInputs || weight > bestWeight) {
      // A lighter coin may still fit where a lighter one is left; a count too high no coin can mend.
      if (isLightest || depth > maxInputs) cut = true
      else shift = true
    } else if (sum >= target) {
      shift = true
      if (weight < bestWeight || sum < bestSum) {
        best = Array.from(chosen.subarray(0, depth))
        bestWeight = weight
        bestSum = sum
      }
    } else if (best !== undefined) {
      // Later coins bring no more than this one: so many of the lightest at least are still needed.
      const missing = Math.ceil((target - sum) / value)
      if (weight + (minTailWeight[tail] ?? 0) * missing > bestWeight) {
        if (isLightest) cut = true
        else shift = true
      }
    }
    if (next === count) cut = true
    if (cut) {
      dropLast()
      shift = true
    }
    while (shift) {
      if (depth === 0) return best
      next = dropLast() + 1
      shift = false
      // A twin of what was just left out gives a set that was already seen.
      while (
        effectiveValues[next - 1] === effectiveValues[next] &&
        weights[next - 1] === weights[next]
      ) {
        if (next >= count - 1) {
          shift = true
          break
        }
        next++
      }
    }
  }
  return best
}
