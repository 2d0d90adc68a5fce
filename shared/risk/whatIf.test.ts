import { describe, expect, it } from 'vitest'
import {
  account,
  cash,
  decimal,
  ethPosition,
  fixtureInstant,
  position,
} from '../collateral/snapshot.fixture.ts'
import { defaultBetas } from '../market/betas.ts'
import { assess } from './assess.ts'
import { defaultPolicy } from './defaultPolicy.ts'
import type { AssessOptions } from './options.ts'
import { assessWhatIf } from './whatIf.ts'

const options: AssessOptions = { policy: defaultPolicy, betas: defaultBetas, now: fixtureInstant }
const snapshot = account({
  marginMode: 'multi-asset',
  collaterals: [
    cash(30_000),
    cash(0, {
      asset: 'BTC',
      wallet: decimal(1),
      priceUsd: decimal(92_000),
      haircuts: [{ floor: 0, weight: 0.95 }],
    }),
  ],
  positions: [position(), ethPosition()],
})

function equity(change: Parameters<typeof assessWhatIf>[2]): number {
  const { equityUsd } = assessWhatIf(snapshot, options, change)
  return equityUsd.kind === 'known' ? equityUsd.value : Number.NaN
}

describe('what-ifs', () => {
  it('change nothing when nothing is turned', () => {
    expect(assessWhatIf(snapshot, options, {})).toEqual(assess(snapshot, options))
  })

  it('move prices along betas, collateral included', () => {
    expect(equity({ btc: -0.1 })).toBeCloseTo(30_000 + 0.95 * 82_800 - 9_200 - 31_600 * 0.125, 6)
    expect(equity({ btc: -0.1, betaFactor: 2 })).toBeCloseTo(
      30_000 + 0.95 * 82_800 - 9_200 - 31_600 * 0.25,
      6,
    )
  })

  it('move one asset by itself', () => {
    expect(equity({ assets: { ETH: 0.5 } })).toBeCloseTo(30_000 + 0.95 * 92_000 + 15_800, 6)
  })

  it('take points off every weight', () => {
    expect(equity({ haircutPoints: 0.2 })).toBeCloseTo(30_000 + 0.75 * 92_000, 6)
  })

  it('bring and take money', () => {
    const change = { transfer: { asset: 'USDC', delta: decimal(-5_000) } }
    expect(equity(change)).toBeCloseTo(25_000 + 0.95 * 92_000, 6)
  })

  it('cost more to get out of as depth goes', () => {
    const need = (depthFactor: number) => {
      const { requiredUsd } = assessWhatIf(snapshot, options, { depthFactor })
      return requiredUsd.kind === 'known' ? requiredUsd.value : Number.NaN
    }
    expect(need(0.1)).toBeGreaterThan(need(1))
  })

  it('let nothing out of a frozen venue', () => {
    expect(assessWhatIf(snapshot, options, { frozen: true }).excessUsd).toEqual({
      kind: 'known',
      value: 0,
    })
  })

  it('refuses a price that has fallen to nothing', () => {
    const report = assessWhatIf(snapshot, options, { assets: { ETH: -1 } })
    expect(report.refusals?.[0]?.data.field).toBe('positions.ETHUSDC:both.mark')
  })
})
