import { describe, expect, it } from 'vitest'
import {
  account,
  cash,
  decimal,
  ethPosition,
  fixtureInstant,
  position,
} from '../collateral/snapshot.fixture.ts'
import type { AccountSnapshot } from '../collateral/snapshot.ts'
import { applyTransfer } from '../collateral/applyTransfer.ts'
import { defaultBetas } from '../market/betas.ts'
import { assess } from '../risk/assess.ts'
import { defaultPolicy } from '../risk/defaultPolicy.ts'
import { amount, amountToDecimal, amountToNumber, BTC, ETH, USDC, USDT } from '../units/amount.ts'
import type { SuggestOptions } from './figures.ts'
import { suggest, whyNoSuggestion } from './suggest.ts'
import { suggestionSchema } from './suggestion.ts'

const options: SuggestOptions = {
  policy: defaultPolicy,
  betas: defaultBetas,
  now: fixtureInstant,
  vault: [amount(USDC, 50_000_000_000n), amount(BTC, 100_000_000n)],
  assets: [USDC, USDT, BTC, ETH],
}

function verified(snapshot: AccountSnapshot): AccountSnapshot {
  const { positions } = assess(snapshot, options)
  return {
    ...snapshot,
    positions: snapshot.positions.map((held, i) => {
      const displayed = positions[i]?.displayed
      const price = displayed?.kind === 'known' ? displayed.value : undefined
      return { ...held, reportedLiquidation: price === undefined ? null : decimal(price) }
    }),
  }
}

const demo = verified(account({ positions: [position({ size: decimal('1.2') }), ethPosition()] }))
const short = verified(account({ collaterals: [cash(15_000)], positions: demo.positions }))

function run(snapshot: AccountSnapshot, now = fixtureInstant) {
  const given = { ...options, now }
  const report = assess(snapshot, given)
  return {
    report,
    suggestions: suggest([report], [snapshot], given),
    why: whyNoSuggestion(report, snapshot, given),
  }
}

describe('suggest', () => {
  it('sweeps the excess, exact in units, and every counted scenario still passes after it', () => {
    const { report, suggestions, why } = run(demo)
    const [sweep] = suggestions
    if (sweep === undefined) throw new Error('no sweep')
    expect(suggestionSchema.parse(sweep)).toEqual(sweep)
    expect(why).toBeUndefined()
    expect(sweep.kind).toBe('sweep')
    const excess = report.excessUsd.kind === 'known' ? report.excessUsd.value : 0
    expect(amountToNumber(sweep.amount)).toBeLessThanOrEqual(excess)
    // 142,000 of positions × 1 % × 1.5
    expect(amountToNumber(sweep.amount)).toBeCloseTo(excess - 2_130, 1)
    const after = assess(
      applyTransfer(demo, 'USDC', decimal(`-${amountToDecimal(sweep.amount)}`)),
      options,
    )
    expect(after.scenarios.every(({ outcome }) => outcome === 'passes')).toBe(true)
    expect(sweep.after.excessUsd).toBeCloseTo(2_130, 1)
    expect(sweep.before.distanceDown).toBeLessThan(-0.7)
    expect(sweep.after.distanceDown).toBeGreaterThan(-0.5)
  })

  it('asks for what is missing, and the account passes afterwards', () => {
    const { suggestions, report } = run(short)
    const [topUp] = suggestions
    if (topUp === undefined) throw new Error('no top-up')
    expect(topUp.kind).toBe('top-up')
    expect(topUp.amount.asset).toBe('USDC')
    expect(report.shortfallUsd.kind).toBe('known')
    const after = assess(applyTransfer(short, 'USDC', amountToDecimal(topUp.amount)), options)
    expect(after.shortfallUsd).toEqual({ kind: 'known', value: 0 })
  })

  it('says why there is none', () => {
    const stale = run(demo, fixtureInstant + 3_600_000)
    expect(stale.suggestions).toEqual([])
    expect(stale.why?.key).toBe('reason.none.stale')
    const gap = { field: 'funding', problem: 'failed', value: null } as const
    const partial = run({ ...demo, gaps: [gap] })
    expect(partial.suggestions).toEqual([])
    expect(partial.why).toEqual({ key: 'reason.none.partial', values: { missing: 'funding' } })
    const other = demo.positions.map((held) => ({ ...held, reportedLiquidation: decimal(50_000) }))
    const unverified = run({ ...demo, positions: other })
    expect(unverified.suggestions).toEqual([])
    expect(unverified.why?.key).toBe('reason.none.unverified')
    const little = run(account({ collaterals: [cash(400)] }))
    expect(little.suggestions).toEqual([])
    expect(little.why?.key).toBe('reason.none.underMinimum')
  })

  it('takes no report made from another snapshot', () => {
    const report = assess(demo, options)
    const later = { ...demo, asOf: demo.asOf + 1 }
    expect(suggest([report], [later], options)).toEqual([])
  })

  it('never exceeds the exact decimals that the venue lets out', () => {
    const capped = verified(
      account({ ...demo, collaterals: [cash(120_000, { withdrawable: decimal('600.1234569') })] }),
    )
    const [sweep] = run(capped).suggestions
    expect(sweep).toBeUndefined()
    const idle = account({ collaterals: [cash(120_000, { withdrawable: decimal('600.1299999') })] })
    // The excess is in whole cents.
    expect(run(idle).suggestions[0]?.amount.units).toBe(600_120_000n)
  })

  it('puts what is short before what is too much', () => {
    const two = { ...short, accountId: 'a2' }
    const reports = [assess(demo, options), assess(two, options)]
    const kinds = suggest(reports, [demo, two], options).map(({ kind }) => kind)
    expect(kinds).toEqual(['top-up', 'sweep'])
  })
})

