/** Uniform numbers in (0, 1) from a 32-bit seed: the same seed, the same numbers. For estimates, never for keys.
 *  Source: a Weyl sequence with the two-round mixer of C. Wellons' hash prospector (lowbias32). */

export function createUniform(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x7feb352d)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x846ca68b)
    mixed ^= mixed >>> 16
    return ((mixed >>> 0) + 0.5) / 0x1_0000_0000
  }
}
