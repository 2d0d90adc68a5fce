/** One account as the host sends it, with the facts that it was assessed on. Tests only. */
import { type AccountSnapshot, accountSnapshotSchema } from '../../shared/collateral/snapshot.ts'
import { defaultBetas } from '../../shared/market/betas.ts'
import { correlationOf } from '../../shared/market/correlation.ts'
import { defaultLiquidity } from '../../shared/market/liquidity.ts'
import { assess } from '../../shared/risk/assess.ts'
import { defaultPolicy } from '../../shared/risk/defaultPolicy.ts'
import type { AssessOptions } from '../../shared/risk/options.ts'
import type { Assessed } from './whatIf.ts'

const asOf = 1_790_000_000_000
export const snapshot = accountSnapshotSchema.parse({
  accountId: 'a',
  venue: 'hyperliquid',
  label: 'Hyperliquid',
  asOf,
  source: 'clearinghouseState',
  marginMode: 'single-asset',
  positionMode: 'one-way',
  collaterals: [
    {
      asset: 'USDC',
      wallet: '20000',
      priceUsd: '1',
      haircuts: [{ floor: 0, weight: 1 }],
      withdrawable: '8000',
    },
  ],
  positions: [
    {
      symbol: 'ETH',
      base: 'ETH',
      settle: 'USDC',
      contractType: 'linear',
      side: 'long',
      leg: 'both',
      size: '10',
      entry: '3000',
      mark: '3000',
      marginMode: 'cross',
      isolatedWallet: null,
      leverage: '10',
      tiers: [{ floor: 0, rate: 0.02, deduction: 0 }],
      liquidationFeeRate: 0,
      maintenance: null,
      unrealised: null,
      reportedLiquidation: null,
      tickSize: '0.1',
      funding: { rate: '0.0001', intervalHours: 8 },
    },
  ],
  orderMargin: '0',
  reported: { equity: '20000', maintenance: '600', withdrawable: '8000' },
  gaps: [],
})

export const facts = {
  now: asOf,
  betas: { ...defaultBetas, ETH: { value: 1.4, source: 'the test', asOf: '2026-04-01' } },
  liquidity: { ...defaultLiquidity, ETH: { dailyVolumeUsd: 1e8, dailyVolatility: 0.06 } },
  correlations: {
    assets: ['BTC', 'ETH'],
    matrix: [
      [1, 0.8],
      [0.8, 1],
    ],
    samples: 700,
  },
  inFlightUsd: 500,
}
const measured = [
  { asset: 'BTC', sigma: 0.02, atr: 0.03 },
  { asset: 'ETH', sigma: 0.04, atr: null },
].map((of) => ({
  ...of,
  source: 'the test',
  asOf,
  samples: 700,
  missingHours: 0,
  sigma30d: of.sigma,
  sigmaEwma: of.sigma,
  missing: [],
}))

export const options: AssessOptions = {
  policy: defaultPolicy,
  ...facts,
  correlation: (a, b) => correlationOf(facts.correlations, a, b),
  volatility: { BTC: 0.02, ETH: 0.04 },
  averageTrueRange: { BTC: 0.03 },
  measured,
}

export function assessedWith(of: AccountSnapshot): Assessed {
  return { snapshot: of, report: assess(of, options), facts }
}
