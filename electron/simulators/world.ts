/** The demo's whole outside world on loopback: venues, chains and a device, wired as they are outside: what a
 *  venue pays out is a real transaction on the chain, and what arrives at its address is credited.
 *  Fresh keys each time; nothing here knows the product. Says in its description where everything listens. */
import { randomBytes } from 'node:crypto'
import type { WorldDescription } from './description.ts'
import { type BitcoinSimulator, startBitcoinSimulator } from './bitcoin/simulator.ts'
import { type EvmFaultProxy, startEvmFaultProxy } from './evm/faultProxy.ts'
import { type EvmWorld, startEvmWorld } from './evm/world.ts'
import { type SoftwareOneKey, mnemonicFromEntropy, serveSoftwareOneKey } from './onekey/serve.ts'
import { type DemoVenues, startDemoVenues } from './venue/demo.ts'

export interface DemoWorld {
  readonly description: WorldDescription
  readonly venues: DemoVenues
  readonly bitcoin: BitcoinSimulator
  readonly evm: EvmWorld
  /** The host's two lines to the EVM chain; each lies or fails when told to. */
  readonly evmLines: { readonly first: EvmFaultProxy; readonly second: EvmFaultProxy }
  readonly device: SoftwareOneKey
  close(): Promise<void>
}

export type WorldStart =
  | { readonly kind: 'started'; readonly world: DemoWorld }
  /** The EVM chain needs anvil; without it the demo would show half a vault. */
  | { readonly kind: 'no-anvil'; readonly lookedFor: readonly string[] }

export interface WorldOptions {
  /** Milliseconds between price steps; the market stands still when absent. */
  readonly stepEveryMs?: number
  /** Milliseconds between blocks on both chains; absent: mined on demand on bitcoin, at once on the EVM chain. */
  readonly blockEveryMs?: number
  /** BIP39 words; tests only, the demo always draws its own. */
  readonly mnemonic?: string
}

const bitcoinCoins: readonly bigint[] = [140_000_000n, 95_000_000n, 52_500_000n, 22_110_000n]
const vaultWei = 22_400_000_000_000_000_000n
const vaultUsdc = 49_900_000_000n
const confirmationsToCredit = 1

/** '12.5' → 12500000n at 6 decimals; digits below one unit are lost to the venue, as on real ones. */
function unitsOf(decimal: string, decimals: number): bigint {
  const [whole = '0', fraction = ''] = decimal.split('.')
  return BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, '0'))
}

function decimalOf(units: bigint, decimals: number): string {
  const digits = units.toString().padStart(decimals + 1, '0')
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
}

async function fundVault(
  device: SoftwareOneKey,
  bitcoin: BitcoinSimulator,
  evm: EvmWorld,
): Promise<void> {
  for (const [index, sats] of bitcoinCoins.entries()) {
    bitcoin.fund(device.bitcoinAddress(`m/84'/1'/0'/0/${index}`, 'Regtest'), sats)
  }
  bitcoin.mine(3)
  const address = device.evmAddress("m/44'/60'/0'/0/0")
  await evm.fundEth(address, vaultWei)
  await evm.mintUsdc(address, vaultUsdc)
  await evm.mine(1)
}

export async function startWorld(options: WorldOptions = {}): Promise<WorldStart> {
  const closers: (() => Promise<void>)[] = []
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end()
  }
  try {
    const blocks = options.blockEveryMs
    const evmStart = await startEvmWorld({
      multicall3: 'placed',
      ...(blocks === undefined ? {} : { blockTimeMs: blocks }),
    })
    if (evmStart.kind === 'no-anvil') return evmStart
    const evm = evmStart.world
    closers.push(() => evm.close())
    const first = await startEvmFaultProxy(evm.url)
    closers.push(() => first.close())
    const second = await startEvmFaultProxy(evm.url)
    closers.push(() => second.close())
    const bitcoin = await startBitcoinSimulator(
      blocks === undefined ? {} : { blockIntervalMs: blocks },
    )
    closers.push(() => bitcoin.close())
    const [depositAddress] = evm.depositAddresses
    if (depositAddress === undefined) throw new Error('the chain gave no deposit address')

    const venues = await startDemoVenues({
      // Nobody holds the key of this one: the demo takes no bitcoin deposits.
      deposits: { bitcoin: 'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202', evm: depositAddress },
      usdcContract: evm.usdc.contract,
      ...(options.stepEveryMs === undefined ? {} : { stepEveryMs: options.stepEveryMs }),
      onWithdrawal: async ({ asset, address, amount }) => {
        if (asset === 'BTC') return bitcoin.fund(address, unitsOf(amount, 8))
        return asset === 'ETH'
          ? evm.sendEth(address, unitsOf(amount, 18))
          : evm.sendUsdc(address, unitsOf(amount, 6))
      },
    })
    closers.push(() => venues.close())
    const stopWatching = evm.watchTransfers(depositAddress, (transfer) => {
      venues.binance.creditDeposit({
        asset: transfer.asset,
        network: 'ETH',
        txid: transfer.txid,
        amount: decimalOf(transfer.units, transfer.asset === 'ETH' ? 18 : 6),
        confirmations: confirmationsToCredit,
      })
    })
    closers.push(async () => stopWatching())

    const device = await serveSoftwareOneKey({
      mnemonic: options.mnemonic ?? mnemonicFromEntropy(randomBytes(16)),
      label: 'Ledge',
      networks: [{ chainId: evm.chainId, name: 'Demo chain', symbol: 'ETH' }],
      tokens: [{ chainId: evm.chainId, contract: evm.usdc.contract, symbol: 'USDC', decimals: 6 }],
    })
    closers.push(() => device.close())
    await fundVault(device, bitcoin, evm)

    const { binance, hyperliquid, control } = venues
    return {
      kind: 'started',
      world: {
        description: {
          binance: { origin: binance.origin, label: binance.label, ...binance.credentials },
          hyperliquid: {
            origin: hyperliquid.origin,
            label: hyperliquid.label,
            user: hyperliquid.user,
          },
          venueControl: { url: control.url, token: control.token },
          bitcoin: { port: bitcoin.port, esploraUrl: bitcoin.esplora.url },
          evm: {
            url: first.url,
            secondUrl: second.url,
            chainId: evm.chainId,
            usdc: evm.usdc.contract,
          },
          device: { port: device.linkPort, pageUrl: device.pageUrl, pageOrigin: device.pageOrigin },
        },
        venues,
        bitcoin,
        evm,
        evmLines: { first, second },
        device,
        close,
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}
