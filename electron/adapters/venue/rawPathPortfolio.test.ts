/** Portfolio margin and options through the raw path: the venue's own figures are shown, distance and excess are
 *  unverified, and nothing may be suggested on them. Shapes: Binance portfolio margin API (papi/v1/account, balance,
 *  um/positionRisk), OKX v5 account/config acctLv 4, Bybit v5 account/info PORTFOLIO_MARGIN. */
import { describe, expect, it } from 'vitest'
import type { AccountSnapshot, VenueId } from '../../../shared/collateral/snapshot.ts'
import { defaultBetas } from '../../../shared/market/betas.ts'
import { assess } from '../../../shared/risk/assess.ts'
import { defaultPolicy } from '../../../shared/risk/defaultPolicy.ts'
import {
  type BinancePortfolioAnswers,
  parseBinancePortfolioAccount,
} from './binance/parsePortfolio.ts'
import { furtherVenues, received } from './furtherVenues.fixture.ts'
import type { Parsed } from './parsed.ts'

const identity = { accountId: 'a', label: 'A' }

const binance: BinancePortfolioAnswers = {
  account: {
    uniMMR: '5167.92171923',
    accountEquity: '122607.35137903',
    actualEquity: '142607.35137903',
    accountInitialMargin: '23.72469206',
    accountMaintMargin: '23.72469206',
    accountStatus: 'NORMAL',
    virtualMaxWithdrawAmount: '1627523.32459208',
    updateTime: 1_800_000_000_000,
  },
  balance: [
    { asset: 'USDT', totalWalletBalance: '122607.35137903', crossMarginFree: '92.0' },
    { asset: 'BNB', totalWalletBalance: '0' },
  ],
  umPositionRisk: [
    {
      symbol: 'BTCUSDT',
      positionAmt: '0.01',
      entryPrice: '44525.0',
      markPrice: '45464.1735922',
      unRealizedProfit: '9.39173592',
      liquidationPrice: '38007.16308568',
      leverage: '100',
      positionSide: 'LONG',
      updateTime: 1_707_371_879_042,
      notional: '454.64173592',
    },
  ],
  cmPositionRisk: [
    {
      symbol: 'ETHUSD_PERP',
      positionAmt: '-3',
      entryPrice: '2422.4',
      markPrice: '2424.51267823',
      unRealizedProfit: '-0.0000108',
      liquidationPrice: '9000',
      leverage: '100',
      positionSide: 'BOTH',
    },
  ],
  umExchangeInfo: {
    symbols: [{ symbol: 'BTCUSDT', baseAsset: 'BTC', marginAsset: 'USDT', filters: [] }],
  },
  cmExchangeInfo: {
    symbols: [{ symbol: 'ETHUSD_PERP', baseAsset: 'ETH', marginAsset: 'ETH', contractSize: 10 }],
  },
}

const snapshotOf = (parsed: Parsed<AccountSnapshot>): AccountSnapshot => {
  if (parsed.kind === 'malformed') throw new Error(`${parsed.field}: ${parsed.value}`)
  return parsed.value
}

function readVenue(venue: VenueId, change: Record<string, unknown>): AccountSnapshot {
  const found = furtherVenues.find((each) => each.venue === venue)
  if (found === undefined) throw new Error(venue)
  return snapshotOf(found.parse({ ...found.answers, ...change }))
}

const okxOption = {
  instId: 'BTC-USD-270326-90000-C',
  instType: 'OPTION',
  posSide: 'net',
  pos: '1',
  avgPx: '0.01',
  ccy: 'BTC',
  mgnMode: 'cross',
}

const accounts: readonly (readonly [string, () => AccountSnapshot])[] = [
  [
    'Binance portfolio margin',
    () => snapshotOf(parseBinancePortfolioAccount(identity, binance, received)),
  ],
  [
    'Binance portfolio margin without a position',
    () =>
      snapshotOf(
        parseBinancePortfolioAccount(
          identity,
          { ...binance, umPositionRisk: [], cmPositionRisk: [] },
          received,
        ),
      ),
  ],
  [
    'OKX at account level 4',
    () => readVenue('okx', { config: { data: [{ acctLv: '4', posMode: 'net_mode' }] } }),
  ],
  [
    'OKX at account level 4 with an option only',
    () =>
      readVenue('okx', {
        config: { data: [{ acctLv: '4', posMode: 'net_mode' }] },
        positions: { code: '0', data: [okxOption] },
      }),
  ],
  [
    'Bybit PORTFOLIO_MARGIN',
    () => readVenue('bybit', { accountInfo: { result: { marginMode: 'PORTFOLIO_MARGIN' } } }),
  ],
]

describe.each(accounts)('%s', (_, read) => {
  it('computes nothing, names why, and may not be acted on', () => {
    const snapshot = read()
    expect(snapshot.marginMode).toBe('portfolio')
    const report = assess(snapshot, {
      policy: defaultPolicy,
      betas: defaultBetas,
      now: snapshot.asOf,
    })
    expect(report.state).toBe('partial')
    expect(report.missing).toContain('portfolioMargin')
    for (const measure of [report.equityUsd, report.requiredUsd, report.excessUsd])
      expect(measure).toMatchObject({ kind: 'unknown' })
    if (snapshot.positions.length > 0) {
      expect(report.distanceDown.kind).toBe('unknown')
      expect(report.distanceUp.kind).toBe('unknown')
    }
    for (const position of report.positions) {
      expect(position.trigger?.kind).toBe('unknown')
      expect(position.verification).toMatchObject({ kind: 'unverified' })
    }
  })
})

describe('reported figures', () => {
  it('of Binance portfolio margin stand in the snapshot and beside each position', () => {
    const snapshot = snapshotOf(parseBinancePortfolioAccount(identity, binance, received))
    expect(snapshot.reported).toEqual({
      equity: '122607.35137903',
      maintenance: '23.72469206',
      withdrawable: '1627523.32459208',
    })
    expect(snapshot.collaterals).toMatchObject([{ asset: 'USDT', wallet: '122607.35137903' }])
    expect(snapshot.positions).toMatchObject([
      {
        symbol: 'BTCUSDT',
        contractType: 'linear',
        side: 'long',
        size: '0.01',
        reportedLiquidation: '38007.16308568',
      },
      { symbol: 'ETHUSD_PERP', contractType: 'inverse', side: 'short', size: '30', settle: 'ETH' },
    ])
  })

  it('an option is reported as unsupported, never left out in silence', () => {
    const snapshot = readVenue('okx', { positions: { code: '0', data: [okxOption] } })
    expect(snapshot.positions).toEqual([])
    expect(snapshot.gaps).toContainEqual(
      expect.objectContaining({
        field: 'positions.BTC-USD-270326-90000-C.instType',
        problem: 'unsupported',
        value: 'OPTION',
      }),
    )
  })

  it('name each answer that failed', () => {
    for (const name of Object.keys(binance)) {
      const parsed = parseBinancePortfolioAccount(
        identity,
        { ...binance, [name]: undefined },
        received,
      )
      const said =
        parsed.kind === 'malformed'
          ? parsed.field === name
          : parsed.value.gaps.some(({ field, problem }) => field === name && problem === 'failed')
      expect([name, said]).toEqual([name, true])
    }
  })
})
