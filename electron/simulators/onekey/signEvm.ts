/** The two EVM signing conversations: SignTxOneKey (legacy, EIP-155) and SignTxEIP1559OneKey (type 2).
 *  Calldata comes in chunks of up to 1,024 bytes. Quantities in wei and gas. An ERC-20 transfer of a
 *  known token is shown as token units; anything else with calldata is shown as data. */
import { keccak_256 } from '@noble/hashes/sha3'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils'
import { z } from 'zod'
import { join, toBigInt } from './bytes.ts'
import { type EvmFields, signEvmFields } from './evm.ts'
import type { Lie } from './fault.ts'
import { type DeviceSeed, checksumAddress, evmAddressOf, keyAt } from './keys.ts'
import { type DeviceScreen, type ScreenLine, decimalText } from './screen.ts'
import { DeviceFailure, type Session } from './session.ts'

const CHUNK = 1_024
const MAX_DATA = 256 * 1_024
const bytes = z.instanceof(Uint8Array)
const quantity = bytes.transform(toBigInt)
const common = {
  address_n: z.array(z.int()),
  nonce: quantity,
  gas_limit: quantity,
  to: z.string(),
  value: quantity,
  data_initial_chunk: bytes,
  data_length: z.int().nonnegative(),
  chain_id: z.string().regex(/^\d+$/).transform(BigInt),
}
const legacySchema = z.object({ ...common, gas_price: quantity })
const eip1559Schema = z.object({
  ...common,
  max_gas_fee: quantity,
  max_priority_fee: quantity,
  access_list: z.array(z.unknown()).length(0, 'access lists are not supported'),
})

export interface EvmNetwork {
  readonly chainId: number
  readonly name: string
  readonly symbol: string
}

export interface KnownToken {
  readonly chainId: number
  readonly contract: string
  readonly symbol: string
  readonly decimals: number
}

export interface EvmKnowledge {
  readonly networks: readonly EvmNetwork[]
  readonly tokens: readonly KnownToken[]
}

const EVM_LIES: readonly Lie[] = ['evm-recipient', 'evm-amount', 'evm-chain-id', 'evm-nonce']
const TRANSFER = 'a9059cbb'
const THIEF = keccak_256(new TextEncoder().encode('not the recipient')).subarray(12)

/** The SDK strips the 0x; the firmware takes it with and without. Nothing else: no contract creation. */
function address(text: string): Uint8Array {
  if (!/^(0x)?[0-9a-fA-F]{40}$/.test(text)) {
    throw new DeviceFailure('Failure_DataError', 'Invalid address')
  }
  return hexToBytes(text.slice(-40))
}

async function readData(session: Session, first: Uint8Array, length: number): Promise<Uint8Array> {
  if (length > MAX_DATA || first.length > length) {
    throw new DeviceFailure('Failure_DataError', 'Invalid size of data')
  }
  const chunkSchema = z.object({ data_chunk: bytes })
  const parts = [first]
  let left = length - first.length
  while (left > 0) {
    const asked = Math.min(left, CHUNK)
    const reply = await session.ask(
      'EthereumTxRequestOneKey',
      { data_length: asked },
      'EthereumTxAckOneKey',
    )
    const chunk = chunkSchema.parse(reply.body).data_chunk
    if (chunk.length === 0 || chunk.length > asked) {
      throw new DeviceFailure('Failure_DataError', 'Invalid size of data chunk')
    }
    parts.push(chunk)
    left -= chunk.length
  }
  return join(...parts)
}

interface Payment {
  readonly to: string
  readonly amount: string
  readonly lines: readonly ScreenLine[]
}

/** Reads what the device can say about the transaction: coin payment, known token, unknown token or data. */
function describePayment(tx: EvmFields, symbol: string, tokens: readonly KnownToken[]): Payment {
  const contract = checksumAddress(tx.to)
  const data = bytesToHex(tx.data)
  const padded = data.slice(8, 32) === '0'.repeat(24)
  if (tx.data.length === 68 && data.startsWith(TRANSFER) && padded && tx.value === 0n) {
    const token = tokens.find(
      (t) =>
        BigInt(t.chainId) === tx.chainId && t.contract.toLowerCase() === contract.toLowerCase(),
    )
    const units = toBigInt(tx.data.subarray(36))
    return {
      to: checksumAddress(tx.data.subarray(16, 36)),
      amount:
        token === undefined ? `${units}` : `${decimalText(units, token.decimals)} ${token.symbol}`,
      lines: [
        ...(token === undefined
          ? [{ label: 'unknownToken' as const, value: contract }]
          : [{ label: 'contract' as const, value: contract }]),
      ],
    }
  }
  const amount = `${decimalText(tx.value, 18)} ${symbol}`
  if (tx.data.length === 0) return { to: contract, amount, lines: [] }
  return {
    to: contract,
    amount,
    lines: [
      { label: 'size', value: `${tx.data.length}` },
      { label: 'data', value: `0x${data.slice(0, 512)}${data.length > 512 ? '…' : ''}` },
    ],
  }
}

