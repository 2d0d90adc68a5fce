import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Clock, VenuePort } from '../../../host/ports.ts'
import { accountSnapshotSchema } from '../../../../shared/collateral/snapshot.ts'
import { amount, USDC } from '../../../../shared/units/amount.ts'
import { type DemoVenues, startDemoVenues } from '../../../simulators/venue/demo.ts'
import type { Fault } from '../../../simulators/venue/faults.ts'
import { createHyperliquid } from './hyperliquid.ts'
import { tickSizeOf } from './parseAccount.ts'
import { parseDecimal } from '../../../../shared/units/decimal.ts'

const clock: Clock = { now: Date.now, sleep: () => Promise.resolve() }
const signal = () => AbortSignal.timeout(15_000)
let venues: DemoVenues
let port: VenuePort

async function start(holdings?: NonNullable<Parameters<typeof startDemoVenues>[0]['hyperliquid']>) {
  venues = await startDemoVenues({
    deposits: { bitcoin: '', evm: '' },
    usdcContract: '',
    onWithdrawal: async () => '',
    ...(holdings === undefined ? {} : { hyperliquid: holdings }),
  })
  port = createHyperliquid({
    accountId: 'h1',
    label: 'Hyperliquid',
    user: venues.hyperliquid.user,
    origins: { every: venues.hyperliquid.origin },
    clock,
    timeoutMs: 1_000,
  })
}

beforeEach(() => start())
afterEach(async () => {
  await port.close()
  await venues.close()
})

const value = <T>(result: { ok: true; value: T } | { ok: false; refusal: unknown }): T => {
  if (!result.ok) throw new Error(JSON.stringify(result.refusal))
  return result.value
}
const refusal = (result: { ok: boolean; refusal?: { code: string; data: object } }) => {
  if (result.ok) throw new Error('was not refused')
  return result.refusal
}
const fault = (endpoint: string, what: Fault) =>
  venues.hyperliquid.faults.add({ endpoint, fault: what, times: 1 })

describe('reading a Hyperliquid account through ccxt', () => {
  it('shows a net short with its wallet, tiers and reported liquidation price', async () => {
    const snapshot = value(await port.readAccount(signal()))
    expect(accountSnapshotSchema.safeParse(snapshot).success).toBe(true)
    expect(snapshot.gaps).toEqual([])
    expect(snapshot.collaterals[0]).toMatchObject({ asset: 'USDC', wallet: '21900' })
    expect(snapshot.orderMargin).toBe('0')
    expect(snapshot.reported).toEqual({
      equity: '19716.0',
      maintenance: '2973.5',
      withdrawable: '3986.0',
    })
    expect(snapshot.positions[0]).toMatchObject({
      symbol: 'ETH',
      side: 'short',
      size: '42.5',
      marginMode: 'cross',
      reportedLiquidation: '3546.21683968',
      tickSize: '0.1',
      funding: { rate: '0.0000125', intervalHours: 1 },
    })
    const tiers = snapshot.positions[0]?.tiers ?? []
    expect(tiers[0]).toEqual({ floor: 0, rate: 0.02, deduction: 0 })
    expect(tiers[1]?.rate).toBeCloseTo(1 / 30, 12)
    expect(tiers[1]?.deduction).toBeCloseTo(1e8 * (1 / 30 - 0.02), 3)
  })

  it('takes profit and loss out of isolated margin and leaves it out of the cross wallet', async () => {
    await port.close()
    await venues.close()
    await start({
      crossWallet: '500',
      holdings: [
        { coin: 'ETH', size: '-10', entry: '3100', leverage: 10, isolatedWallet: '3100' },
        { coin: 'BTC', size: '0.01', entry: '90000', leverage: 10 },
      ],
    })
    const snapshot = value(await port.readAccount(signal()))
    expect(snapshot.collaterals[0]?.wallet).toBe('500')
    expect(snapshot.positions[0]).toMatchObject({ marginMode: 'isolated', isolatedWallet: '3100' })
    // (3100 + 31000) / (10 · 1.02)
    expect(snapshot.positions[0]?.reportedLiquidation).toBe('3343.1372549')
  })

  it('dates the snapshot by the venue: a stale answer is old', async () => {
    fault('clearinghouseState', { kind: 'stale', ms: 600_000 })
    const snapshot = value(await port.readAccount(signal()))
    expect(snapshot.asOf).toBeLessThan(Date.now() - 590_000)
    expect(value(await port.readAccount(signal())).asOf).toBeGreaterThan(Date.now() - 5_000)
  })

  it('corrects a venue clock that runs ahead', async () => {
    venues.hyperliquid.faults.add({ endpoint: 'none', fault: { kind: 'clock-skew', ms: 120_000 } })
    const snapshot = value(await port.readAccount(signal()))
    expect(port.health().clockSkewMs).toBeGreaterThan(118_000)
    expect(Math.abs(snapshot.asOf - Date.now())).toBeLessThan(3_000)
  })

  it('quotes marks and reads the spot balance', async () => {
    const quotes = value(await port.readQuotes(['ETH', 'USDC'], signal()))
    expect(quotes.map(({ asset, usd }) => [asset, usd])).toEqual([['ETH', '3160.00']])
    expect(value(await port.readSpotBalance(USDC, signal())).units).toBe(120_500_000n)
  })

  it('holds no right to move anything, and says that moving is not supported', async () => {
    expect(value(await port.readPermissions(signal()))).toMatchObject({
      read: true,
      trade: false,
      withdraw: false,
    })
    const paid = amount(USDC, 1n)
    const move = { amount: paid, direction: 'to-spot', clientId: 'c' } as const
    const order = { amount: paid, network: 'ETH', address: '0x', clientId: 'c' }
    const refusals = [
      await port.readNetworks('USDC', signal()),
      await port.readDepositAddress('USDC', 'ETH', signal()),
      await port.moveInternal(move, signal()),
      await port.readInternalMoves({ ...move, since: 0 }, signal()),
      await port.withdraw(order, signal()),
      await port.readWithdrawal({ asset: 'USDC', clientId: 'c', since: 0 }, signal()),
      await port.readDeposit({ asset: 'USDC', txid: 'c', since: 0 }, signal()),
    ].map((result) => refusal(result)?.code)
    expect(new Set(refusals)).toEqual(new Set(['VENUE_UNSUPPORTED']))
  })
})

