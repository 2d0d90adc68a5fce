/** Choices without bias out of handed-in random bytes. */

export interface RandomBytes {
  bytes(length: number): Uint8Array
}

/** A uniform integer in [0, bound), 1 ≤ bound ≤ 2^32, by rejection. */
export function randomBelow(random: RandomBytes, bound: number): number {
  const limit = Math.floor(2 ** 32 / bound) * bound
  for (;;) {
    const bytes = random.bytes(4)
    const value = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0)
    if (value < limit) return value % bound
  }
}

/** A shuffled copy (Fisher–Yates). */
export function shuffled<T>(list: readonly T[], random: RandomBytes): readonly T[] {
  const copy = [...list]
  for (let at = copy.length - 1; at > 0; at--) {
    const other = randomBelow(random, at + 1)
    const [a, b] = [copy[at], copy[other]]
    if (a === undefined || b === undefined) throw new Error('index outside the list')
    copy[at] = b
    copy[other] = a
  }
  return copy
}
