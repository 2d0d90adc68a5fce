/** The largest of many numbers without sorting the rest (Hoare's selection), in place and without
 *  callbacks: positions are moved, the keys they point to stay. */

/** Ranges this short are sorted by insertion. */
const SHORT = 12

function swap(positions: Uint32Array, a: number, b: number): void {
  const kept = positions[a] ?? 0
  positions[a] = positions[b] ?? 0
  positions[b] = kept
}

function keyAt(positions: Uint32Array, keys: Float64Array, at: number): number {
  return keys[positions[at] ?? 0] ?? 0
}

/** Splits low…high: what is left of `right` is at least the pivot, what is right of `left` at most. */
function partition(
  positions: Uint32Array,
  keys: Float64Array,
  low: number,
  high: number,
): { readonly left: number; readonly right: number } {
  const pivot = keyAt(positions, keys, (low + high) >>> 1)
  let left = low
  let right = high
  while (left <= right) {
    while (keyAt(positions, keys, left) > pivot) left++
    while (keyAt(positions, keys, right) < pivot) right--
    if (left <= right) swap(positions, left++, right--)
  }
  return { left, right }
}

/** Moves the positions of the `count` largest keys to the front, in no order. Expected time n. */
export function gatherLargest(positions: Uint32Array, keys: Float64Array, count: number): void {
  let low = 0
  let high = positions.length - 1
  while (low < high && count < positions.length) {
    const { left, right } = partition(positions, keys, low, high)
    if (count <= right + 1) high = right
    else if (count > left) low = left
    else return
  }
}

/** Sorts positions by their keys, largest first. */
export function sortDescending(
  positions: Uint32Array,
  keys: Float64Array,
  low = 0,
  high = positions.length - 1,
): void {
  let from = low
  let to = high
  while (to - from > SHORT) {
    const { left, right } = partition(positions, keys, from, to)
    // Recursing into the shorter side keeps the stack logarithmic.
    if (right - from < to - left) {
      sortDescending(positions, keys, from, right)
      from = left
    } else {
      sortDescending(positions, keys, left, to)
      to = right
    }
  }
  for (let at = from + 1; at <= to; at++) {
    for (let i = at; i > from && keyAt(positions, keys, i) > keyAt(positions, keys, i - 1); i--) {
      swap(positions, i, i - 1)
    }
  }
}
