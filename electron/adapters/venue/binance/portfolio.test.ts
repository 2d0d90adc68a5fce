import { createServer } from 'node:http'
import { afterEach, expect, it } from 'vitest'
import type { VenuePort } from '../../../host/ports.ts'
import { createBinanceUsdm } from './binance.ts'

const contract = {
  symbol: 'BTCUSDT',
  baseAsset: 'BTC',
  marginAsset: 'USDT',
  filters: [{ filterType: 'PRICE_FILTER', tickSize: '0.10' }],
}

/** What Binance answers by path; a path that is not here is refused as it refuses a key. */
function answersOf(portfolio: boolean): Readonly<Record<string, unknown>> {
  return {
    '/fapi/v1/time': { serverTime: Date.now() },
    '/sapi/v1/account/apiRestrictions': {
      enableReading: true,
      enablePortfolioMarginTrading: portfolio,
    },
    '/fapi/v1/exchangeInfo': { symbols: [contract] },
    '/dapi/v1/exchangeInfo': { symbols: [] },
    '/papi/v1/account': {
      accountEquity: '122607.35',
      accountMaintMargin: '23.72',
      virtualMaxWithdrawAmount: '100000.5',
      updateTime: Date.now(),
    },
    '/papi/v1/balance': [{ asset: 'USDT', totalWalletBalance: '122607.35' }],
    '/papi/v1/um/positionRisk': [
      {
        symbol: 'BTCUSDT',
        positionAmt: '0.010',
        entryPrice: '44525.0',
        markPrice: '45464.17',
        unRealizedProfit: '9.39',
        liquidationPrice: '38007.16',
        leverage: '100',
        positionSide: 'LONG',
      },
    ],
    '/papi/v1/cm/positionRisk': [],
  }
}

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function connect(answers: Readonly<Record<string, unknown>>): Promise<{
  readonly port: VenuePort
  readonly asked: readonly string[]
}> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1')
    asked.push(pathname)
    const answer = answers[pathname]
    response.writeHead(answer === undefined ? 401 : 200, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify(answer ?? { code: -2015, msg: 'Invalid API-key, IP, or permissions' }),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  const port = createBinanceUsdm({
    accountId: 'a1',
    label: 'Binance',
    credentials: { apiKey: 'key', secret: 'secret' },
    origins: { every: origin },
    clock: { now: Date.now, sleep: () => Promise.resolve() },
    timeoutMs: 5_000,
  })
  closing.push(
    () => port.close(),
    () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  )
  return { port, asked }
}

it('shows an account under portfolio margin by its own figures, from papi', async () => {
  const { port, asked } = await connect(answersOf(true))
  const read = await port.readAccount(AbortSignal.timeout(15_000))
  if (!read.ok) throw new Error(JSON.stringify(read.refusal))
  expect(read.value).toMatchObject({
    marginMode: 'portfolio',
    reported: { equity: '122607.35', maintenance: '23.72', withdrawable: '100000.5' },
    collaterals: [{ asset: 'USDT', wallet: '122607.35' }],
    positions: [{ symbol: 'BTCUSDT', size: '0.01', reportedLiquidation: '38007.16' }],
  })
  expect(asked).not.toContain('/fapi/v3/account')
})

it('says what papi refuses, and shows nothing in its place', async () => {
  const { '/papi/v1/account': _, ...rest } = answersOf(true)
  const { port } = await connect(rest)
  const read = await port.readAccount(AbortSignal.timeout(15_000))
  expect(read).toMatchObject({ ok: false, refusal: { code: 'VENUE_KEY_REJECTED' } })
})

it('asks papi nothing of an ordinary account', async () => {
  const { port, asked } = await connect(answersOf(false))
  await port.readAccount(AbortSignal.timeout(15_000))
  expect(asked).toContain('/fapi/v3/account')
  expect(asked.filter((path) => path.startsWith('/papi'))).toEqual([])
})
