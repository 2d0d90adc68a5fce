/** Choices without bias out of handed-in random bytes. */

export interface RandomBytes {
  bytes(length: number): Uint8Array
}

/** A uniform integer in [0, bound), 1 ≤ bound ≤ 2^32, by rejection. */
export function randomBelow(random: RandomBytes, bound: number): number {
  const limit = Math.floor(2 ** 32 / bound) * bound
  for (;;) {
    const bytes = random.bytes(4)
    const value =
      (((bytes[0] ?? 0) << 24) |
        ((bytes[1] ?? 0) << 16) |
        ((bytes[2] ?? 0) << 8) |
        (bytes[3] ?? 0)) >>>
      0
    if (value < limit) return value % bound
  }
}

/** Reads the source in blocks: for many small choices in a row. What is left over is thrown away. */
export function inBlocks(random: RandomBytes, blockLength: number): RandomBytes {
  let block = new Uint8Array(0)
  let at = 0
  return {
    bytes(length) {
      if (length > blockLength) return random.bytes(length)
      if (at + length > block.length) {
        block = Uint8Array.from(random.bytes(blockLength))
        at = 0
      }
      at += length
      return block.subarray(at - length, at)
    },
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
