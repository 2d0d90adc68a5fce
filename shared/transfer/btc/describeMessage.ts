/** A message that a bitcoin address is to sign, as a person must see it, and what exactly is signed. Pure.
 *  legacy: the recoverable signature of Bitcoin Core's signmessage (BIP137); bip322: simple. */
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { z } from 'zod'
import { ok, type Result, refuse } from '../../errors/refusal.ts'
import { taggedHash } from '../../vault/hash.ts'
import type { AccountScriptType } from '../../vault/script.ts'
import { messageWarningSchema } from '../evm/message.ts'
import { visibleText } from '../evm/visibleText.ts'
import { legacyDigest } from '../verify/bitcoinMessage.ts'

export const bitcoinMessageFormatSchema = z.enum(['legacy', 'bip322'])
export type BitcoinMessageFormat = z.infer<typeof bitcoinMessageFormatSchema>

export const bitcoinDescriptionSchema = z
  .object({
    kind: z.literal('bitcoin'),
    format: bitcoinMessageFormatSchema,
    /** With what a screen would hide written out. */
    text: z.string(),
    /** Of its UTF-8. */
    length: z.int().nonnegative(),
    /** legacy: what is signed; bip322: the message hash that the signed transaction commits to. Hex. */
    digest: z.string().regex(/^[0-9a-f]{64}$/),
    warnings: z.array(messageWarningSchema).readonly(),
  })
  .readonly()
type BitcoinDescription = z.infer<typeof bitcoinDescriptionSchema>

/** More than anyone reads before pressing the button. */
const mostBytes = 8_192

/** Kinds of address that have this format: the older one names a key, which taproot's output is not; BIP322 simple
 *  is judged here for a lone key only. */
const FORMATS: { readonly [T in AccountScriptType]: readonly BitcoinMessageFormat[] } = {
  p2pkh: ['legacy'],
  'p2sh-p2wpkh': ['legacy'],
  p2wpkh: ['bip322', 'legacy'],
  p2tr: ['bip322'],
}

export function describeBitcoinMessage(
  message: string,
  format: BitcoinMessageFormat,
  scriptType: AccountScriptType,
): Result<BitcoinDescription, 'INPUT_INVALID'> {
  if (!FORMATS[scriptType].includes(format))
    return refuse('INPUT_INVALID', { field: 'format', problem: `no ${format} for ${scriptType}` })
  // A lone surrogate has no UTF-8 form: what stood in its place would be signed.
  if (!message.isWellFormed())
    return refuse('INPUT_INVALID', { field: 'message', problem: 'no Unicode text' })
  const bytes = utf8ToBytes(message)
  if (bytes.length === 0 || bytes.length > mostBytes)
    return refuse('INPUT_INVALID', { field: 'message', problem: `${bytes.length} bytes` })
  const { text, altered } = visibleText(message)
  const digest =
    format === 'legacy' ? legacyDigest(message) : taggedHash('BIP0322-signed-message', bytes)
  return ok({
    kind: 'bitcoin',
    format,
    text,
    length: bytes.length,
    digest: bytesToHex(digest),
    warnings: altered ? [{ key: 'hiddenText', values: { field: 'message' } }] : [],
  })
}
