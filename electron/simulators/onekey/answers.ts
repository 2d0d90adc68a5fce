/** Public keys and addresses, shown first where the host asks for that. Unknown coins and script types are
 *  refused with DataError, as the firmware does. */
import { z } from 'zod'
import type { Lie } from './fault.ts'
import {
  type CoinRules,
  type DeviceSeed,
  coinByName,
  elsewhere,
  evmAddressOf,
  extendedKey,
  keyAt,
  nodeAt,
  pathText,
} from './keys.ts'
import type { DeviceScreen } from './screen.ts'
import { DeviceFailure, type Session } from './session.ts'
import { addressOf, kindNamed, kindOfPath } from './scriptKind.ts'
import type { EvmKnowledge } from './signEvm.ts'

const XPUB = 0x0488b21e
const pathSchema = z.array(z.int().nonnegative())
const coinRequestSchema = z.object({
  address_n: pathSchema,
  show_display: z.boolean(),
  coin_name: z.string(),
  script_type: z.string(),
})
const batchSchema = z.object({
  paths: z.array(z.object({ address_n: pathSchema })),
  include_node: z.boolean(),
})
const evmKeySchema = z.object({ address_n: pathSchema })
const evmAddressSchema = z.object({
  address_n: pathSchema,
  show_display: z.boolean(),
  chain_id: z.string().optional(),
})

export interface Wallet {
  readonly seed: DeviceSeed
  readonly knowledge: EvmKnowledge
  takeLie(among: readonly Lie[]): Lie | null
}

export function coinNamed(name: string): CoinRules {
  const coin = coinByName(name)
  if (coin === null) throw new DeviceFailure('Failure_DataError', 'Invalid coin')
  return coin
}

function nodeBody(seed: DeviceSeed, path: readonly number[]): Record<string, unknown> {
  const node = nodeAt(seed, path)
  return {
    depth: node.depth,
    fingerprint: node.parentFingerprint >>> 0,
    child_num: node.index,
    chain_code: node.chainCode,
    public_key: node.publicKey,
  }
}

/** SLIP-132; taproot keys have no version of their own. */
function xpubVersion(coin: CoinRules, scriptType: string): number {
  if (scriptType === 'SPENDWITNESS') return coin.xpubSegwit
  return scriptType === 'SPENDP2SHWITNESS' ? coin.xpubNested : coin.xpub
}

export async function answerPublicKey(
  session: Session,
  { seed }: Wallet,
  body: unknown,
): Promise<void> {
  const ask = coinRequestSchema.parse(body)
  const coin = coinNamed(ask.coin_name)
  const version = xpubVersion(coin, ask.script_type)
  const xpub = extendedKey(nodeAt(seed, ask.address_n), version)
  if (ask.show_display) {
    const screen: DeviceScreen = {
      kind: 'showing',
      title: { word: 'publicKey', of: coin.name },
      lines: [
        { label: 'path', value: pathText(ask.address_n) },
        { label: 'xpub', value: xpub },
      ],
    }
    await session.confirm(screen, { code: 'ButtonRequest_PublicKey', last: 'last' })
  }
  session.answer('PublicKey', {
    node: nodeBody(seed, ask.address_n),
    xpub,
    root_fingerprint: seed.rootFingerprint,
  })
}

export function answerPublicKeys(session: Session, { seed }: Wallet, body: unknown): void {
  const { paths, include_node } = batchSchema.parse(body)
  session.answer('EcdsaPublicKeys', {
    public_keys: include_node ? [] : paths.map((p) => keyAt(seed, p.address_n).publicKey),
    hd_nodes: include_node ? paths.map((p) => nodeBody(seed, p.address_n)) : [],
    root_fingerprint: seed.rootFingerprint,
  })
}

export function answerEvmPublicKey(session: Session, { seed }: Wallet, body: unknown): void {
  const path = evmKeySchema.parse(body).address_n
  const xpub = extendedKey(nodeAt(seed, path), XPUB)
  session.answer('EthereumPublicKeyOneKey', { node: nodeBody(seed, path), xpub })
}

interface AddressRequest {
  readonly path: readonly number[]
  readonly title: string
  readonly display: 'show' | 'silent'
  readonly reply: 'Address' | 'EthereumAddressOneKey' | 'EthereumAddress'
  readonly addressAt: (path: readonly number[]) => string
  /** Chain id as shown; null for bitcoin. */
  readonly chain: string | null
}

/** Address of this path by its purpose, as whoever funds it must know it. */
export function bitcoinAddressAt(
  seed: DeviceSeed,
  coin: CoinRules,
  path: readonly number[],
): string {
  const kind = kindOfPath(path)
  if (kind === null) throw new Error('no bitcoin path')
  return addressOf(coin, kind, keyAt(seed, path).publicKey)
}

async function answerAddress(
  session: Session,
  wallet: Wallet,
  request: AddressRequest,
): Promise<void> {
  const lie = wallet.takeLie(['address-returned', 'address-shown'])
  const right = request.addressAt(request.path)
  const wrong = request.addressAt(elsewhere(request.path))
  if (request.display === 'show') {
    const screen: DeviceScreen = {
      kind: 'showing',
      title: { word: 'address', of: request.title },
      lines: [
        { label: 'addressLine', value: lie === 'address-shown' ? wrong : right },
        { label: 'path', value: pathText(request.path) },
        ...(request.chain === null ? [] : [{ label: 'chainId' as const, value: request.chain }]),
      ],
    }
    await session.confirm(screen, { code: 'ButtonRequest_Address', last: 'last' })
  }
  session.answer(request.reply, { address: lie === 'address-returned' ? wrong : right })
}

export function answerBitcoinAddress(
  session: Session,
  wallet: Wallet,
  body: unknown,
): Promise<void> {
  const ask = coinRequestSchema.parse(body)
  const coin = coinNamed(ask.coin_name)
  const kind = kindNamed(ask.script_type)
  if (kind === null) throw new DeviceFailure('Failure_DataError', 'Unsupported script type')
  return answerAddress(session, wallet, {
    path: ask.address_n,
    title: coin.name,
    display: ask.show_display ? 'show' : 'silent',
    reply: 'Address',
    addressAt: (path) => addressOf(coin, kind, keyAt(wallet.seed, path).publicKey),
    chain: null,
  })
}

export function answerEvmAddress(
  session: Session,
  wallet: Wallet,
  body: unknown,
  reply: 'EthereumAddressOneKey' | 'EthereumAddress',
): Promise<void> {
  const ask = evmAddressSchema.parse(body)
  const chain = ask.chain_id === undefined || ask.chain_id === '0' ? null : ask.chain_id
  const network = wallet.knowledge.networks.find((n) => `${n.chainId}` === chain)
  return answerAddress(session, wallet, {
    path: ask.address_n,
    title: network?.name ?? 'Ethereum',
    display: ask.show_display ? 'show' : 'silent',
    reply,
    addressAt: (path) => evmAddressOf(keyAt(wallet.seed, path).publicKey),
    chain,
  })
}
