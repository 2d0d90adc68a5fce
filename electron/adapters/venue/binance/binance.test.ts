import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Clock, VenuePort } from '../../../host/ports.ts'
import { accountSnapshotSchema } from '../../../../shared/collateral/snapshot.ts'
import { type Amount, amount, BTC, USDC } from '../../../../shared/units/amount.ts'
import type { PayOut } from '../../../simulators/venue/binance/account.ts'
import { type DemoVenues, startDemoVenues } from '../../../simulators/venue/demo.ts'
import type { Fault } from '../../../simulators/venue/faults.ts'
import { createBinanceUsdm } from './binance.ts'

const evmAddress = '0x1111111111111111111111111111111111111111'
const vaultAddress = '0x2222222222222222222222222222222222222222'
const chains = { ETH: 'evm:31337', BTC: 'bitcoin' }
const clock: Clock = { now: Date.now, sleep: () => Promise.resolve() }
const signal = () => AbortSignal.timeout(15_000)
const usdc = (whole: bigint): Amount => amount(USDC, whole * 1_000_000n)

let venues: DemoVenues
let port: VenuePort
let paid: PayOut[]

function connect(over: Partial<Parameters<typeof createBinanceUsdm>[0]> = {}): VenuePort {
  return createBinanceUsdm({
    accountId: 'a1',
    label: 'Binance USD-M',
    credentials: venues.binance.credentials,
    origins: { every: venues.binance.origin },
    chains,
    clock,
    timeoutMs: 1_000,
    ...over,
  })
}

