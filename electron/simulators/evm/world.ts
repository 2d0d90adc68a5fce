/** The demo's EVM chain: anvil with a real ERC-20 dollar, and the levers of the outside world.
 *  Wei and 1e-6 USDC. The exchange's accounts are anvil's own unlocked ones: no key appears here.
 *  Refuses, by value, when there is no anvil binary. */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import multicall3 from '../../../resources/contracts/Multicall3.json' with { type: 'json' }
import artifact from '../../../resources/contracts/UsdCoin.json' with { type: 'json' }
import { startAnvil } from './anvilProcess.ts'
import { findAnvil } from './findAnvil.ts'
import { type Ask, createAsk, hexQuantity, quantitySchema } from './rpc.ts'
import { createTransferWatcher, type ObservedTransfer } from './watcher.ts'

export const DEMO_CHAIN_ID = 31337
/** Where USD Coin lives on Ethereum mainnet. */
export const MAINNET_USDC = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'

/** Where Multicall3 lives on nearly every chain. */
const MULTICALL3 = '0xcA11bde05977b3631167028862bE2a173976CA11'

const CALL_LIMIT_MS = 10_000
const RECEIPT_LIMIT_MS = 10_000
const RECEIPT_STEP_MS = 5
const WATCH_INTERVAL_MS = 100
/** 10 million dollars. */
const HOT_WALLET_USDC = 10_000_000_000_000n

const MINT = '40c10f19'
const TRANSFER = 'a9059cbb'
const BALANCE_OF = '70a08231'

const hashSchema = z.string().regex(/^0x[0-9a-f]{64}$/)
const addressSchema = z.string().regex(/^0x[0-9a-f]{40}$/)
const hexSchema = z.string().regex(/^0x[0-9a-f]*$/)
const receiptSchema = z.object({ status: z.string(), contractAddress: addressSchema.nullable() })

export interface EvmWorld {
  /** JSON-RPC over HTTP on 127.0.0.1. */
  readonly url: string
  readonly chainId: number
  readonly usdc: { readonly contract: string; readonly symbol: 'USDC'; readonly decimals: 6 }
  /** The exchange pays withdrawals from here. Lower case. */
  readonly hotWallet: string
  /** The exchange's deposit addresses, for its customers. Lower case. */
  readonly depositAddresses: readonly string[]
  /** Adds to the balance out of nothing, without a transaction. */
  fundEth(address: string, wei: bigint): Promise<void>
  /** Each of these returns the transaction hash: with a block time at once, otherwise when mined.
   *  Throws with the contract's reason, sending nothing, when it would fail. */
  mintUsdc(address: string, units: bigint): Promise<string>
  sendUsdc(to: string, units: bigint): Promise<string>
  sendEth(to: string, wei: bigint): Promise<string>
  /** Puts code (hex without 0x) at an address of one's choice, as if it had been deployed there. */
  place(address: string, code: string): Promise<void>
  /** A call of a contract by the exchange's hot wallet, with coins where given; the transaction hash. */
  call(contract: string, data: string, wei?: bigint): Promise<string>
  mine(blocks?: number): Promise<void>
  readHeight(): Promise<number>
  readEth(address: string): Promise<bigint>
  readUsdc(address: string): Promise<bigint>
  /** Calls back for each coin or dollar that arrives at `address` from now on; returns how to stop. */
  watchTransfers(address: string, listener: (transfer: ObservedTransfer) => void): () => void
  /** Resolves when anvil has ended, asked or not. */
  readonly ended: Promise<void>
  close(): Promise<void>
}

export type EvmWorldStart =
  | { readonly kind: 'started'; readonly world: EvmWorld }
  | { readonly kind: 'no-anvil'; readonly lookedFor: readonly string[] }

export interface EvmWorldOptions {
  /** Absent: a block per transaction. */
  readonly blockTimeMs?: number
  /** Same seed, same addresses; absent: fresh ones. */
  readonly seed?: number
  readonly depositAddresses?: number
  /** Puts the dollar's code at mainnet's address instead of a fresh one. */
  readonly usdcAt?: 'fresh-address' | 'mainnet-address'
  /** Absent: the chain has no Multicall3, as a young one. */
  readonly multicall3?: 'placed'
  readonly onTrouble?: (error: unknown) => void
}

export async function startEvmWorld(options: EvmWorldOptions = {}): Promise<EvmWorldStart> {
  const anvil = findAnvil()
  if (anvil.kind === 'missing') return { kind: 'no-anvil', lookedFor: anvil.lookedFor }
  const deposits = options.depositAddresses ?? 4
  const node = await startAnvil(anvil.path, {
    chainId: DEMO_CHAIN_ID,
    accounts: 2 + deposits,
    blockTimeMs: options.blockTimeMs,
    seed: options.seed,
  })
  const closing = new AbortController()
  const ask = createAsk(node.url, CALL_LIMIT_MS, closing.signal)
  try {
    const world = await build(ask, node.url, options)
    return {
      kind: 'started',
      world: {
        ...world,
        ended: node.ended,
        async close() {
          closing.abort()
          await world.stopWatching()
          await node.close()
        },
      },
    }
  } catch (error) {
    await node.close()
    throw error
  }
}

