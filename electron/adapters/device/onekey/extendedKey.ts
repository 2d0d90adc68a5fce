/** Extended public keys in one form. The SDK answers zpub or vpub for BIP84, which libraries refuse:
 *  the version bytes become those of xpub or tpub, nothing else changes. Source: BIP32, SLIP-132. */
import { sha256 } from '@noble/hashes/sha256'
import { createBase58check } from '@scure/base'

const base58check = createBase58check(sha256)
const LENGTH = 78
const VERSIONS = { xpub: [0x04, 0x88, 0xb2, 0x1e], tpub: [0x04, 0x35, 0x87, 0xcf] } as const
/** xpub, ypub, zpub, tpub, upub, vpub: single-key public forms. */
const KNOWN: readonly string[] = [
  '0488b21e',
  '049d7cb2',
  '04b24746',
  '043587cf',
  '044a5262',
  '045f1cf6',
]

/** Null when the text is not an extended public key. */
export function normaliseExtendedKey(text: string, form: keyof typeof VERSIONS): string | null {
  let bytes: Uint8Array
  try {
    bytes = base58check.decode(text)
  } catch {
    return null
  }
  const version = Buffer.from(bytes.subarray(0, 4)).toString('hex')
  if (bytes.length !== LENGTH || !KNOWN.includes(version)) return null
  const copy = bytes.slice()
  copy.set(VERSIONS[form])
  return base58check.encode(copy)
}
