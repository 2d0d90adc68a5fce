/** Signed texts: bitcoin's recoverable signatures and BIP322 (simple), EIP-191, and EIP-712 by hashes or by
 *  asking for every type and value. The text is shown in full before the button. */
import { schnorr, secp256k1 } from '@noble/curves/secp256k1'
import { keccak_256 } from '@noble/hashes/sha3'
import { bytesToHex } from '@noble/hashes/utils'
import { z } from 'zod'
import { type Wallet, coinNamed } from './answers.ts'
import { hash256, stackBytes, transactionId } from './bitcoin.ts'
import { join, sized } from './bytes.ts'
import { type DerivedKey, elsewhere, evmAddressOf, keyAt } from './keys.ts'
import { type ScriptKind, addressOf, kindNamed, scriptOf } from './scriptKind.ts'
import { unlock } from './signatureHash.ts'
import { DeviceFailure, type Session } from './session.ts'
import { type TypedStructs, learnTypes, readTypedData } from './typedData.ts'

const bytes = z.instanceof(Uint8Array)
const path = z.array(z.int().nonnegative())
const bitcoinSchema = z.object({
  address_n: path,
  message: bytes,
  coin_name: z.string(),
  script_type: z.string(),
  no_script_type: z.boolean().optional(),
  is_bip322_simple: z.boolean().optional(),
})
const evmSchema = z.object({ address_n: path, message: bytes })
const hashSchema = z.object({
  address_n: path,
  domain_separator_hash: bytes.refine((hash) => hash.length === 32),
  message_hash: bytes.optional(),
})
const typedSchema = z.object({ address_n: path, primary_type: z.string() })

const EMPTY = new Uint8Array(0)
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Readable text as it is; anything else as hex. */
function shownText(message: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(message)
    return /^[\P{Cc}\n\t]*$/u.test(text) ? text : `0x${bytesToHex(message)}`
  } catch {
    return `0x${bytesToHex(message)}`
  }
}

async function confirmText(session: Session, address: string, text: string): Promise<void> {
  await session.confirm(
    {
      kind: 'showing',
      title: { word: 'signMessage' },
      lines: [
        { label: 'addressLine', value: address },
        { label: 'ping', value: text },
      ],
    },
    { code: 'ButtonRequest_Other', last: 'last' },
  )
}

/** A lying device signs another text, or with another key, under the name of the right address. */
function lied(wallet: Wallet, keyPath: readonly number[], message: Uint8Array) {
  const lie = wallet.takeLie(['message', 'message-key'])
  const altered = message.length === 0 ? Uint8Array.of(1) : message.slice()
  if (message.length > 0) altered[0] = (altered[0] ?? 0) ^ 1
  return {
    message: lie === 'message' ? altered : message,
    key: keyAt(wallet.seed, lie === 'message-key' ? elsewhere(keyPath) : keyPath),
  }
}

/** 65 bytes: header, r, s; the header names the kind of address (BIP137) unless told not to. */
function recoverable(hash: Uint8Array, key: DerivedKey, offset: number): Uint8Array {
  const signature = secp256k1.sign(hash, key.privateKey, { lowS: true })
  return join(Uint8Array.of(31 + offset + signature.recovery), signature.toBytes('compact'))
}

const HEADER_OFFSETS: { readonly [K in ScriptKind]: number } = {
  SPENDADDRESS: 0,
  SPENDP2SHWITNESS: 4,
  SPENDWITNESS: 8,
  SPENDTAPROOT: 0,
}

/** Witness of BIP322's virtual transaction that spends the message's. */
function bip322(kind: ScriptKind, message: Uint8Array, key: DerivedKey): Uint8Array {
  if (kind !== 'SPENDWITNESS' && kind !== 'SPENDTAPROOT') {
    throw new DeviceFailure('Failure_ProcessError', 'Signing failed')
  }
  const script = scriptOf(kind, key.publicKey)
  const hash = schnorr.utils.taggedHash('BIP0322-signed-message', message)
  const header = { version: 0, lockTime: 0 }
  const spentId = transactionId(
    header,
    [
      {
        prevHash: new Uint8Array(32),
        prevIndex: 0xffffffff,
        sequence: 0,
        scriptSig: join(Uint8Array.of(0, 32), hash),
      },
    ],
    [{ amount: 0n, script }],
  )
  const input = { prevHash: spentId, prevIndex: 0, sequence: 0, kind, amount: 0n, script }
  const outputs = [{ amount: 0n, script: Uint8Array.of(0x6a) }]
  return stackBytes(unlock({ header, inputs: [input], outputs }, 0, key, null).unlocking.witness)
}

