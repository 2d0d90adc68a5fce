import { describe, expect, it } from 'vitest'
import { slackAt } from '../margin/breach.ts'
import { collateralItem, type Item, linearItem } from '../margin/pool.ts'
import { curveRange, slackCurve } from './slackCurve.ts'

function pool(sign: 1 | -1, size: number, cash: number, tierAt: number) {
  const items: readonly Item[] = [
    linearItem({
      symbol: 'P',
      asset: 'P',
      settle: 'USDC',
      price: 100,
      entry: 100,
      size,
      sign,
      tiers: [
        { floor: 0, rate: 0.01, deduction: 0 },
        { floor: tierAt, rate: 0.05, deduction: tierAt * 0.04 },
      ],
      feeRate: 0,
      usdPerSettle: 1,
      funding: null,
    }),
    collateralItem('USDC', cash, 1),
  ]
  return { items, velocities: Float64Array.of(1, 0) }
}

const pools = [pool(1, 10, 400, 800), pool(-1, 4, 300, 500)]
const curve = slackCurve(pools)

/** Between two points the curve is a straight line. */
function read(shock: number): number {
  const end = curve.findIndex((point) => point.shock >= shock)
  const [a, b] = [curve[Math.max(0, end - 1)], curve[Math.max(0, end)]]
  if (a === undefined || b === undefined) return Number.NaN
  if (a.shock === b.shock) return a.slackUsd
  return a.slackUsd + ((b.slackUsd - a.slackUsd) * (shock - a.shock)) / (b.shock - a.shock)
}

describe('the curve of slack', () => {
  it('is the slack of the tightest pool everywhere', () => {
    for (let shock: number = curveRange.from; shock <= curveRange.to; shock += 0.001) {
      const tightest = Math.min(...pools.map((p) => slackAt(p.items, p.velocities, shock)))
      expect(read(shock)).toBeCloseTo(tightest, 6)
    }
  })

  it('has its points in order, zero crossings and now among them', () => {
    expect(curve.every((point, i) => i === 0 || point.shock > (curve[i - 1]?.shock ?? 0))).toBe(
      true,
    )
    expect(curve.some(({ shock }) => shock === 0)).toBe(true)
    const crossings = curve.filter(({ slackUsd }) => Math.abs(slackUsd) < 1e-9)
    expect(crossings.length).toBe(2)
  })

  it('is empty without pools', () => {
    expect(slackCurve([])).toEqual([])
  })
})