beforeEach(async () => {
  paid = []
  venues = await startDemoVenues({
    binance: {
      futures: { USDC: '117385.40000000' },
      holdings: [
        { symbol: 'BTCUSDC', amount: '1.250', entry: '90480.5', leverage: 10 },
        { symbol: 'ETHUSDC', amount: '14.500', entry: '3092.40', leverage: 10 },
      ],
    },
    deposits: { bitcoin: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', evm: evmAddress },
    usdcContract: '0x5FbDB2315678afecb367f032d93F642f64180aa3',
    processingMs: 5,
    onWithdrawal: async (payOut) => {
      paid.push(payOut)
      return `0x${'ab'.repeat(32)}`
    },
  })
  port = connect()
})

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
const fault = (endpoint: string, what: Fault, times = 1) =>
  venues.binance.faults.add({ endpoint, fault: what, times })

describe('reading a Binance account through ccxt', () => {
  it('keeps every decimal the venue sent and finds no gap', async () => {
    const snapshot = value(await port.readAccount(signal()))
    expect(accountSnapshotSchema.safeParse(snapshot).success).toBe(true)
    expect(snapshot.gaps).toEqual([])
    expect(snapshot.collaterals).toEqual([
      {
        asset: 'USDC',
        wallet: '117385.40000000',
        priceUsd: '0.99980000',
        haircuts: [{ floor: 0, weight: 1 }],
        withdrawable: '104182.97500000',
      },
    ])
    expect(snapshot.reported).toEqual({
      equity: '120264.97500000',
      maintenance: '708.28000000',
      withdrawable: '104182.97500000',
    })
    expect(snapshot.orderMargin).toBe('0.00000000')
    expect(snapshot.positions[0]).toMatchObject({
      symbol: 'BTCUSDC',
      base: 'BTC',
      settle: 'USDC',
      side: 'long',
      size: '1.25',
      entry: '90480.5',
      marginMode: 'cross',
      leverage: '10',
      maintenance: '525.00000000',
      tickSize: '0.10',
      funding: { rate: '0.00010000', intervalHours: 8 },
    })
    expect(snapshot.positions[0]?.tiers[1]).toEqual({ floor: 50_000, rate: 0.005, deduction: 50 })
  })

  it('dates the snapshot by the venue, corrected to our clock', async () => {
    venues.binance.faults.add({ endpoint: 'none', fault: { kind: 'clock-skew', ms: 90_000 } })
    const before = Date.now()
    const snapshot = value(await port.readAccount(signal()))
    expect(port.health().clockSkewMs).toBeGreaterThan(89_500)
    expect(port.health().clockSkewMs).toBeLessThan(90_500)
    expect(snapshot.asOf).toBeGreaterThan(before - 2_000)
    expect(snapshot.asOf).toBeLessThan(Date.now() + 2_000)
  })

  it('dates a snapshot on stale prices by those prices', async () => {
    fault('/fapi/v1/premiumIndex', { kind: 'stale', ms: 600_000 })
    const snapshot = value(await port.readAccount(signal()))
    expect(snapshot.asOf).toBeLessThan(Date.now() - 590_000)
  })

  it('shows isolated margin apart from the cross wallet, with its reported liquidation price', async () => {
    const path = venues.path
    await port.close()
    await venues.close()
    venues = await startDemoVenues({
      deposits: { bitcoin: '', evm: evmAddress },
      usdcContract: vaultAddress,
      onWithdrawal: async () => '',
      prices: { BTC: path.price('BTC'), ETH: '3160.00', SOL: '140.00' },
      binance: {
        futures: { USDC: '1000.5' },
        holdings: [
          {
            symbol: 'ETHUSDC',
            amount: '-10',
            entry: '3200',
            leverage: 10,
            isolatedWallet: '3200.25',
          },
        ],
      },
    })
    port = connect()
    const snapshot = value(await port.readAccount(signal()))
    expect(snapshot.collaterals[0]?.wallet).toBe('1000.50000000')
    expect(snapshot.positions[0]).toMatchObject({
      side: 'short',
      size: '10',
      marginMode: 'isolated',
      isolatedWallet: '3200.25000000',
      // (3200.25 + 32000 + 0) / (10 · 1.004), tier 1
      reportedLiquidation: '3506.00099602',
    })
  })

  it('reads an account without positions', async () => {
    fault('/fapi/v3/positionRisk', { kind: 'replace', body: [] })
    fault('/fapi/v3/account', { kind: 'set', path: 'positions', value: [] })
    const snapshot = value(await port.readAccount(signal()))
    expect(snapshot.positions).toEqual([])
    expect(snapshot.gaps).toEqual([])
  })

  it('quotes in dollars with source and age, and leaves out what it does not know', async () => {
    const quotes = value(await port.readQuotes(['BTC', 'USDC', 'XYZ'], signal()))
    expect(quotes.map(({ asset, usd, source }) => ({ asset, usd, source }))).toEqual([
      { asset: 'BTC', usd: '92000', source: 'Binance index' },
      { asset: 'USDC', usd: '0.9998', source: 'Binance index' },
    ])
  })

  it('prices an asset without a dollar index through its contract and the stablecoin', async () => {
    fault('/fapi/v1/assetIndex', {
      kind: 'replace',
      body: [{ symbol: 'USDCUSD', index: '0.5', time: Date.now() }],
    })
    const quotes = value(await port.readQuotes(['ETH'], signal()))
    expect(quotes[0]?.usd).toBe('1580')
  })

  it('tells what each key may do', async () => {
    expect(value(await port.readPermissions(signal()))).toEqual({
      read: true,
      trade: true,
      withdraw: true,
      internalTransfer: true,
      ipRestricted: true,
    })
    const reader = connect({ credentials: venues.binance.readOnlyCredentials })
    expect(value(await reader.readPermissions(signal()))).toEqual({
      read: true,
      trade: false,
      withdraw: false,
      internalTransfer: false,
      ipRestricted: false,
    })
  })

  it('maps networks to our chains, and one it does not know to none', async () => {
    const networks = value(await port.readNetworks('USDC', signal()))
    expect(networks.map(({ network, chain }) => [network, chain])).toEqual([
      ['ETH', 'evm:31337'],
      ['ARBITRUM', null],
      ['BSC', null],
    ])
    expect(networks[0]).toMatchObject({
      fee: { units: 1_000_000n },
      minimum: { units: 5_000_000n },
      depositMinimum: { units: 1n },
      step: { units: 1n },
      withdrawEnabled: true,
      contract: '0x5FbDB2315678afecb367f032d93F642f64180aa3',
    })
    expect(networks[2]?.withdrawEnabled).toBe(false)
  })

  it('reads free spot balances exactly', async () => {
    expect(value(await port.readSpotBalance(USDC, signal())).units).toBe(250_000_000n)
    expect(value(await port.readSpotBalance(BTC, signal())).units).toBe(1_500_000n)
    const none = { symbol: 'DOGE', decimals: 8 }
    expect(value(await port.readSpotBalance(none, signal())).units).toBe(0n)
  })
})

describe('moving money', () => {
  it('moves between futures and spot and finds the move again', async () => {
    const move = { amount: usdc(1_000n), direction: 'to-spot', clientId: 'm1' } as const
    const since = Date.now()
    const { venueId } = value(await port.moveInternal(move, signal()))
    const moves = value(await port.readInternalMoves({ ...move, since }, signal()))
    expect(moves).toEqual([{ venueId, state: expect.objectContaining({ kind: 'done' }) }])
    expect(value(await port.readSpotBalance(USDC, signal())).units).toBe(1_250_000_000n)
    const other = { amount: usdc(999n), direction: 'to-spot', since } as const
    expect(value(await port.readInternalMoves(other, signal()))).toEqual([])
    const back = { amount: usdc(1_000n), direction: 'to-margin', clientId: 'm2' } as const
    value(await port.moveInternal(back, signal()))
    expect(value(await port.readSpotBalance(USDC, signal())).units).toBe(250_000_000n)
  })

  it('refuses to move more than the venue lets out, and nothing changes', async () => {
    const move = { amount: usdc(110_000n), direction: 'to-spot', clientId: 'm' } as const
    expect(refusal(await port.moveInternal(move, signal()))).toMatchObject({
      code: 'VENUE_REJECTED',
      data: { venueCode: '-5013' },
    })
    expect(value(await port.readSpotBalance(USDC, signal())).units).toBe(250_000_000n)
  })

  it('shows a move that hangs as pending, not as done', async () => {
    venues.binance.faults.add({ endpoint: 'none', fault: { kind: 'transfer-pending' } })
    const move = { amount: usdc(10n), direction: 'to-spot', clientId: 'm' } as const
    const since = Date.now()
    value(await port.moveInternal(move, signal()))
    const moves = value(await port.readInternalMoves({ ...move, since }, signal()))
    expect(moves.map(({ state }) => state.kind)).toEqual(['pending'])
  })

  const order = { amount: usdc(100n), network: 'ETH', address: vaultAddress, clientId: 'w1' }
  const query = () => ({ asset: 'USDC', clientId: 'w1', since: Date.now() - 1_000 })

  it('withdraws once for one client id, whatever is asked twice', async () => {
    expect(value(await port.readWithdrawal(query(), signal()))).toEqual({ kind: 'absent' })
    value(await port.withdraw(order, signal()))
    expect(refusal(await port.withdraw(order, signal()))?.code).toBe('VENUE_REJECTED')
    await venues.binance.account.settled()
    expect(paid).toEqual([{ asset: 'USDC', network: 'ETH', address: vaultAddress, amount: '99' }])
    expect(value(await port.readWithdrawal(query(), signal()))).toMatchObject({
      kind: 'done',
      txid: `0x${'ab'.repeat(32)}`,
    })
    expect(value(await port.readSpotBalance(USDC, signal())).units).toBe(150_000_000n)
  })

  it('finds a withdrawal by its client id when the answer was lost', async () => {
    fault('/sapi/v1/capital/withdraw/apply', { kind: 'lost-answer' })
    expect(refusal(await port.withdraw(order, signal()))?.code).toBe('VENUE_UNREACHABLE')
    await venues.binance.account.settled()
    expect(value(await port.readWithdrawal(query(), signal())).kind).toBe('done')
    expect(paid).toHaveLength(1)
  })

  it('keeps a stuck withdrawal pending and a failed one failed, with the money back', async () => {
    const release = venues.binance.faults.add({
      endpoint: 'none',
      fault: { kind: 'withdrawal-stuck' },
    })
    value(await port.withdraw(order, signal()))
    await venues.binance.account.settled()
    expect(value(await port.readWithdrawal(query(), signal()))).toEqual({ kind: 'pending' })
    release()
    venues.binance.faults.add({ endpoint: 'none', fault: { kind: 'withdrawal-fails' } })
    value(await port.withdraw({ ...order, clientId: 'w2' }, signal()))
    await venues.binance.account.settled()
    const failed = value(await port.readWithdrawal({ ...query(), clientId: 'w2' }, signal()))
    expect(failed).toEqual({ kind: 'failed', reason: 'The payment could not be made' })
    expect(paid).toEqual([])
    expect(value(await port.readSpotBalance(USDC, signal())).units).toBe(150_000_000n)
  })

  it.each([
    ['under the minimum', { amount: usdc(1n) }, '-4022'],
    ['over the balance', { amount: usdc(5_000n) }, '-4026'],
    ['to a malformed address', { address: '0x12' }, '-4007'],
    ['over a suspended network', { network: 'BSC' }, '-4019'],
  ])('is refused with the venue code: %s', async (_, change, venueCode) => {
    const refused = refusal(await port.withdraw({ ...order, ...change }, signal()))
    expect(refused).toMatchObject({ code: 'VENUE_REJECTED', data: { venueCode } })
    expect(value(await port.readSpotBalance(USDC, signal())).units).toBe(250_000_000n)
    expect(paid).toEqual([])
  })

  it('refuses to withdraw with a key that may only read', async () => {
    const reader = connect({ credentials: venues.binance.readOnlyCredentials })
    expect(refusal(await reader.withdraw(order, signal()))?.code).toBe('VENUE_KEY_REJECTED')
    expect(paid).toEqual([])
  })

  it('gives a deposit address only on two matching answers', async () => {
    expect(value(await port.readDepositAddress('USDC', 'ETH', signal()))).toEqual({
      address: evmAddress,
      network: 'ETH',
      tag: null,
    })
    fault('/sapi/v1/capital/deposit/address/list', {
      kind: 'wrong-deposit-address',
      address: vaultAddress,
    })
    expect(refusal(await port.readDepositAddress('USDC', 'ETH', signal()))).toEqual({
      code: 'ADDRESS_ANSWERS_DIFFER',
      data: { venue: 'binance-usdm', first: evmAddress, second: vaultAddress },
    })
  })

  it('follows a deposit from unseen to pending to credited', async () => {
    const txid = `0x${'CD'.repeat(32)}`
    const deposit = { asset: 'USDC', network: 'ARBITRUM', txid, amount: '500' }
    const ask = () =>
      port.readDeposit(
        { asset: 'USDC', txid: txid.toLowerCase(), since: Date.now() - 1_000 },
        signal(),
      )
    expect(value(await ask())).toEqual({ kind: 'absent' })
    venues.binance.creditDeposit({ ...deposit, confirmations: 1 })
    expect(value(await ask())).toEqual({ kind: 'absent' })
    const exact = { asset: 'USDC', txid, since: Date.now() - 1_000 }
    expect(value(await port.readDeposit(exact, signal()))).toEqual({ kind: 'pending' })
    venues.binance.creditDeposit({ ...deposit, confirmations: 120 })
    expect(value(await port.readDeposit(exact, signal()))).toMatchObject({ kind: 'done', txid })
    venues.binance.creditDeposit({ ...deposit, confirmations: 121 })
    expect(value(await port.readSpotBalance(USDC, signal())).units).toBe(750_000_000n)
  })
})

describe('a venue that misbehaves', () => {
  const account = '/fapi/v3/account'
  const wire: readonly [string, Fault, object][] = [
    [
      'an HTTP 500',
      { kind: 'http', status: 500 },
      { code: 'VENUE_UNREACHABLE', data: { reason: 'HTTP 500' } },
    ],
    [
      'a rate limit',
      { kind: 'http', status: 429 },
      { code: 'VENUE_RATE_LIMITED', data: { retryAfterMs: 7_000 } },
    ],
    [
      'an IP ban',
      { kind: 'http', status: 418 },
      { code: 'VENUE_RATE_LIMITED', data: { retryAfterMs: 7_000 } },
    ],
    [
      'a hanging answer',
      { kind: 'hang' },
      { code: 'VENUE_UNREACHABLE', data: { reason: 'timeout' } },
    ],
    [
      'a dropped connection',
      { kind: 'drop' },
      { code: 'VENUE_UNREACHABLE', data: { reason: 'connection' } },
    ],
    [
      'a failure that says nothing of the outcome',
      { kind: 'http', status: 503 },
      { code: 'VENUE_UNREACHABLE' },
    ],
    ['a bare null', { kind: 'replace', body: null }, { code: 'VENUE_ANSWER_MALFORMED' }],
    ['a bare number', { kind: 'replace', body: 7 }, { code: 'VENUE_ANSWER_MALFORMED' }],
    ['cut JSON', { kind: 'malformed-json' }, { code: 'VENUE_ANSWER_MALFORMED' }],
    [
      'an HTML page',
      { kind: 'html' },
      { code: 'VENUE_ANSWER_MALFORMED', data: { field: 'account' } },
    ],
    [
      'no assets',
      { kind: 'omit', path: 'assets' },
      { code: 'VENUE_ANSWER_MALFORMED', data: { field: 'account.assets', value: 'absent' } },
    ],
  ]
  it.each(wire)('refuses %s', async (_, what, expected) => {
    fault(account, what)
    expect(refusal(await port.readAccount(signal()))).toMatchObject(expected)
    expect(value(await port.readAccount(signal())).gaps).toEqual([])
  })

  const partial: readonly [string, string, Fault, object][] = [
    [
      'a NaN mark',
      '/fapi/v3/positionRisk',
      { kind: 'set', path: '0.markPrice', value: 'NaN' },
      { field: 'positions.BTCUSDC.markPrice', problem: 'malformed', value: 'NaN' },
    ],
    [
      'an empty entry price',
      '/fapi/v3/positionRisk',
      { kind: 'set', path: '0.entryPrice', value: '' },
      { field: 'positions.BTCUSDC.entryPrice', problem: 'missing', value: '' },
    ],
    [
      'a negative mark',
      '/fapi/v3/positionRisk',
      { kind: 'set', path: '0.markPrice', value: '-1' },
      { field: 'positions.BTCUSDC.markPrice', problem: 'malformed', value: '-1' },
    ],
    [
      'an unknown margin mode',
      '/fapi/v1/symbolConfig',
      { kind: 'set', path: '*.marginType', value: 'ODD' },
      { field: 'positions.BTCUSDC.marginType', problem: 'malformed', value: 'ODD' },
    ],
  ]
  it.each(partial)('leaves the position out and says so: %s', async (_, endpoint, what, gap) => {
    fault(endpoint, what)
    const snapshot = value(await port.readAccount(signal()))
    expect(snapshot.gaps).toContainEqual(gap)
    expect(snapshot.positions.some(({ symbol }) => symbol === 'BTCUSDC')).toBe(false)
    expect(value(await port.readAccount(signal())).gaps).toEqual([])
  })

  const kept: readonly [string, string, Fault, object][] = [
    [
      'duplicate positions',
      '/fapi/v3/positionRisk',
      { kind: 'duplicate-positions' },
      { field: 'positions.BTCUSDC/BOTH', problem: 'duplicate' },
    ],
    [
      'no tier table',
      '/fapi/v1/leverageBracket',
      { kind: 'replace', body: [] },
      { field: 'tiers.ETHUSDC', problem: 'missing' },
    ],
    [
      'crossed tiers',
      '/fapi/v1/leverageBracket',
      { kind: 'set', path: '*.brackets.1.notionalFloor', value: 0 },
      { field: 'tiers.ETHUSDC', problem: 'malformed' },
    ],
    [
      'a failing premium index',
      '/fapi/v1/premiumIndex',
      { kind: 'http', status: 500 },
      { field: 'premiumIndex', problem: 'failed' },
    ],
    [
      'no withdrawable amount',
      '/fapi/v3/account',
      { kind: 'omit', path: 'assets.*.maxWithdrawAmount' },
      { field: 'assets.USDC.maxWithdrawAmount', problem: 'missing' },
    ],
    [
      'no dollar index',
      '/fapi/v1/assetIndex',
      { kind: 'replace', body: [] },
      { field: 'assets.USDC.priceUsd', problem: 'missing' },
    ],
  ]
  it.each(kept)(
    'keeps both positions and says what is missing: %s',
    async (_, endpoint, what, gap) => {
      fault(endpoint, what)
      const snapshot = value(await port.readAccount(signal()))
      expect(snapshot.positions.map(({ symbol }) => symbol)).toEqual(['BTCUSDC', 'ETHUSDC'])
      expect(snapshot.gaps).toContainEqual(expect.objectContaining(gap))
      expect(value(await port.readAccount(signal())).gaps).toEqual([])
    },
  )

  it('says that a position is missing when only the account names it', async () => {
    fault('/fapi/v3/positionRisk', { kind: 'omit', path: '1' })
    const snapshot = value(await port.readAccount(signal()))
    expect(snapshot.gaps).toContainEqual({
      field: 'positions.ETHUSDC/BOTH',
      problem: 'missing',
      value: '14.5',
    })
  })

  it('refuses when the margin mode of the account is not known', async () => {
    fault('/fapi/v1/accountConfig', { kind: 'omit', path: 'multiAssetsMargin' })
    expect(refusal(await port.readAccount(signal()))).toEqual({
      code: 'VENUE_ANSWER_MALFORMED',
      data: { venue: 'binance-usdm', field: 'accountConfig.multiAssetsMargin', value: 'absent' },
    })
  })

  it('refuses a wrong secret and a wrong key, without showing either', async () => {
    const { apiKey } = venues.binance.credentials
    const forged = connect({ credentials: { apiKey, secret: 'f'.repeat(64) } })
    const stranger = connect({ credentials: { apiKey: 'e'.repeat(64), secret: 'f'.repeat(64) } })
    for (const wrong of [forged, stranger]) {
      const refused = refusal(await wrong.readAccount(signal()))
      expect(refused?.code).toBe('VENUE_KEY_REJECTED')
      expect(JSON.stringify(refused)).not.toMatch(/[ef]{64}|signature=/)
      await wrong.close()
    }
  })

  it('measures the clock again after the venue refused it', async () => {
    value(await port.readSpotBalance(USDC, signal()))
    venues.binance.faults.add({ endpoint: 'none', fault: { kind: 'clock-skew', ms: -60_000 } })
    expect(refusal(await port.readSpotBalance(USDC, signal()))).toMatchObject({
      code: 'VENUE_REJECTED',
      data: { venueCode: '-1021' },
    })
    expect(value(await port.readSpotBalance(USDC, signal())).units).toBe(250_000_000n)
  })

  it('sends nothing once the caller gave up', async () => {
    await port.readSpotBalance(USDC, signal())
    const asked = venues.binance.seen.length
    const order = { amount: usdc(100n), network: 'ETH', address: vaultAddress, clientId: 'w' }
    const refused = refusal(await port.withdraw(order, AbortSignal.abort()))
    expect(refused).toMatchObject({ code: 'VENUE_UNREACHABLE', data: { reason: 'aborted' } })
    expect(venues.binance.seen).toHaveLength(asked)
    fault('/api/v3/account', { kind: 'hang' })
    const giveUp = new AbortController()
    const started = performance.now()
    const asking = port.readSpotBalance(USDC, giveUp.signal)
    setTimeout(() => giveUp.abort(), 50)
    expect(refusal(await asking)).toMatchObject({ data: { reason: 'aborted' } })
    expect(performance.now() - started).toBeLessThan(900)
  })

  it('leaves nothing behind on the signal of a caller that lives long', async () => {
    const { signal: long } = new AbortController()
    for (let count = 0; count < 5; count += 1) value(await port.readSpotBalance(USDC, long))
    expect(getEventListeners(long, 'abort')).toEqual([])
  })

  it('does not wait on its own rate limit for ordinary reading', async () => {
    const started = performance.now()
    for (let count = 0; count < 5; count += 1) value(await port.readAccount(signal()))
    expect(performance.now() - started).toBeLessThan(5_000)
  })

  it('refuses to be pointed anywhere but this machine', () => {
    expect(() => connect({ origins: { every: 'https://example.com' } })).toThrow('loopback')
  })
})
