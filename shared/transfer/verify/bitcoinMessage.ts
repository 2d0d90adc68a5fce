/** Messages signed by a bitcoin address: BIP322 simple for P2WPKH and taproot, and the older
 *  recoverable signature of 65 bytes. Whoever the signature names must own the address; anything
 *  that cannot be judged here (scripts, BIP322 full) is a mismatch, never a yes. */
import { base64, hex } from '@scure/base'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { type Result, ok, refuse } from '../../errors/refusal.ts'
import type { BitcoinNetwork } from '../../vault/account.ts'
import { accountScript, decodeBitcoinAddress } from '../../vault/address.ts'
import { pureDerivationMath } from '../../vault/derive.ts'
import { concatBytes, equalBytes, hash160, sha256d, taggedHash } from '../../vault/hash.ts'
import { readOutputScript, writeOutputScript } from '../../vault/script.ts'
import { type TaprootHashType, bitcoinDigests, compactSize } from './bitcoinDigest.ts'
import { readDerSignature } from './bitcoinSignature.ts'
import {
  type ParsedTransaction,
  parseBitcoinTransaction,
  readWitnessStack,
} from './bitcoinTransaction.ts'
import type { Curve } from './curve.ts'

export interface BitcoinMessage {
  readonly address: string
  readonly network: BitcoinNetwork
  readonly message: string
  /** base64, with or without BIP322's prefix 'smp'. */
  readonly signature: string
  readonly curve: Curve
}

export type MessageForm = 'bip322-simple' | 'recoverable'

type MessageRefusals = 'SIGNED_MISMATCH' | 'ADDRESS_INVALID' | 'NETWORK_MISMATCH'

/**
 * Checks who signed a message.
 * @returns in which form the address signed it | SIGNED_MISMATCH with the reason | a refusal of the address
 */
export function verifyBitcoinMessage(
  request: BitcoinMessage,
): Result<{ readonly form: MessageForm }, MessageRefusals> {
  const address = decodeBitcoinAddress(request.address, request.network)
  if (!address.ok) return address
  const script = hex.decode(address.value.script)
  const { signature } = request
  const prefixed = signature.startsWith('smp')
  const bytes = decodeBase64(prefixed ? signature.slice(3) : signature)
  if (bytes === undefined) return mismatch('signature', 'base64', signature)
  if (bytes.length === 65 && !prefixed && isRecoverableHeader(bytes[0] ?? 0)) {
    return checkRecoverable(request, script, bytes)
  }
  return checkSimple(request, script, bytes)
}

function mismatch(
  field: string,
  approved: string,
  returned: string,
): Result<never, 'SIGNED_MISMATCH'> {
  const difference = { field, approved, returned: returned.slice(0, 200) }
  return refuse('SIGNED_MISMATCH', { differences: [difference] })
}

function decodeBase64(text: string): Uint8Array | undefined {
  try {
    return base64.decode(text)
  } catch {
    return undefined
  }
}

// ── BIP322 ────────────────────────────────────────────────────────────────────

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}

/** The virtual transaction whose only output is locked by the address; its txid binds the message. */
function toSpend(script: Uint8Array, message: string): ParsedTransaction {
  const messageHash = taggedHash('BIP0322-signed-message', utf8ToBytes(message))
  return mustParse([
    u32(0),
    Uint8Array.of(1),
    new Uint8Array(32),
    u32(0xffffffff),
    Uint8Array.of(34, 0x00, 32),
    messageHash,
    u32(0),
    Uint8Array.of(1),
    new Uint8Array(8),
    compactSize(script.length),
    script,
    u32(0),
  ])
}

/** The virtual transaction that spends it, unsigned. */
function toSign(spends: ParsedTransaction): ParsedTransaction {
  return mustParse([
    u32(0),
    Uint8Array.of(1),
    hex.decode(spends.txid).reverse(),
    u32(0),
    Uint8Array.of(0),
    u32(0),
    Uint8Array.of(1),
    new Uint8Array(8),
    Uint8Array.of(1, 0x6a),
    u32(0),
  ])
}

function mustParse(parts: readonly Uint8Array[]): ParsedTransaction {
  const outcome = parseBitcoinTransaction(concatBytes(parts))
  if (outcome.kind === 'malformed') throw new Error(`own transaction: ${outcome.problem}`)
  return outcome.transaction
}

/** The two virtual transactions of BIP322: txids of to_spend and of the unsigned to_sign. */
export function bip322Transactions(
  script: Uint8Array,
  message: string,
): { readonly toSpend: ParsedTransaction; readonly toSign: ParsedTransaction } {
  const spends = toSpend(script, message)
  return { toSpend: spends, toSign: toSign(spends) }
}

