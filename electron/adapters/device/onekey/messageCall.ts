/** Messages and typed data in the SDK's words, and the signatures it returns.
 *  Sources: BIP322 (simple), the recoverable format of Bitcoin Core's signmessage, EIP-191, EIP-712. */
import { z } from 'zod'
import type { DevicePort, SignedMessage } from '../../../host/ports.ts'
import { type BuiltCall, COIN_NAMES } from './bitcoinCall.ts'
import { coinTypeOf, parsePath } from './path.ts'

type Asked<Method extends 'signBitcoinMessage' | 'signEvmMessage' | 'signTypedData'> = Omit<
  Parameters<DevicePort[Method]>[0],
  'wallet'
>

const HEX = /^([0-9a-fA-F]{2})*$/
const HASH = /^0x[0-9a-fA-F]{64}$/

/** The device gives the bytes, as hex. */
export const bitcoinMessageSchema: z.ZodType<SignedMessage> = z.object({
  address: z.string().min(1),
  signature: z
    .string()
    .regex(/^([0-9a-f]{2})+$/)
    .transform((text) => Buffer.from(text, 'hex').toString('base64')),
})

/** The device gives the signature without 0x. */
export const evmMessageSchema: z.ZodType<SignedMessage> = z.object({
  address: z.string().regex(/^0x[0-9a-fA-F]{40}$/),
  signature: z
    .string()
    .regex(/^(0x)?[0-9a-fA-F]{130}$/)
    .transform((text) => `0x${text.replace(/^0x/, '').toLowerCase()}`),
})

export function buildBitcoinMessageCall(asked: Asked<'signBitcoinMessage'>): BuiltCall {
  const { path, network, message, format } = asked
  if (parsePath(path) === null) return { kind: 'invalid', field: 'path' }
  return {
    kind: 'call',
    params: {
      path,
      coin: COIN_NAMES[network],
      messageHex: Buffer.from(message, 'utf8').toString('hex'),
      ...(format === 'bip322' ? { dAppSignType: 'bip322-simple' } : {}),
    },
  }
}

export function buildEvmMessageCall(asked: Asked<'signEvmMessage'>): BuiltCall {
  const { path, chainId, message } = asked
  const numbers = parsePath(path)
  if (numbers === null || coinTypeOf(numbers) !== 60) return { kind: 'invalid', field: 'path' }
  if (!HEX.test(message)) return { kind: 'invalid', field: 'message' }
  return { kind: 'call', params: { path, chainId, messageHex: message } }
}

export function buildTypedDataCall(asked: Asked<'signTypedData'>): BuiltCall {
  const { path, chainId, typedData, domainHash, messageHash } = asked
  const numbers = parsePath(path)
  if (numbers === null || coinTypeOf(numbers) !== 60) return { kind: 'invalid', field: 'path' }
  for (const [field, hash] of Object.entries({ domainHash, messageHash })) {
    if (!HASH.test(hash)) return { kind: 'invalid', field }
  }
  const data = typedData
  return {
    kind: 'call',
    params: { path, chainId, metamaskV4Compat: true, data, domainHash, messageHash },
  }
}