async function build(
  ask: Ask,
  url: string,
  options: EvmWorldOptions,
): Promise<Omit<EvmWorld, 'ended' | 'close'> & { stopWatching(): Promise<void> }> {
  const [minter, hotWallet, ...depositAddresses] = await ask(
    'eth_accounts',
    [],
    z.array(addressSchema),
  )
  if (minter === undefined || hotWallet === undefined) throw new Error('anvil has no accounts')
  const mine = async (blocks = 1): Promise<void> => {
    for (let block = 0; block < blocks; block += 1) await ask('evm_mine', [], z.unknown())
  }
  const onDemand = options.blockTimeMs === undefined
  const send = async (from: string, to: string, value: bigint, data: string): Promise<string> => {
    const transaction = { from, to, value: hexQuantity(value), data }
    await ask('eth_call', [transaction, 'latest'], hexSchema)
    const hash = await ask('eth_sendTransaction', [transaction], hashSchema)
    // anvil answers shortly before the block is made.
    if (onDemand) await awaitReceipt(ask, hash)
    return hash
  }

  if (options.multicall3 === 'placed') {
    await ask('anvil_setCode', [MULTICALL3, `0x${multicall3.deployedBytecode}`], z.unknown())
  }
  const contract = await placeDollar(ask, minter, onDemand, options.usdcAt ?? 'fresh-address')
  await send(minter, contract, 0n, callWords(MINT, hotWallet, HOT_WALLET_USDC))
  if (!onDemand) await mine()
  const readEth = (address: string): Promise<bigint> =>
    ask('eth_getBalance', [address, 'latest'], quantitySchema)
  const readHeight = async (): Promise<number> =>
    Number(await ask('eth_blockNumber', [], quantitySchema))
  const watcher = createTransferWatcher(ask, {
    token: contract,
    height: await readHeight(),
    intervalMs: WATCH_INTERVAL_MS,
    onTrouble: options.onTrouble ?? (() => undefined),
  })

  return {
    url,
    chainId: DEMO_CHAIN_ID,
    usdc: { contract, symbol: 'USDC', decimals: 6 },
    hotWallet,
    depositAddresses,
    async fundEth(address, wei) {
      const total = (await readEth(address)) + wei
      await ask('anvil_setBalance', [address, hexQuantity(total)], z.unknown())
    },
    mintUsdc: (address, units) => send(minter, contract, 0n, callWords(MINT, address, units)),
    sendUsdc: (to, units) => send(hotWallet, contract, 0n, callWords(TRANSFER, to, units)),
    sendEth: (to, wei) => send(hotWallet, to, wei, '0x'),
    async place(address, code) {
      await ask('anvil_setCode', [address, `0x${code}`], z.unknown())
    },
    call: (target, data, wei = 0n) => send(hotWallet, target, wei, data),
    mine,
    readHeight,
    readEth,
    async readUsdc(address) {
      const call = { to: contract, data: callWords(BALANCE_OF, address) }
      return BigInt(await ask('eth_call', [call, 'latest'], hexSchema))
    },
    watchTransfers: (address, listener) => watcher.watch(address, listener),
    stopWatching: () => watcher.close(),
  }
}

/** Deploys the dollar and returns its address. */
async function placeDollar(
  ask: Ask,
  minter: string,
  onDemand: boolean,
  place: 'fresh-address' | 'mainnet-address',
): Promise<string> {
  const transaction = { from: minter, data: `0x${artifact.bytecode}` }
  const hash = await ask('eth_sendTransaction', [transaction], hashSchema)
  if (!onDemand) await ask('evm_mine', [], z.unknown())
  const receipt = await awaitReceipt(ask, hash)
  if (receipt.status !== '0x1' || receipt.contractAddress === null) {
    throw new Error('the dollar could not be deployed')
  }
  if (place === 'fresh-address') return receipt.contractAddress
  const code = await ask('eth_getCode', [receipt.contractAddress, 'latest'], hexSchema)
  await ask('anvil_setCode', [MAINNET_USDC, code], z.unknown())
  return MAINNET_USDC.toLowerCase()
}

async function awaitReceipt(ask: Ask, hash: string): Promise<z.infer<typeof receiptSchema>> {
  for (let wait = 0; wait < RECEIPT_LIMIT_MS; wait += RECEIPT_STEP_MS) {
    const receipt = await ask('eth_getTransactionReceipt', [hash], receiptSchema.nullable())
    if (receipt !== null) return receipt
    await sleep(RECEIPT_STEP_MS)
  }
  throw new Error(`anvil did not mine ${hash}`)
}

/** Solidity call of a function with an address and, where given, an amount. */
function callWords(selector: string, address: string, units?: bigint): string {
  const who = address.slice(2).toLowerCase().padStart(64, '0')
  const much = units === undefined ? '' : units.toString(16).padStart(64, '0')
  return `0x${selector}${who}${much}`
}
