/** The eight characters at the end of an output descriptor (BIP380), as a node checks them. */
const INPUT =
  '0123456789()[],\'/*abcdefgh@:$%{}IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~ijklmnopqrstuvwxyzABCDEFGH`#"\\ '
const OUTPUT = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const GENERATOR = [0xf5dee51989n, 0xa9fdca3312n, 0x1bab10e32dn, 0x3706b1677an, 0x644d626ffdn]

function step(state: bigint, value: number): bigint {
  const top = state >> 35n
  const next = ((state & 0x7ffffffffn) << 5n) ^ BigInt(value)
  return GENERATOR.reduce((sum, word, at) => ((top >> BigInt(at)) & 1n ? sum ^ word : sum), next)
}

export function addressChecksum(descriptor: string): string {
  let state = 1n
  let group = 0
  let count = 0
  for (const character of descriptor) {
    const position = INPUT.indexOf(character)
    state = step(state, position & 31)
    group = group * 3 + (position >> 5)
    count += 1
    if (count === 3) {
      state = step(state, group)
      group = 0
      count = 0
    }
  }
  if (count > 0) state = step(state, group)
  for (let i = 0; i < 8; i++) state = step(state, 0)
  state ^= 1n
  return Array.from(
    { length: 8 },
    (_, at) => OUTPUT[Number((state >> BigInt(5 * (7 - at))) & 31n)],
  ).join('')
}