export async function signBitcoinMessage(
  session: Session,
  wallet: Wallet,
  body: unknown,
): Promise<void> {
  const ask = bitcoinSchema.parse(body)
  const kind = kindNamed(ask.script_type)
  if (kind === null) throw new DeviceFailure('Failure_DataError', 'Unsupported script type')
  const coin = coinNamed(ask.coin_name)
  const address = addressOf(coin, kind, keyAt(wallet.seed, ask.address_n).publicKey)
  await confirmText(session, address, shownText(ask.message))
  const { message, key } = lied(wallet, ask.address_n, ask.message)
  if (ask.is_bip322_simple === true) {
    return session.answer('MessageSignature', { address, signature: bip322(kind, message, key) })
  }
  if (kind === 'SPENDTAPROOT') throw new DeviceFailure('Failure_ProcessError', 'Signing failed')
  const hash = hash256(join(sized(utf8('Bitcoin Signed Message:\n')), sized(message)))
  const offset = ask.no_script_type === true ? 0 : HEADER_OFFSETS[kind]
  session.answer('MessageSignature', { address, signature: recoverable(hash, key, offset) })
}

function evmSignature(hash: Uint8Array, key: DerivedKey): Uint8Array {
  const signature = secp256k1.sign(hash, key.privateKey, { lowS: true })
  return join(signature.toBytes('compact'), Uint8Array.of(27 + signature.recovery))
}

export async function signEvmMessage(
  session: Session,
  wallet: Wallet,
  body: unknown,
): Promise<void> {
  const ask = evmSchema.parse(body)
  const address = evmAddressOf(keyAt(wallet.seed, ask.address_n).publicKey)
  await confirmText(session, address, shownText(ask.message))
  const { message, key } = lied(wallet, ask.address_n, ask.message)
  const prefix = utf8(`\x19Ethereum Signed Message:\n${message.length}`)
  const signature = evmSignature(keccak_256(join(prefix, message)), key)
  session.answer('EthereumMessageSignatureOneKey', { address, signature })
}

function typedDigest(domain: Uint8Array, message: Uint8Array): Uint8Array {
  return keccak_256(join(Uint8Array.of(0x19, 0x01), domain, message))
}

/** Signs what it cannot read: shows the two hashes. */
export async function signTypedHash(
  session: Session,
  wallet: Wallet,
  body: unknown,
): Promise<void> {
  const ask = hashSchema.parse(body)
  const asked = ask.message_hash ?? EMPTY
  const address = evmAddressOf(keyAt(wallet.seed, ask.address_n).publicKey)
  await session.confirm(
    {
      kind: 'showing',
      title: { word: 'typedData' },
      lines: [
        { label: 'addressLine', value: address },
        { label: 'domainHash', value: `0x${bytesToHex(ask.domain_separator_hash)}` },
        { label: 'messageHash', value: `0x${bytesToHex(asked)}` },
      ],
    },
    { code: 'ButtonRequest_Other', last: 'last' },
  )
  const { message, key } = lied(wallet, ask.address_n, asked)
  const signature = evmSignature(typedDigest(ask.domain_separator_hash, message), key)
  session.answer('EthereumTypedDataSignatureOneKey', { address, signature })
}

/** Asks for every type and value, shows the values, and hashes them by itself. */
export async function signTypedData(
  session: Session,
  wallet: Wallet,
  body: unknown,
): Promise<void> {
  const ask = typedSchema.parse(body)
  const address = evmAddressOf(keyAt(wallet.seed, ask.address_n).publicKey)
  const structs: TypedStructs = new Map()
  for (const name of ['EIP712Domain', ask.primary_type]) await learnTypes(session, name, structs)
  const domain = await readTypedData(session, 'EIP712Domain', 0, structs)
  const content =
    ask.primary_type === 'EIP712Domain'
      ? null
      : await readTypedData(session, ask.primary_type, 1, structs)
  await session.confirm(
    {
      kind: 'showing',
      title: { word: 'typedData', of: ask.primary_type },
      lines: [
        { label: 'addressLine', value: address },
        ...[...domain.values, ...(content?.values ?? [])].map(({ name, value }) => ({
          label: { literal: name },
          value,
        })),
      ],
    },
    { code: 'ButtonRequest_Other', last: 'last' },
  )
  const { message, key } = lied(wallet, ask.address_n, content?.hash ?? EMPTY)
  const signature = evmSignature(typedDigest(domain.hash, message), key)
  session.answer('EthereumTypedDataSignatureOneKey', { address, signature })
}