function checkSimple(
  { message, curve }: BitcoinMessage,
  script: Uint8Array,
  bytes: Uint8Array,
): Result<{ readonly form: MessageForm }, 'SIGNED_MISMATCH'> {
  const witness = readWitnessStack(bytes)
  if (witness === undefined) return mismatch('signature', 'one witness stack', hex.encode(bytes))
  const output = readOutputScript(script)
  const transactions = bip322Transactions(script, message)
  const digests = bitcoinDigests(transactions.toSign, [{ value: 0n, script }])
  if (output?.kind === 'p2wpkh') {
    const [encoded, publicKey, ...more] = witness
    if (encoded === undefined || publicKey === undefined || more.length > 0) {
      return mismatch('witness.length', '2', String(witness.length))
    }
    if (!equalBytes(hash160(publicKey), output.program)) {
      return mismatch('signedBy', hex.encode(output.program), hex.encode(hash160(publicKey)))
    }
    const read = readDerSignature(encoded)
    if (read.kind === 'malformed') return mismatch('signature', 'strict DER, low S', read.problem)
    if (read.hashType !== 0x01) return mismatch('hashType', '0x01', String(read.hashType))
    const digest = digests.segwitKeyHash(0, output.program)
    return curve.verifyEcdsa(digest, publicKey, read.compact)
      ? ok({ form: 'bip322-simple' })
      : mismatch('signature', 'valid for this message', hex.encode(encoded))
  }
  if (output?.kind === 'p2tr') {
    const [encoded, ...more] = witness
    if (encoded === undefined || more.length > 0) {
      return mismatch('witness.length', '1', String(witness.length))
    }
    const hashType = taprootHashType(encoded)
    if (hashType === undefined) return mismatch('hashType', 'default or ALL', hex.encode(encoded))
    const digest = digests.taprootKeyPath(0, hashType)
    return curve.verifySchnorr(digest, output.program, encoded.subarray(0, 64))
      ? ok({ form: 'bip322-simple' })
      : mismatch('signature', 'valid for this message', hex.encode(encoded))
  }
  return mismatch('address', 'a key that can be judged here', output?.kind ?? 'unknown script')
}

/** BIP322 lets taproot signers say ALL aloud, unlike our transactions. */
function taprootHashType(signature: Uint8Array): TaprootHashType | undefined {
  if (signature.length === 64) return 0x00
  return signature.length === 65 && signature[64] === 0x01 ? 0x01 : undefined
}

// ── the older form ────────────────────────────────────────────────────────────

/** 27–30 uncompressed, 31–34 compressed; 35–42 name segwit kinds (BIP137). */
function isRecoverableHeader(header: number): boolean {
  return header >= 27 && header <= 42
}

/** What the older form signs: sha256d over magic and message, each behind its length. */
export function legacyDigest(message: string): Uint8Array {
  const text = utf8ToBytes(message)
  const magic = utf8ToBytes('Bitcoin Signed Message:\n')
  return sha256d(concatBytes([Uint8Array.of(magic.length), magic, compactSize(text.length), text]))
}

function checkRecoverable(
  { message, curve }: BitcoinMessage,
  script: Uint8Array,
  bytes: Uint8Array,
): Result<{ readonly form: MessageForm }, 'SIGNED_MISMATCH'> {
  const header = (bytes[0] ?? 0) - 27
  const recovery = header & 3
  // 2 and 3 need an r above the group order: no signer has ever made one.
  if (recovery > 1) return mismatch('recovery', '0 or 1', String(recovery))
  const digest = legacyDigest(message)
  const found = curve.recoverEcdsa(digest, bytes.subarray(1), recovery === 0 ? 0 : 1)
  if (found === null) return mismatch('signature', 'a signature', hex.encode(bytes))
  const compressed = header >= 4
  const owned = compressed ? scriptsOf(compress(found)) : [p2pkhOf(found)]
  return owned.some((candidate) => equalBytes(candidate, script))
    ? ok({ form: 'recoverable' })
    : mismatch('signedBy', hex.encode(script), hex.encode(compress(found)))
}

function compress(uncompressed: Uint8Array): Uint8Array {
  const odd = (uncompressed[64] ?? 0) & 1
  return concatBytes([Uint8Array.of(2 + odd), uncompressed.subarray(1, 33)])
}

function p2pkhOf(publicKey: Uint8Array): Uint8Array {
  return writeOutputScript('p2pkh', hash160(publicKey))
}

/** What a key owns by itself; taproot has no recoverable form. */
function scriptsOf(publicKey: Uint8Array): readonly Uint8Array[] {
  const types = ['p2pkh', 'p2sh-p2wpkh', 'p2wpkh'] as const
  return types.map((type) => accountScript(type, publicKey, pureDerivationMath))
}
