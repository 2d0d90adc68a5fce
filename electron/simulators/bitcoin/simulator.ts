/** The demo's and the tests' bitcoin network: a regtest chain with a faucet behind an Electrum server
 *  on loopback. Nothing here knows the product; it checks what arrives with its own implementation. */
import { initEccLib } from 'bitcoinjs-lib'
import * as ecc from 'tiny-secp256k1'
import { type Reorganisation, createBitcoinChain } from './chain.ts'
import { type CoreServer, startCoreServer } from './coreServer.ts'
import { type ElectrumServer, startElectrumServer } from './electrumServer.ts'
import { createFaucetKey, fundAddress } from './faucet.ts'
import { startEsploraServer } from './esploraServer.ts'
import { type Faults, createFaults } from './faults.ts'

export interface BitcoinSimulatorOptions {
  /** ms since the epoch; the machine's clock unless given. */
  readonly now?: () => number
  /** Blocks before the first visitor; each pays the faucet. */
  readonly initialBlocks?: number
  /** Mines one block this often; 0 mines on demand only. */
  readonly blockIntervalMs?: number
  /** Delay of every answer. */
  readonly latencyMs?: number
  /** sat/vB answered to estimatefee; null when the server has no idea. */
  readonly feeRate?: number | null
}

export interface BitcoinSimulator {
  /** Electrum protocol, TCP, 127.0.0.1. */
  readonly port: number
  readonly faults: Faults
  /** The same chain by Esplora's REST, with faults of its own; methods are named by their path's shape. */
  readonly esplora: {
    readonly url: string
    readonly faults: Faults
    /** 'GET /path' of every question. */
    received(): readonly string[]
  }
  /** The same chain as Bitcoin Core tells it, with faults of its own; methods are named as the RPC names them. */
  readonly core: CoreServer & { readonly faults: Faults }
  /** Lines received from clients. */
  received(): readonly string[]
  height(): number
  /** Pays sats to a regtest address, into the mempool; returns the txid. */
  fund(address: string, sats: bigint): string
  mine(count: number): void
  reorganise(how: Reorganisation): void
  forget(txid: string): void
  /** Raw transaction and its height (0 in the mempool), if the chain has it. */
  transaction(txid: string): { readonly rawHex: string; readonly height: number } | undefined
  /** Hands a raw transaction to the node as a peer would. */
  accept(rawHex: string): ReturnType<ReturnType<typeof createBitcoinChain>['accept']>
  setFeeRate(satPerVb: number | null): void
  dropConnections(): void
  close(): Promise<void>
}

/** Starts the chain and its server. Close it: it holds a port and perhaps a timer. */
export async function startBitcoinSimulator(
  options: BitcoinSimulatorOptions = {},
): Promise<BitcoinSimulator> {
  const { now = Date.now, initialBlocks = 110, blockIntervalMs = 0, latencyMs = 0 } = options
  // bitcoinjs-lib reads taproot addresses only once it has a curve.
  initEccLib(ecc)
  let feeRate = options.feeRate === undefined ? 5 : options.feeRate
  const key = createFaucetKey()
  const chain = createBitcoinChain({ now, rewardScript: key.script })
  chain.mine(initialBlocks)
  const faults = createFaults()
  const server: ElectrumServer = await startElectrumServer(
    { chain, faults, feeRate: () => feeRate },
    latencyMs,
  )
  const esploraFaults = createFaults()
  const esplora = await startEsploraServer({
    chain,
    faults: esploraFaults,
    feeRate: () => feeRate,
  })
  const coreFaults = createFaults()
  const core = await startCoreServer({ chain, faults: coreFaults, feeRate: () => feeRate })
  const timer = blockIntervalMs > 0 ? setInterval(() => chain.mine(1), blockIntervalMs) : undefined
  return {
    port: server.port,
    faults,
    esplora: { url: esplora.url, faults: esploraFaults, received: esplora.received },
    core: { ...core, faults: coreFaults },
    received: server.received,
    height: chain.height,
    fund: (address, sats) => fundAddress(chain, key, address, sats),
    mine: chain.mine,
    reorganise: chain.reorganise,
    forget: chain.forget,
    transaction: chain.transaction,
    accept: chain.accept,
    setFeeRate: (satPerVb) => {
      feeRate = satPerVb
    },
    dropConnections: server.dropConnections,
    close: async () => {
      clearInterval(timer)
      await server.close()
      await esplora.close()
      await core.close()
    },
  }
}
