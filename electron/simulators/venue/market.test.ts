import { afterEach, expect, it } from 'vitest'
import { createUniform, createPricePath } from './pricePath.ts'
import { type DemoVenues, demoPrices, startDemoVenues } from './demo.ts'

let open: DemoVenues[] = []
afterEach(async () => {
  for (const venues of open) await venues.close()
  open = []
})

async function start(
  over: Pick<Parameters<typeof startDemoVenues>[0], 'binance' | 'hyperliquid'> = {},
): Promise<DemoVenues> {
  const venues = await startDemoVenues({
    deposits: { bitcoin: '', evm: '' },
    usdcContract: '',
    onWithdrawal: async () => '',
    ...over,
  })
  open.push(venues)
  return venues
}

interface Row {
  readonly symbol: string
  readonly liquidation: number
}

async function reported(venues: DemoVenues): Promise<readonly Row[]> {
  const { positions } = venues.binance.account
  const { liquidationPriceOf } = await import('./binance/margin.ts')
  const all = positions().map((position) => position.open)
  return all.map((position) => {
    const others = all.filter((other) => other !== position && other.isolatedWallet === null)
    const wallet = venues.binance.account.pool('USDC').crossWallet
    const price = liquidationPriceOf(position, wallet, others)
    return { symbol: position.symbol, liquidation: Number(price ?? Number.NaN) }
  })
}

it('walks the same way from the same seed, both up and down', () => {
  const walk = (seed: number) => {
    const path = createPricePath({ seed, prices: demoPrices })
    const seen: number[] = []
    for (let step = 0; step < 400; step += 1) {
      path.step(30_000)
      seen.push(Number(path.price('ETH')))
    }
    return seen
  }
  const first = walk(3)
  expect(walk(3)).toEqual(first)
  expect(walk(4)).not.toEqual(first)
  const rises = first.filter((price, index) => index > 0 && price > (first[index - 1] ?? 0)).length
  expect(rises).toBeGreaterThan(100)
  expect(rises).toBeLessThan(300)
})

it('ends its hourly candles at the current price', () => {
  const path = createPricePath({ seed: 1, prices: demoPrices })
  const candles = path.hourlyCandles('BTC', 48, Date.UTC(2026, 0, 2))
  expect(candles).toHaveLength(48)
  expect(candles.at(-1)?.close).toBe('92000.0')
  for (const { open: first, high, low, close } of candles) {
    expect(Number(high)).toBeGreaterThanOrEqual(Math.max(Number(first), Number(close)))
    expect(Number(low)).toBeLessThanOrEqual(Math.min(Number(first), Number(close)))
  }
})

it('shocks every venue at once: a squeeze ends the net short and leaves Binance standing', async () => {
  const venues = await start()
  venues.path.shock({ ETH: 0.12 })
  expect(venues.hyperliquid.account.liquidations()).toEqual([])
  venues.path.shock({ ETH: 0.01 })
  expect(venues.hyperliquid.account.liquidations().map(({ coin }) => coin)).toEqual(['ETH', 'BTC'])
  expect(venues.hyperliquid.account.positions()).toEqual([])
  expect(venues.binance.account.liquidations()).toEqual([])
})

it('liquidates Binance accounts at the very tick its own price says: 200 random accounts', async () => {
  const uniform = createUniform(11)
  let checked = 0
  for (let round = 0; round < 200; round += 1) {
    const long = uniform() < 0.5
    const amount = (0.01 + uniform() * 60).toFixed(3)
    const entry = (3160 * (0.9 + uniform() * 0.2)).toFixed(2)
    const notional = Number(amount) * 3160
    const wallet = (notional * (0.12 + uniform() * 0.5)).toFixed(2)
    const isolated = uniform() < 0.3
    const venues = await start({
      binance: {
        futures: { USDC: isolated ? '5.5' : wallet },
        holdings: [
          {
            symbol: 'ETHUSDC',
            amount: long ? amount : `-${amount}`,
            entry,
            leverage: 5,
            ...(isolated ? { isolatedWallet: wallet } : {}),
          },
        ],
      },
    })
    const { liquidation = Number.NaN } = (await reported(venues))[0] ?? {}
    const crossed = long ? liquidation >= 3160 : liquidation <= 3160
    if (Number.isNaN(liquidation) || crossed) continue
    checked += 1
    const away = long ? 0.01 : -0.01
    venues.path.setPrice('ETH', (liquidation + away).toFixed(2))
    expect(venues.binance.account.liquidations()).toEqual([])
    venues.path.setPrice('ETH', (liquidation - away).toFixed(2))
    expect(venues.binance.account.liquidations()).toHaveLength(1)
    await venues.close()
    open = []
  }
  expect(checked).toBeGreaterThan(120)
})

it('takes commands from another process only with its token', async () => {
  const venues = await start()
  const send = (token: string, body: unknown) =>
    fetch(venues.control.url, {
      method: 'POST',
      headers: { 'x-control-token': token },
      body: JSON.stringify(body),
    })
  const shock = { do: 'shock', fractions: { BTC: -0.1 } }
  expect((await send('wrong', shock)).status).toBe(403)
  expect(venues.path.price('BTC')).toBe('92000.0')
  expect((await send(venues.control.token, shock)).status).toBe(204)
  expect(venues.path.price('BTC')).toBe('82800.0')
  const fault = { do: 'fault', venue: 'binance', endpoint: '*', fault: { kind: 'html' }, times: 1 }
  expect((await send(venues.control.token, fault)).status).toBe(204)
  expect(venues.binance.faults.list()).toHaveLength(1)
  expect((await send(venues.control.token, { do: 'clear-faults' })).status).toBe(204)
  expect(venues.binance.faults.list()).toEqual([])
  expect((await send(venues.control.token, { do: 'shock', fractions: { BTC: -2 } })).status).toBe(
    400,
  )
})
