/** The one door to `broadcast`. A VerifiedTransaction cannot be written as a literal (its brand is
 *  private to this file) nor forged at run time (membership in a WeakSet, checked by `isVerified`).
 *  Import `markVerified` only from the verifiers in this folder; the linter holds everyone else out. */
declare const verifiedBrand: unique symbol

export interface VerifiedTransaction {
  readonly [verifiedBrand]: true
  readonly kind: 'bitcoin' | 'evm'
  /** Digest of the approved plan these bytes were checked against. */
  readonly digest: string
  /** Raw signed transaction, hex without 0x. */
  readonly rawHex: string
  /** Bitcoin txid, or 0x-prefixed EVM transaction hash. */
  readonly txid: string
}

const minted = new WeakSet<object>()

export function markVerified(
  transaction: Omit<VerifiedTransaction, typeof verifiedBrand>,
): VerifiedTransaction {
  const verified = Object.freeze({ ...transaction }) as VerifiedTransaction
  minted.add(verified)
  return verified
}

/** False for anything that did not come out of a verifier in this process. */
export function isVerified(transaction: VerifiedTransaction): boolean {
  return minted.has(transaction)
}
