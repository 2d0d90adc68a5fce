/** The k largest of many numbers without sorting the rest (Hoare's selection). */

/**
 * Positions of the `count` largest values, largest first; all positions when there are fewer.
 * Expected time n + k·log k.
 */
export function largestPositions(values: Float64Array, count: number): Uint32Array {
  const positions = new Uint32Array(values.length)
  for (let at = 0; at < positions.length; at++) positions[at] = at
  const valueAt = (at: number): number => values[positions[at] ?? 0] ?? 0
  const swap = (a: number, b: number): void => {
    const kept = positions[a] ?? 0
    positions[a] = positions[b] ?? 0
    positions[b] = kept
  }
  let low = 0
  let high = positions.length - 1
  while (low < high && count < positions.length) {
    const pivot = valueAt((low + high) >>> 1)
    let left = low
    let right = high
    while (left <= right) {
      while (valueAt(left) > pivot) left++
      while (valueAt(right) < pivot) right--
      if (left <= right) swap(left++, right--)
    }
    if (count <= right + 1) high = right
    else if (count > left) low = left
    else break
  }
  return positions.slice(0, count).sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0))
}
