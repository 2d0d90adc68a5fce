/** The EVM chains that we know by id: coin, pace, least tip, where data fees are asked, and their dollars. A bridged
 *  dollar is another asset than the issuer's own (USDC.e, not USDC): venues credit only the one they name. Pegged
 *  dollars of BNB Chain have other decimals and are left out. Sources: ethereum-lists/chains for ids and coins,
 *  resources/evmTokens.json for contracts, the OP stack's predeploys, PIP-35 and BNB Chain's node for least tips.
 *  A chain that is not here is configured in full by the user. */
import { z } from 'zod'
import listed from '../../../../resources/evmTokens.json' with { type: 'json' }
import { type Asset, ETH } from '../../../../shared/units/amount.ts'
import { ENS_REGISTRY } from './names.ts'
import type { EvmTokenConfig } from './tokens.ts'

export interface KnownChain {
  readonly chainId: number
  readonly coin: Asset
  readonly blockTimeMs: number
  /** What lies above execution: a rollup of the OP stack charges for its data by an oracle of its own; Arbitrum counts
   *  it as gas, which its estimates hold and the gas limit caps. */
  readonly dataFee: 'none' | 'op-stack' | 'in-gas'
  /** Where its name service is; absent: it has none that we read. */
  readonly nameRegistry?: string
  /** Wei; nodes of the chain drop what tips less. Absent: none is enforced. */
  readonly leastTip?: bigint
}

const gwei = 1_000_000_000n

const knownChains: readonly KnownChain[] = [
  { chainId: 1, coin: ETH, blockTimeMs: 12_000, dataFee: 'none', nameRegistry: ENS_REGISTRY },
  { chainId: 10, coin: ETH, blockTimeMs: 2_000, dataFee: 'op-stack' },
  {
    chainId: 56,
    coin: { symbol: 'BNB', decimals: 18 },
    blockTimeMs: 1_000,
    dataFee: 'none',
    leastTip: gwei / 10n,
  },
  {
    chainId: 137,
    coin: { symbol: 'POL', decimals: 18 },
    blockTimeMs: 2_000,
    dataFee: 'none',
    leastTip: 25n * gwei,
  },
  { chainId: 8453, coin: ETH, blockTimeMs: 2_000, dataFee: 'op-stack' },
  { chainId: 42161, coin: ETH, blockTimeMs: 250, dataFee: 'in-gas' },
]

export function knownChain(chainId: number): KnownChain | undefined {
  return knownChains.find((chain) => chain.chainId === chainId)
}

const listSchema = z.object({
  tokens: z.array(
    z.object({
      chainId: z.int(),
      symbol: z.string(),
      decimals: z.int(),
      contract: z.string(),
      chainSymbols: z.array(z.string()).min(1).readonly(),
      /** The issuer's own, or what a bridge made of it. */
      standing: z.enum(['native', 'bridged']),
      /** Where the contract's address is published. */
      source: z.url(),
    }),
  ),
})

/** The checked-in list's tokens of one chain; none for a chain that it does not know. */
export function listedTokens(chainId: number): readonly EvmTokenConfig[] {
  return listSchema.parse(listed).tokens.flatMap((token) => {
    const { symbol, decimals, contract, chainSymbols } = token
    return token.chainId === chainId
      ? [{ asset: { symbol, decimals }, contract, chainSymbol: chainSymbols }]
      : []
  })
}

/** How far two servers of a chain may be apart: a block's time and some, and the blocks made in that time. */
export function lagOf(blockTimeMs: number): { readonly lagMs: number; readonly lagBlocks: number } {
  const lagMs = blockTimeMs + 3_000
  return { lagMs, lagBlocks: Math.max(2, Math.ceil(lagMs / blockTimeMs)) }
}
