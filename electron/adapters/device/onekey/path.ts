/** BIP32 paths as text (m/84'/1'/0'/0/5) and as the numbers that the wire carries. */

const HARDENED = 0x80000000
const STEP = /^(0|[1-9]\d{0,9})('?)$/

/** Null when the text is not a path. */
export function parsePath(path: string): readonly number[] | null {
  const [root, ...steps] = path.split('/')
  if (root !== 'm' || steps.length === 0) return null
  const numbers: number[] = []
  for (const step of steps) {
    const match = STEP.exec(step)
    const index = Number(match?.[1])
    if (match === null || index >= HARDENED) return null
    numbers.push(match[2] === "'" ? HARDENED + index : index)
  }
  return numbers
}

/** BIP43 purpose, e.g. 84; null when the first step is not hardened. */
export function purposeOf(path: readonly number[]): number | null {
  const [first] = path
  return first !== undefined && first >= HARDENED ? first - HARDENED : null
}

/** SLIP-44 coin type, e.g. 60; null when the second step is missing or not hardened. */
export function coinTypeOf(path: readonly number[]): number | null {
  const second = path[1]
  return second !== undefined && second >= HARDENED ? second - HARDENED : null
}
