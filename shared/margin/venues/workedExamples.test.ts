import { describe, expect, it } from 'vitest'
import {
  account,
  cash,
  decimal,
  fixtureInstant,
  position,
} from '../../collateral/snapshot.fixture.ts'
import type { AccountSnapshot } from '../../collateral/snapshot.ts'
import { venueIds } from '../../collateral/snapshot.ts'
import { defaultBetas } from '../../market/betas.ts'
import { assess } from '../../risk/assess.ts'
import { defaultPolicy } from '../../risk/defaultPolicy.ts'
import type { WorkedExample } from './examples/example.fixture.ts'
import { binanceCoinmExamples } from './examples/binanceCoinm.fixture.ts'
import { binanceUsdmExamples } from './examples/binanceUsdm.fixture.ts'
import { bitgetExamples } from './examples/bitget.fixture.ts'
import { bybitExamples } from './examples/bybit.fixture.ts'
import { coinexExamples } from './examples/coinex.fixture.ts'
import { dydxExamples } from './examples/dydx.fixture.ts'
import { gateExamples } from './examples/gate.fixture.ts'
import { htxExamples } from './examples/htx.fixture.ts'
import { hyperliquidExamples } from './examples/hyperliquid.fixture.ts'
import { kucoinExamples } from './examples/kucoin.fixture.ts'
import { okxExamples } from './examples/okx.fixture.ts'

const workedExamples: readonly WorkedExample[] = [
  ...binanceUsdmExamples,
  ...binanceCoinmExamples,
  ...okxExamples,
  ...bybitExamples,
  ...kucoinExamples,
  ...hyperliquidExamples,
  ...dydxExamples,
  ...gateExamples,
  ...bitgetExamples,
  ...htxExamples,
  ...coinexExamples,
]

function snapshotOf(example: WorkedExample): AccountSnapshot {
  const isolated = example.mode.startsWith('isolated')
  const inverse = example.mode.endsWith('inverse')
  const settle = inverse ? 'BTC' : 'USDT'
  const contract = { settle, contractType: inverse ? 'inverse' : 'linear' } as const
  const own = position({
    ...contract,
    symbol: 'OWN',
    side: example.side,
    size: decimal(example.size),
    entry: decimal(example.entry),
    mark: decimal(example.mark),
    marginMode: isolated ? 'isolated' : 'cross',
    isolatedWallet: isolated ? decimal(example.wallet) : null,
    tiers: example.tiers,
    liquidationFeeRate: example.fee,
    tickSize: example.tick === null ? null : decimal(example.tick),
  })
  const others = example.others.map((other, i) =>
    position({
      ...contract,
      symbol: `OTHER${i}`,
      base: inverse ? 'BTC' : 'ETH',
      side: other.side,
      size: decimal(other.size),
      entry: decimal(other.entry),
      mark: decimal(other.mark),
      tiers: [{ floor: 0, rate: other.rate, deduction: other.deduction }],
      liquidationFeeRate: example.fee,
    }),
  )
  return account({
    venue: example.venue,
    collaterals: [
      cash(0, {
        asset: settle,
        wallet: decimal(isolated ? '0' : example.wallet),
        priceUsd: inverse ? decimal(example.mark) : decimal('1'),
      }),
    ],
    positions: [own, ...others],
  })
}

function solve(example: WorkedExample) {
  const report = assess(snapshotOf(example), {
    policy: defaultPolicy,
    betas: defaultBetas,
    now: fixtureInstant,
  })
  const own = report.positions.find(({ symbol }) => symbol === 'OWN')
  const value = (measure: NonNullable<typeof own>['trigger'] | undefined) =>
    measure?.kind === 'known' ? measure.value : null
  return { trigger: value(own?.trigger), displayed: value(own?.displayed) }
}

describe.each(venueIds)('%s', (venue) => {
  const examples = workedExamples.filter((example) => example.venue === venue)

  it('has ten worked examples, each with its source', () => {
    expect(examples.length).toBeGreaterThanOrEqual(10)
    expect(examples.every(({ source }) => source.length > 3)).toBe(true)
  })

  it.each(examples)('$mode: $name', (example) => {
    const { trigger, displayed } = solve(example)
    const entry = Number(example.entry)
    const error = (ours: number | null, theirs: number | null) =>
      ours === null || theirs === null
        ? ours === theirs
          ? 0
          : Infinity
        : Math.abs(ours - theirs) / entry
    expect(error(trigger, example.trigger)).toBeLessThan(1e-9)
    expect(error(displayed, example.displayed)).toBeLessThan(1e-9)
  })
})
