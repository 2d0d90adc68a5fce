/** A personal message (EIP-191) as a person can read it: text where its bytes are text, hex where they are not. Pure.
 *  Recognises sign-in messages (EIP-4361) and bytes that are something else in disguise. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { utf8 } from '@scure/base'
import { ok, type Result, refuse } from '../../errors/refusal.ts'
import { parseSignedEvm } from './parse.ts'
import { hashPersonalMessage } from './personalMessage.ts'
import type { MessageWarning, PersonalDescription, SignIn } from './message.ts'
import { decodeRlp } from './rlp.ts'
import { authorityOf, parseSignIn } from './signIn.ts'
import { visibleText } from './visibleText.ts'

/** More than anyone reads before pressing the button. */
const MAX_BYTES = 8_192

/** @param now ms, for the times that a sign-in names */
export function describePersonalMessage(
  message: Uint8Array,
  now: number,
): Result<PersonalDescription, 'INPUT_INVALID'> {
  if (message.length === 0 || message.length > MAX_BYTES) {
    return refuse('INPUT_INVALID', { field: 'message', problem: `${message.length} bytes` })
  }
  const decoded = decodeText(message)
  const digest = bytesToHex(hashPersonalMessage(message))
  if (decoded === undefined) {
    return ok({
      kind: 'personal',
      form: 'bytes',
      text: `0x${bytesToHex(message)}`,
      length: message.length,
      digest,
      signIn: null,
      warnings: [{ key: isTransaction(message) ? 'looksLikeTransaction' : 'notText', values: {} }],
    })
  }
  const { text, altered } = visibleText(decoded)
  const signIn = parseSignIn(decoded)
  return ok({
    kind: 'personal',
    form: 'text',
    text,
    length: message.length,
    digest,
    signIn: signIn === 'malformed' ? null : signIn,
    warnings: [
      ...(altered ? [warn('hiddenText', { field: 'message' })] : []),
      ...(signIn === 'malformed' ? [warn('signInMalformed')] : []),
      ...(signIn === null || signIn === 'malformed' ? [] : signInWarnings(signIn, now)),
    ],
  })
}

/** Undefined for what is no UTF-8, or has so few letters to read that it is data. */
function decodeText(bytes: Uint8Array): string | undefined {
  let text: string
  try {
    text = utf8.encode(bytes)
  } catch {
    return undefined
  }
  // What does not come back the same is not what would be signed.
  if (bytesToHex(utf8.decode(text)) !== bytesToHex(bytes)) return undefined
  // Hashes are sometimes valid UTF-8 by accident; they hold controls.
  return /[^\P{Cc}\t\n\r]/u.test(text) ? undefined : text
}

/** An unsigned or signed transaction: wallets that drop the prefix would make it a payment. */
function isTransaction(message: Uint8Array): boolean {
  const [type = 0] = message
  const body = decodeRlp(type <= 4 ? message.subarray(1) : message)
  return (body.ok && body.item.kind === 'list') || parseSignedEvm(bytesToHex(message)).ok
}

function signInWarnings(signIn: SignIn, now: number): readonly MessageWarning[] {
  const { domain, uri, expirationTime, notBefore } = signIn
  const authority = authorityOf(uri)
  return [
    ...(authority === null || authority === domain.toLowerCase()
      ? []
      : [warn('signInElsewhere', { domain, uri: visibleText(uri).text })]),
    ...(expirationTime !== null && Date.parse(expirationTime) <= now
      ? [warn('signInExpired', { at: expirationTime })]
      : []),
    ...(notBefore !== null && Date.parse(notBefore) > now
      ? [warn('signInNotYet', { at: notBefore })]
      : []),
  ]
}

function warn(key: MessageWarning['key'], values: MessageWarning['values'] = {}): MessageWarning {
  return { key, values }
}
