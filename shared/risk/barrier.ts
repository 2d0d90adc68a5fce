/** Whether a Brownian motion comes to a barrier, in closed form (the reflection principle), and the normal distribution
 *  that it needs. Distances in standard deviations of a day. */

/**
 * P that a Brownian motion with unit variance a day touches `distance` below its start within a day.
 * Φ((b − m)/1) + e^{2mb}·Φ((b + m)/1), b = −distance, m = drift a day.
 */
export function barrierTouch(distance: number, drift: number): number {
  if (distance <= 0) return 1
  if (distance === Infinity) return 0
  const b = -distance
  const p = normalBelow(b - drift) + Math.exp(2 * drift * b) * normalBelow(b + drift)
  return Math.min(1, Math.max(0, p))
}

/** Φ by its continued fraction in the tail and its series near zero: relative error under 1e-9 either way. */
export function normalBelow(x: number): number {
  if (x > 0) return 1 - normalBelow(-x)
  const z = -x
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)
  if (z > 3) {
    let fraction = z
    for (let k = 60; k >= 1; k--) fraction = z + k / fraction
    return density / fraction
  }
  let term = z
  let sum = z
  for (let k = 1; k < 60; k++) {
    term *= (z * z) / (2 * k + 1)
    sum += term
  }
  return 0.5 - density * sum
}
