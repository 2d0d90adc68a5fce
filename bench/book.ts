/** Accounts for the benches: three collaterals and tiered cross positions, mostly long, some hedged. */
import {
  account,
  btcTiers,
  cash,
  decimal,
  position,
} from '../shared/collateral/snapshot.fixture.ts'
import type { AccountSnapshot } from '../shared/collateral/snapshot.ts'
import { type Betas, defaultBetas } from '../shared/market/betas.ts'
import { defaultLiquidity, type LiquidityTable } from '../shared/market/liquidity.ts'

const prices = { BTC: 92_000, ETH: 3_160, SOL: 140 }
const majors = ['BTC', 'ETH', 'SOL'] as const

interface Held {
  readonly symbol: string
  readonly base: string
  readonly mark: number
  readonly notional: number
}

function accountOf(held: readonly Held[]): AccountSnapshot {
  return account({
    marginMode: 'multi-asset',
    collaterals: [
      cash(130_000, { asset: 'USDT' }),
      cash(0, {
        asset: 'BTC',
        wallet: decimal(1),
        priceUsd: decimal(prices.BTC),
        haircuts: [{ floor: 0, weight: 0.95 }],
      }),
      cash(0, {
        asset: 'ETH',
        wallet: decimal(5),
        priceUsd: decimal(prices.ETH),
        haircuts: [{ floor: 0, weight: 0.9 }],
      }),
    ],
    positions: held.map(({ symbol, base, mark, notional }, i) =>
      position({
        symbol,
        base,
        settle: 'USDT',
        side: i % 4 === 3 ? 'short' : 'long',
        size: decimal((notional / mark).toFixed(8)),
        entry: decimal(mark),
        mark: decimal(mark),
        tiers: btcTiers,
      }),
    ),
  })
}

/** `count` positions on three instruments. */
export function bookOf(count: number, seed: number): AccountSnapshot {
  const held = Array.from({ length: count }, (_, i) => {
    const base = majors[(i + seed) % 3] ?? 'BTC'
    const notional = 60_000 + i * 12_000 + (seed % 97) * 50
    return { symbol: `${base}USDT-${i}`, base, mark: prices[base], notional }
  })
  return accountOf(held)
}

/** `count` positions, each on an instrument of its own, and the facts about those that nobody measured. */
export function wideBook(count: number): {
  readonly snapshot: AccountSnapshot
  readonly betas: Betas
  readonly liquidity: LiquidityTable
} {
  const others = Array.from({ length: count - majors.length }, (_, i) => `COIN${i}`)
  const held = [...majors, ...others].map((base, i) => {
    const mark = base === 'BTC' || base === 'ETH' || base === 'SOL' ? prices[base] : 1 + i
    return { symbol: `${base}USDT`, base, mark, notional: 6_000 + i * 1_200 }
  })
  const own = others.map((asset, i) => ({
    asset,
    beta: { value: 1 + (i % 7) / 10, source: 'the bench', asOf: '2026-04-01' },
    liquidity: { dailyVolumeUsd: 1e8 * (1 + (i % 9)), dailyVolatility: 0.06 },
  }))
  return {
    snapshot: accountOf(held),
    betas: {
      ...defaultBetas,
      ...Object.fromEntries(own.map(({ asset, beta }) => [asset, beta])),
    },
    liquidity: {
      ...defaultLiquidity,
      ...Object.fromEntries(own.map(({ asset, liquidity }) => [asset, liquidity])),
    },
  }
}