describe('a Hyperliquid that misbehaves', () => {
  const wire: readonly [string, Fault, object][] = [
    [
      'an HTTP 500',
      { kind: 'http', status: 500 },
      { code: 'VENUE_UNREACHABLE', data: { reason: 'HTTP 500' } },
    ],
    ['a rate limit', { kind: 'http', status: 429 }, { code: 'VENUE_RATE_LIMITED' }],
    ['a hanging answer', { kind: 'hang' }, { data: { reason: 'timeout' } }],
    ['a dropped connection', { kind: 'drop' }, { data: { reason: 'connection' } }],
    ['cut JSON', { kind: 'malformed-json' }, { code: 'VENUE_ANSWER_MALFORMED' }],
    ['an HTML page', { kind: 'html' }, { code: 'VENUE_ANSWER_MALFORMED' }],
    [
      'an answer without its time',
      { kind: 'omit', path: 'time' },
      { code: 'VENUE_ANSWER_MALFORMED', data: { field: 'time', value: 'absent' } },
    ],
    [
      'an answer without positions',
      { kind: 'omit', path: 'assetPositions' },
      { code: 'VENUE_ANSWER_MALFORMED', data: { field: 'assetPositions' } },
    ],
  ]
  it.each(wire)('refuses %s', async (_, what, expected) => {
    fault('clearinghouseState', what)
    expect(refusal(await port.readAccount(signal()))).toMatchObject(expected)
    expect(value(await port.readAccount(signal())).gaps).toEqual([])
  })

  const partial: readonly [string, string, Fault, object, readonly string[]][] = [
    [
      'a NaN size leaves the position out',
      'clearinghouseState',
      { kind: 'set', path: 'assetPositions.0.position.szi', value: 'NaN' },
      { field: 'positions.ETH.szi', problem: 'malformed' },
      ['BTC'],
    ],
    [
      'an unreadable profit leaves the wallet unknown',
      'clearinghouseState',
      { kind: 'set', path: 'assetPositions.0.position.unrealizedPnl', value: '' },
      { field: 'assets.USDC.wallet', problem: 'missing' },
      ['ETH', 'BTC'],
    ],
    [
      'duplicates are counted once',
      'clearinghouseState',
      { kind: 'duplicate-positions' },
      { field: 'positions.ETH', problem: 'duplicate' },
      ['ETH', 'BTC'],
    ],
    [
      'without margin tables there are no tiers',
      'metaAndAssetCtxs',
      { kind: 'set', path: '0.marginTables', value: [] },
      { field: 'tiers.ETH', problem: 'missing' },
      ['ETH', 'BTC'],
    ],
    [
      'without marks there are no positions',
      'metaAndAssetCtxs',
      { kind: 'http', status: 500 },
      { field: 'metaAndAssetCtxs', problem: 'failed' },
      [],
    ],
    [
      'marks that do not line up with the universe are not used',
      'metaAndAssetCtxs',
      { kind: 'omit', path: '1.0' },
      { field: 'markets.ETH.markPx', problem: 'missing' },
      [],
    ],
  ]
  it.each(partial)('%s', async (_, endpoint, what, gap, symbols) => {
    fault(endpoint, what)
    const snapshot = value(await port.readAccount(signal()))
    expect(snapshot.gaps).toContainEqual(expect.objectContaining(gap))
    expect(snapshot.positions.map(({ symbol }) => symbol)).toEqual(symbols)
    expect(value(await port.readAccount(signal())).gaps).toEqual([])
  })

  it('knows no order margin while orders rest or could not be read', async () => {
    fault('frontendOpenOrders', { kind: 'replace', body: [{ coin: 'ETH', oid: 1 }] })
    expect(value(await port.readAccount(signal())).orderMargin).toBeNull()
  })
})

it.each([
  ['92000.0', 5, '1'],
  ['3160.00', 4, '0.1'],
  ['140.00', 2, '0.01'],
  ['0.13284', 0, '0.00001'],
  ['123456', 5, '1'],
])('one tick at %s with %d size decimals is %s', (mark, szDecimals, tick) => {
  const price = parseDecimal(mark)
  expect(price === undefined ? null : tickSizeOf(price, szDecimals)).toBe(tick)
})
