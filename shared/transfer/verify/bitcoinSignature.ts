/** ECDSA signatures as bitcoin carries them: strict DER (BIP66), low S (BIP146), one hash type byte. */
import { hex } from '@scure/base'

export type SignatureOutcome =
  | { readonly kind: 'signature'; readonly compact: Uint8Array; readonly hashType: number }
  | { readonly kind: 'malformed'; readonly problem: string }

/** Half of the group order, big-endian. */
const HALF_ORDER = hex.decode('7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0')

function malformed(problem: string): SignatureOutcome {
  return { kind: 'malformed', problem }
}

/** One DER integer at `at`: tag, length, minimal and positive. Undefined when it is anything else. */
function readInteger(
  bytes: Uint8Array,
  at: number,
): { readonly value: Uint8Array; readonly end: number } | undefined {
  const length = bytes[at + 1]
  if (bytes[at] !== 0x02 || length === undefined || length === 0 || length > 33) return undefined
  const end = at + 2 + length
  if (end > bytes.length) return undefined
  const value = bytes.subarray(at + 2, end)
  const [first = 0, second = 0] = value
  if (first >= 0x80) return undefined
  if (first === 0 && (length === 1 || second < 0x80)) return undefined
  return { value: first === 0 ? value.subarray(1) : value, end }
}

function isAboveHalf(s: Uint8Array): boolean {
  const differs = s.findIndex((byte, at) => byte !== HALF_ORDER[at])
  return differs >= 0 && (s[differs] ?? 0) > (HALF_ORDER[differs] ?? 0)
}

/**
 * Reads a signature with its hash type byte.
 * @returns r ‖ s, 32 bytes each | why it is not one signature in the one allowed encoding
 */
export function readDerSignature(bytes: Uint8Array): SignatureOutcome {
  if (bytes.length < 9 || bytes.length > 73) return malformed(`${bytes.length} bytes`)
  const der = bytes.subarray(0, -1)
  if (der[0] !== 0x30 || der[1] !== der.length - 2) return malformed('not one DER sequence')
  const r = readInteger(der, 2)
  const s = r === undefined ? undefined : readInteger(der, r.end)
  if (r === undefined || s === undefined) return malformed('not two minimal positive integers')
  if (s.end !== der.length) return malformed('bytes after s')
  if (r.value.length > 32 || s.value.length > 32) return malformed('an integer above 256 bits')
  const compact = new Uint8Array(64)
  compact.set(r.value, 32 - r.value.length)
  compact.set(s.value, 64 - s.value.length)
  if (isAboveHalf(compact.subarray(32))) return malformed('s above half the group order')
  return { kind: 'signature', compact, hashType: bytes[bytes.length - 1] ?? 0 }
}
