/** Addresses made to be mistaken for one we know, and the spam that plants them in a history. Pure.
 *  Poisoning works because people compare the ends of an address and copy it from where they last saw it. */

/** Letters at each end that people compare, and that address poisoning therefore copies. */
const comparedLetters = 4

function significant(address: string): string {
  return address.toLowerCase().replace(/^(0x|bc1[qp]|bcrt1[qp]|tb1[qp])/, '')
}

/** True for two different addresses that look the same where people look. */
export function looksAlike(a: string, b: string): boolean {
  const [first, second] = [significant(a), significant(b)]
  return (
    first !== second &&
    first.slice(0, comparedLetters) === second.slice(0, comparedLetters) &&
    first.slice(-comparedLetters) === second.slice(-comparedLetters)
  )
}

/** Why a row of a history is not to be trusted, and its counterparty never copied from there. */
export type Suspicion =
  /** The counterparty looks like `address`, which we know, and is another. */
  | { readonly kind: 'look-alike'; readonly address: string }
  /** Nothing moved: anybody can write such a row, in our name too. */
  | { readonly kind: 'nothing-moved' }
  /** No token that we know: its name and amount may say anything. */
  | { readonly kind: 'unknown-token' }

export interface Movement {
  readonly counterparty: string
  /** Base units; their meaning is unknown for a token that we do not know. */
  readonly units: bigint
  /** Null for the chain's coin. */
  readonly contract: string | null
}

/** @param known  addresses of ours and those that were paid before; @param contracts  of the tokens that we know */
export function suspect(
  movement: Movement,
  known: readonly string[],
  contracts: readonly string[],
): Suspicion | null {
  const same = (a: string) => (b: string) => a.toLowerCase() === b.toLowerCase()
  const { counterparty, units, contract } = movement
  if (!known.some(same(counterparty))) {
    const twin = known.find((address) => looksAlike(address, counterparty))
    if (twin !== undefined) return { kind: 'look-alike', address: twin }
  }
  if (contract !== null && !contracts.some(same(contract))) return { kind: 'unknown-token' }
  return units === 0n ? { kind: 'nothing-moved' } : null
}
