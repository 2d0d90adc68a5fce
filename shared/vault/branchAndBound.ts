/** Searches a set of coins that pays the target without change (Murch 2016, as in Bitcoin Core).
 *  Numbers are effective values in satoshi (value less the fee of spending it), f64: the caller
 *  settles the exact fee of what is found. */

export interface BranchAndBoundRequest {
  /** Descending, all positive. */
  readonly effectiveValues: Float64Array
  /** Fee of each input now less its fee at the long-term rate; same order. */
  readonly inputWastes: Float64Array
  readonly target: number
  /** How much above the target is still better than change. */
  readonly tolerance: number
  readonly maxInputs: number
  readonly maxTries: number
}

/** Positions of the least wasteful set found, or undefined. */
export function branchAndBound(request: BranchAndBoundRequest): readonly number[] | undefined {
  const { effectiveValues, inputWastes, target, tolerance, maxInputs, maxTries } = request
  const count = effectiveValues.length
  let available = 0
  for (let at = 0; at < count; at++) available += effectiveValues[at] ?? 0
  if (available < target) return undefined
  // Wastes all have one sign: with a rate above the long-term one, more inputs only waste more.
  const wasteGrows = (inputWastes[0] ?? 0) > 0
  const most = target + tolerance
  const chosen = new Uint32Array(count + 1)
  let depth = 0
  let best: number[] | undefined
  let bestWaste = Number.POSITIVE_INFINITY
  let sum = 0
  let waste = 0
  for (let tries = 0, at = 0; tries < maxTries; tries++, at++) {
    let backtrack = false
    if (
      sum + available < target ||
      sum > most ||
      (wasteGrows && waste > bestWaste) ||
      depth > maxInputs
    ) {
      backtrack = true
    } else if (sum >= target) {
      backtrack = true
      const total = waste + (sum - target)
      if (total <= bestWaste) {
        best = Array.from(chosen.subarray(0, depth))
        bestWaste = total
      }
    } else if (at >= count) {
      backtrack = true
    }
    if (backtrack) {
      if (depth === 0) break
      const last = chosen[--depth] ?? 0
      // Give back what was skipped after the last inclusion, then walk the branch that omits it.
      for (at--; at > last; at--) available += effectiveValues[at] ?? 0
      sum -= effectiveValues[last] ?? 0
      waste -= inputWastes[last] ?? 0
      continue
    }
    const value = effectiveValues[at] ?? 0
    available -= value
    const previous = at - 1
    const twinOmitted =
      depth > 0 &&
      chosen[depth - 1] !== previous &&
      effectiveValues[previous] === value &&
      inputWastes[previous] === inputWastes[at]
    if (twinOmitted) continue
    chosen[depth++] = at
    sum += value
    waste += inputWastes[at] ?? 0
  }
  return best
}