describe('a suggestion made at the edge of the price limit', () => {
  it('is still excess after any move within it', () => {
    const [sweep] = run(demo).suggestions
    if (sweep === undefined) throw new Error('no sweep')
    for (const move of [-0.01, 0.01]) {
      const moved = {
        ...demo,
        positions: demo.positions.map((held) => ({
          ...held,
          mark: decimal(Number(held.mark) * (1 + move)),
        })),
      }
      const { excessUsd } = assess(moved, options)
      expect(excessUsd.kind === 'known' && excessUsd.value).toBeGreaterThanOrEqual(
        amountToNumber(sweep.amount),
      )
    }
  })
})

describe('coin collateral', () => {
  const coins = verified(
    account({
      marginMode: 'multi-asset',
      collaterals: [
        cash(2_000, { asset: 'USDT' }),
        cash(0, {
          asset: 'BTC',
          wallet: decimal('1.5'),
          priceUsd: decimal(92_000),
          haircuts: [
            { floor: 0, weight: 0.95 },
            { floor: 1, weight: 0.8 },
          ],
          withdrawable: decimal('1.2'),
        }),
      ],
      positions: [ethPosition({ settle: 'USDT' })],
    }),
  )

  it('is swept in its own units, and every scenario still passes, the coin falling too', () => {
    const [sweep] = run(coins).suggestions
    if (sweep === undefined) throw new Error('no sweep')
    expect(sweep.amount.asset).toBe('BTC')
    expect(sweep.amount.units).toBeGreaterThan(50_000_000n)
    expect(sweep.amount.units).toBeLessThanOrEqual(120_000_000n)
    const gone = decimal(`-${amountToDecimal(sweep.amount)}`)
    const after = assess(applyTransfer(coins, 'BTC', gone), options)
    expect(after.scenarios.every(({ outcome }) => outcome === 'passes')).toBe(true)
    expect(after.shortfallUsd).toEqual({ kind: 'known', value: 0 })
  })

  it('is not swept when the asset cannot move', () => {
    const why = whyNoSuggestion(assess(coins, options), coins, { ...options, assets: [ETH] })
    expect(why?.key).toBe('reason.none.noMovableAsset')
  })
})

describe('a top-up', () => {
  it('is not suggested where it could not help: an isolated position is short', () => {
    const isolated = verified(
      account({
        collaterals: [cash(0)],
        positions: [position({ marginMode: 'isolated', isolatedWallet: decimal(5_000) })],
      }),
    )
    const { suggestions, why } = run(isolated)
    expect(suggestions).toEqual([])
    expect(why?.key).toBe('reason.none.vaultLacks')
  })

  it('takes what the vault has when it has less, and says so', () => {
    const little = { ...options, vault: [amount(USDC, 1_000_000_000n)] }
    const [topUp] = suggest([assess(short, little)], [short], little)
    expect(topUp?.amount.units).toBe(1_000_000_000n)
    expect(topUp?.reasons.map(({ key }) => key)).toContain('reason.topUp.vaultLacksRest')
  })
})

describe('the cap of exposure', () => {
  const reasons = (snapshots: readonly AccountSnapshot[], over: Partial<SuggestOptions> = {}) => {
    const given = { ...options, ...over }
    const reports = snapshots.map((snapshot) => assess(snapshot, given))
    return suggest(reports, snapshots, given).map(({ kind, reasons: said }) => ({
      kind,
      cap: said.find(({ key }) => key.endsWith('exposureCap'))?.values['share'],
    }))
  }
  const elsewhere = account({ accountId: 'a2', venue: 'hyperliquid', collaterals: [cash(20_000)] })

  it('is named where one exchange holds more of everything, its markets together', () => {
    // 120,000 here, 20,000 elsewhere, 50,000 of USDC and one bitcoin of 92,000 in the vault.
    expect(reasons([demo, elsewhere])[0]).toEqual({ kind: 'sweep', cap: undefined })
    const coinm = account({ accountId: 'a3', venue: 'binance-coinm', collaterals: [cash(60_000)] })
    expect(reasons([demo, elsewhere, coinm])[0]?.cap).toBeCloseTo(180_000 / 342_000, 9)
  })

  it('is named where a top-up would pass it, and the top-up made all the same', () => {
    const vault = [amount(USDC, 15_000_000_000n)]
    const [found] = reasons([short], { vault })
    expect(found?.kind).toBe('top-up')
    expect(found?.cap).toBeGreaterThan(0.5)
    expect(
      reasons([short, { ...elsewhere, collaterals: [cash(500_000)] }], { vault }),
    ).toContainEqual({ kind: 'top-up', cap: undefined })
  })

  it('is not spoken of where something has no price: unknown is not nothing', () => {
    const vault = [amount(ETH, 1n)]
    const lone = account({ collaterals: [cash(120_000)] })
    expect(reasons([lone], { vault: [] })[0]?.cap).toBe(1)
    expect(reasons([lone], { vault })[0]).toEqual({ kind: 'sweep', cap: undefined })
  })
})