function screens(
  tx: EvmFields,
  from: string,
  knowledge: EvmKnowledge,
): readonly [DeviceScreen, DeviceScreen] {
  const network = knowledge.networks.find((n) => BigInt(n.chainId) === tx.chainId)
  const symbol = network?.symbol ?? 'UNKN'
  const payment = describePayment(tx, symbol, knowledge.tokens)
  const gwei = (wei: bigint): string => `${decimalText(wei, 9)} Gwei`
  const price = tx.fee.kind === 'legacy' ? tx.fee.gasPrice : tx.fee.maxFee
  const feeLines: readonly ScreenLine[] =
    tx.fee.kind === 'legacy'
      ? [{ label: 'gasPrice', value: gwei(tx.fee.gasPrice) }]
      : [
          { label: 'maxFeePerGas', value: gwei(tx.fee.maxFee) },
          { label: 'priorityFee', value: gwei(tx.fee.priorityFee) },
        ]
  const maxFee = price * tx.gasLimit
  const total =
    tx.data.length === 0 || tx.value > 0n
      ? `${decimalText(tx.value + maxFee, 18)} ${symbol}`
      : `${payment.amount} + ${decimalText(maxFee, 18)} ${symbol}`
  const chain: ScreenLine = { label: 'chainId', value: `${tx.chainId}` }
  return [
    {
      kind: 'showing',
      title: { word: 'transaction', of: network?.name ?? 'EVM' },
      lines: [
        { label: 'amount', value: payment.amount },
        { label: 'to', value: payment.to },
        ...payment.lines,
        chain,
      ],
    },
    {
      kind: 'showing',
      title: { word: 'confirmTransaction' },
      lines: [
        { label: 'from', value: from },
        { label: 'maxFee', value: `${decimalText(maxFee, 18)} ${symbol}` },
        ...feeLines,
        { label: 'total', value: total },
      ],
    },
  ]
}

/** The transaction that a lying device signs in place of the one it showed. */
function bend(tx: EvmFields, lie: Lie | null): EvmFields {
  const token = tx.data.length === 68 && bytesToHex(tx.data.subarray(0, 4)) === TRANSFER
  if (lie === 'evm-chain-id') return { ...tx, chainId: tx.chainId === 1n ? 10n : 1n }
  if (lie === 'evm-nonce') return { ...tx, nonce: tx.nonce + 1n }
  if (lie === 'evm-recipient' && token) {
    return { ...tx, data: join(tx.data.subarray(0, 16), THIEF, tx.data.subarray(36)) }
  }
  if (lie === 'evm-recipient') return { ...tx, to: THIEF }
  if (lie === 'evm-amount' && token) {
    return { ...tx, data: join(tx.data.subarray(0, 67), Uint8Array.of((tx.data[67] ?? 0) ^ 1)) }
  }
  if (lie === 'evm-amount') return { ...tx, value: tx.value + 1n }
  return tx
}

export async function signEvm(
  session: Session,
  device: {
    readonly seed: DeviceSeed
    readonly knowledge: EvmKnowledge
    takeLie(among: readonly Lie[]): Lie | null
    /** Milliseconds that a device deaf to Cancel waits before it sends its signature; null normally. */
    takeLateness(): number | null
  },
  kind: EvmFields['fee']['kind'],
  body: unknown,
): Promise<void> {
  const legacy = kind === 'legacy' ? legacySchema.safeParse(body) : null
  const modern = kind === 'eip1559' ? eip1559Schema.safeParse(body) : null
  const ask = legacy?.data ?? modern?.data
  if (ask === undefined) throw new DeviceFailure('Failure_DataError', 'Invalid message')
  const fee: EvmFields['fee'] =
    modern?.data !== undefined
      ? {
          kind: 'eip1559',
          maxFee: modern.data.max_gas_fee,
          priorityFee: modern.data.max_priority_fee,
        }
      : { kind: 'legacy', gasPrice: legacy?.data?.gas_price ?? 0n }
  const tx: EvmFields = {
    chainId: ask.chain_id,
    nonce: ask.nonce,
    to: address(ask.to),
    value: ask.value,
    data: await readData(session, ask.data_initial_chunk, ask.data_length),
    gasLimit: ask.gas_limit,
    fee,
  }
  const lateness = device.takeLateness()
  if (lateness !== null) session.goDeaf()
  const key = keyAt(device.seed, ask.address_n)
  const [overview, costs] = screens(tx, evmAddressOf(key.publicKey), device.knowledge)
  await session.confirm(overview, { code: 'ButtonRequest_SignTx', last: 'more' })
  await session.confirm(costs, { code: 'ButtonRequest_SignTx', last: 'last' })
  const signature = signEvmFields(bend(tx, device.takeLie(EVM_LIES)), key)
  await session.strike('signing')
  if (lateness !== null) await new Promise((resolve) => setTimeout(resolve, lateness))
  session.answer('EthereumTxRequestOneKey', {
    signature_v: Number(signature.v),
    signature_r: signature.r,
    signature_s: signature.s,
  })
}
