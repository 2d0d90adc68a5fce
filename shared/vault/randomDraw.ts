/** Single random draw (Bitcoin Core): coins in random order until they pay. Says least about the
 *  wallet, and spends small coins along the way. Effective values in satoshi, f64. */
import { type RandomBytes, randomBelow } from './random.ts'

export interface RandomDrawRequest {
  /** Value less the fee of spending it, all positive, in any order. */
  readonly effectiveValues: Float64Array
  /** Each position once, in any order; shuffled on the way, so that it serves for the next draw too. */
  readonly positions: Uint32Array
  /** What the coins must bring, change and its fee among it. */
  readonly target: number
  readonly maxInputs: number
  /** Draws after which it gives up: over the cap each draw only replaces the smallest coin. */
  readonly maxDraws: number
  readonly random: RandomBytes
}

/** Positions of the coins drawn, or undefined when they do not pay within the cap. */
export function randomDraw(request: RandomDrawRequest): readonly number[] | undefined {
  const { effectiveValues, positions, target, maxInputs, maxDraws, random } = request
  const drawn: number[] = []
  let sum = 0
  const last = Math.max(0, positions.length - maxDraws)
  for (let left = positions.length; left > last; left--) {
    const at = randomBelow(random, left)
    const position = positions[at] ?? 0
    positions[at] = positions[left - 1] ?? 0
    positions[left - 1] = position
    drawn.push(position)
    sum += effectiveValues[position] ?? 0
    if (drawn.length > maxInputs) sum -= dropSmallest(drawn, effectiveValues)
    if (sum >= target) return drawn
  }
  return undefined
}

function dropSmallest(drawn: number[], effectiveValues: Float64Array): number {
  let smallest = 0
  for (let at = 1; at < drawn.length; at++) {
    const value = effectiveValues[drawn[at] ?? 0] ?? 0
    if (value < (effectiveValues[drawn[smallest] ?? 0] ?? 0)) smallest = at
  }
  const [removed = 0] = drawn.splice(smallest, 1)
  return effectiveValues[removed] ?? 0
}
