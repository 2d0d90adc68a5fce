/** Bitcoin addresses: text ↔ scriptPubKey, strict about network, checksum form and length.
 *  Source: BIP173, BIP350, BIP13. Refuses unknown witness versions and taproot keys off the curve. */
import { sha256 } from '@noble/hashes/sha2.js'
import { bech32, bech32m, createBase58check, hex } from '@scure/base'
import { type Result, ok, refuse } from '../errors/refusal.ts'
import type { BitcoinNetwork } from './account.ts'
import type { DerivationMath } from './derive.ts'
import { hash160 } from './hash.ts'
import {
  type AccountScriptType,
  type OutputScript,
  p2wpkhScript,
  readOutputScript,
  writeOutputScript,
} from './script.ts'
import { bip86OutputKey, isXOnlyPublicKey } from './taproot.ts'

const base58check = createBase58check(sha256)

const PARAMETERS: {
  readonly [N in BitcoinNetwork]: {
    readonly hrp: string
    readonly p2pkh: number
    readonly p2sh: number
  }
} = {
  mainnet: { hrp: 'bc', p2pkh: 0x00, p2sh: 0x05 },
  // Testnet and regtest share their base58 versions; only bech32 tells them apart.
  regtest: { hrp: 'bcrt', p2pkh: 0x6f, p2sh: 0xc4 },
}

export interface DecodedAddress {
  /** As we write it: bech32 in lower case. */
  readonly address: string
  readonly kind: OutputScript['kind']
  /** scriptPubKey, hex. */
  readonly script: string
}

type AddressRefusals = 'ADDRESS_INVALID' | 'NETWORK_MISMATCH'

function refuseAddress(address: string, reason: string): Result<never, AddressRefusals> {
  return refuse('ADDRESS_INVALID', { address: address.slice(0, 120), reason })
}

function refuseNetwork(asked: string, expected: BitcoinNetwork): Result<never, AddressRefusals> {
  return refuse('NETWORK_MISMATCH', { asset: 'BTC', asked, expected: `bitcoin ${expected}` })
}

/**
 * Reads an address of exactly this network.
 * @returns the script and the canonical text | ADDRESS_INVALID | NETWORK_MISMATCH for a sound address of another network
 */
export function decodeBitcoinAddress(
  address: string,
  network: BitcoinNetwork,
): Result<DecodedAddress, AddressRefusals> {
  if (address.length > 90) return refuseAddress(address, 'longer than any address')
  return /^(bc|tb|bcrt)1/i.test(address)
    ? decodeSegwit(address, network)
    : decodeBase58(address, network)
}

const HRP_NAMES: { readonly [hrp: string]: string } = {
  bc: 'bitcoin mainnet',
  tb: 'bitcoin testnet',
  bcrt: 'bitcoin regtest',
}

function decodeSegwit(
  address: string,
  network: BitcoinNetwork,
): Result<DecodedAddress, AddressRefusals> {
  const v0 = bech32.decodeUnsafe(address, 90)
  const later = v0 === undefined ? bech32m.decodeUnsafe(address, 90) : undefined
  const decoded = v0 ?? later
  if (decoded === undefined) return refuseAddress(address, 'checksum does not match')
  const { hrp } = PARAMETERS[network]
  if (decoded.prefix !== hrp) {
    return refuseNetwork(HRP_NAMES[decoded.prefix] ?? decoded.prefix, network)
  }
  const [version, ...words] = decoded.words
  if (version === undefined) return refuseAddress(address, 'no witness version')
  // BIP350: version 0 with bech32, every later version with bech32m; anything else is a typing error.
  if ((version === 0) !== (v0 !== undefined)) {
    return refuseAddress(address, 'checksum of another witness version')
  }
  const program = fromWords(words)
  if (program === undefined) return refuseAddress(address, 'padding bits are not zero')
  return witnessAddress(address, version, program)
}

function fromWords(words: number[]): Uint8Array | undefined {
  return bech32.fromWordsUnsafe(words) ?? undefined
}

function witnessAddress(
  address: string,
  version: number,
  program: Uint8Array,
): Result<DecodedAddress, AddressRefusals> {
  const kind =
    version === 0 && program.length === 20
      ? 'p2wpkh'
      : version === 0 && program.length === 32
        ? 'p2wsh'
        : version === 1 && program.length === 32
          ? 'p2tr'
          : undefined
  if (kind === undefined) {
    return refuseAddress(address, `witness version ${version} with ${program.length} bytes`)
  }
  if (kind === 'p2tr' && !isXOnlyPublicKey(program)) {
    return refuseAddress(address, 'taproot key is not on the curve: coins sent there are lost')
  }
  return ok({
    address: address.toLowerCase(),
    kind,
    script: hex.encode(writeOutputScript(kind, program)),
  })
}

function decodeBase58(
  address: string,
  network: BitcoinNetwork,
): Result<DecodedAddress, AddressRefusals> {
  let payload: Uint8Array
  try {
    payload = base58check.decode(address)
  } catch {
    return refuseAddress(address, 'checksum does not match')
  }
  if (payload.length !== 21) return refuseAddress(address, `${payload.length} bytes instead of 21`)
  const version = payload[0]
  const own = PARAMETERS[network]
  const other = PARAMETERS[network === 'mainnet' ? 'regtest' : 'mainnet']
  if (version === other.p2pkh || version === other.p2sh) {
    return refuseNetwork(
      network === 'mainnet' ? 'bitcoin testnet or regtest' : 'bitcoin mainnet',
      network,
    )
  }
  const kind = version === own.p2pkh ? 'p2pkh' : version === own.p2sh ? 'p2sh' : undefined
  if (kind === undefined) return refuseAddress(address, `unknown version byte ${version}`)
  return ok({
    address,
    kind,
    script: hex.encode(writeOutputScript(kind, payload.slice(1))),
  })
}

/** The address of a script, or undefined where no address form exists. */
export function encodeBitcoinAddress(
  script: Uint8Array,
  network: BitcoinNetwork,
): string | undefined {
  const parsed = readOutputScript(script)
  if (parsed === undefined) return undefined
  const { hrp, p2pkh, p2sh } = PARAMETERS[network]
  switch (parsed.kind) {
    case 'p2wpkh':
    case 'p2wsh':
      return bech32.encode(hrp, [0, ...bech32.toWords(parsed.program)])
    case 'p2tr':
      return bech32m.encode(hrp, [1, ...bech32m.toWords(parsed.program)])
    case 'p2pkh':
      return base58check.encode(Uint8Array.of(p2pkh, ...parsed.program))
    case 'p2sh':
      return base58check.encode(Uint8Array.of(p2sh, ...parsed.program))
  }
}

/** scriptPubKey that an account of this type pays its own key to. */
export function accountScript(
  type: AccountScriptType,
  publicKey: Uint8Array,
  math: DerivationMath,
): Uint8Array {
  switch (type) {
    case 'p2wpkh':
      return p2wpkhScript(publicKey)
    case 'p2sh-p2wpkh':
      return writeOutputScript('p2sh', hash160(p2wpkhScript(publicKey)))
    case 'p2pkh':
      return writeOutputScript('p2pkh', hash160(publicKey))
    case 'p2tr':
      return writeOutputScript('p2tr', bip86OutputKey(publicKey, math))
  }
}
