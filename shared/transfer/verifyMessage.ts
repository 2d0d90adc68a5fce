/** Who signed this message? One question for bitcoin addresses and EVM accounts. Pure, fails closed: what cannot be
 *  judged here (scripts, contracts that answer for themselves) is not valid. */
import { hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { type Result, ok, refuse } from '../errors/refusal.ts'
import type { BitcoinNetwork } from '../vault/account.ts'
import { parseEvmAddress } from './evm/address.ts'
import { parseTypedData } from './evm/describeTypedData.ts'
import { hashPersonalMessage } from './evm/personalMessage.ts'
import { hashTypedData } from './evm/typedData.ts'
import type { Difference } from './plan.ts'
import { type MessageForm, verifyBitcoinMessage } from './verify/bitcoinMessage.ts'
import type { Curve } from './verify/curve.ts'
import { verifyEvmMessage } from './verify/evmMessage.ts'

export interface MessageClaim {
  readonly address: string
  /** Text; with `encoding` hex its bytes (EVM only); JSON where `kind` is typed-data. */
  readonly message: string
  readonly encoding: 'text' | 'hex'
  readonly kind: 'message' | 'typed-data'
  /** base64 for bitcoin, 65 bytes of hex for EVM. */
  readonly signature: string
}

export interface MessageVerdict {
  readonly verdict: 'valid' | 'invalid'
  /** Null where it was not told apart. */
  readonly form: MessageForm | 'personal' | 'typed-data' | null
  /** Empty for a valid one. */
  readonly differences: readonly Difference[]
}

type ClaimRefusals = 'INPUT_INVALID' | 'ADDRESS_INVALID' | 'NETWORK_MISMATCH'

/** @returns the verdict | a refusal of what is no message, signature or address at all */
export function verifyMessage(
  claim: MessageClaim,
  context: { readonly network: BitcoinNetwork; readonly curve: Curve },
): Result<MessageVerdict, ClaimRefusals> {
  const address = claim.address.trim()
  const signature = claim.signature.trim()
  if (/^0x/i.test(address)) return verifyEvm({ ...claim, address, signature }, context.curve)
  if (claim.kind === 'typed-data' || claim.encoding === 'hex')
    return refuse('INPUT_INVALID', { field: 'message', problem: 'bitcoin signs text only' })
  const { message } = claim
  if (!message.isWellFormed())
    return refuse('INPUT_INVALID', { field: 'message', problem: 'no Unicode text' })
  const verified = verifyBitcoinMessage({ address, message, signature, ...context })
  if (verified.ok) return ok({ verdict: 'valid', form: verified.value.form, differences: [] })
  if (verified.refusal.code !== 'SIGNED_MISMATCH') return { ok: false, refusal: verified.refusal }
  return ok({ verdict: 'invalid', form: null, differences: verified.refusal.data.differences })
}

function verifyEvm(claim: MessageClaim, curve: Curve): Result<MessageVerdict, ClaimRefusals> {
  const signer = parseEvmAddress(claim.address)
  if (!signer.ok) return signer
  const digest = evmDigest(claim)
  if (!digest.ok) return digest
  const form = claim.kind === 'typed-data' ? 'typed-data' : 'personal'
  const { signature } = claim
  const verified = verifyEvmMessage({
    digest: digest.value,
    signer: signer.value,
    signature,
    curve,
  })
  return ok(
    verified.ok
      ? { verdict: 'valid', form, differences: [] }
      : { verdict: 'invalid', form, differences: verified.refusal.data.differences },
  )
}

function evmDigest(claim: MessageClaim): Result<Uint8Array, 'INPUT_INVALID'> {
  if (claim.kind === 'typed-data') {
    const data = parseTypedData(claim.message)
    if (!data.ok) return data
    const hashes = hashTypedData(data.value)
    return hashes.ok ? ok(hashes.value.digest) : hashes
  }
  const bytes = messageBytes(claim.message, claim.encoding)
  return bytes.ok ? ok(hashPersonalMessage(bytes.value)) : bytes
}

/** The bytes of a personal message. */
export function messageBytes(
  message: string,
  encoding: 'text' | 'hex',
): Result<Uint8Array, 'INPUT_INVALID'> {
  if (encoding === 'text')
    return message.isWellFormed()
      ? ok(utf8ToBytes(message))
      : refuse('INPUT_INVALID', { field: 'message', problem: 'no Unicode text' })
  const hex = message.trim().replace(/^0x/i, '')
  return /^([0-9a-fA-F]{2})+$/.test(hex)
    ? ok(hexToBytes(hex))
    : refuse('INPUT_INVALID', { field: 'message', problem: 'no hex' })
}
