/** The digest binds an approval to every field of a plan: sha256 of its canonical text, hex. */
import { sha256 } from '@noble/hashes/sha2'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils'
import { encodeCanonical } from '../units/canonical.ts'
import type { TransferPlan } from './plan.ts'

export function digestPlan(plan: TransferPlan): string {
  return bytesToHex(sha256(utf8ToBytes(encodeCanonical(plan))))
}
