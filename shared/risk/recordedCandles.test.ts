/** Two years of recorded hourly candles against the figures that research found in them. The recording lies beside the
 *  repository and is never part of it; where it is absent, this is skipped with one line. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Candle, CandleSeries } from '../market/candle.ts'
import { measureCorrelations } from '../market/correlation.ts'
import { measureVolatility, volatilityHours } from '../market/volatility.ts'
import { barrierTouch } from './barrier.ts'

const data = process.env['BULKHEAD_DATA'] ?? join(import.meta.dirname, '../../../shared/data')

/** Empty, with one visible line, where the recording is absent. */
function recordedCandles(asset: string): readonly Candle[] {
  const file = join(data, 'candles', `${asset}_1h.csv`)
  if (!existsSync(file)) {
    console.warn(`skipped: ${file} is absent`)
    return []
  }
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [at = '', open, high, low, close] = line.split(',')
      return {
        openTime: Date.parse(at.replace(' ', 'T')),
        open: Number(open),
        high: Number(high),
        low: Number(low),
        close: Number(close),
      }
    })
}

function seriesOf(candles: readonly Candle[], asset: string): CandleSeries {
  return { asset, source: 'recorded', candles, missingHours: 0 }
}

const [btc, eth] = [recordedCandles('BTC'), recordedCandles('ETH')]

describe('volatility of the recorded candles', () => {
  it.skipIf(btc.length === 0)('are measured within what those two years knew', () => {
    for (const candles of [btc, eth])
      for (let end = volatilityHours; end <= candles.length; end += 24 * 15) {
        const measured = measureVolatility(seriesOf(candles.slice(end - volatilityHours, end), 'X'))
        expect(measured.missing).toEqual([])
        expect(measured.sigma).toBeGreaterThan(0.005)
        expect(measured.sigma).toBeLessThan(0.2)
        // A day’s true range is one to three of its standard deviations.
        const ratio = (measured.atr ?? 0) / (measured.sigma30d ?? 1)
        expect(ratio).toBeGreaterThan(0.7)
        expect(ratio).toBeLessThan(3)
      }
    const pair = measureCorrelations([
      seriesOf(btc.slice(-volatilityHours), 'BTC'),
      seriesOf(eth.slice(-volatilityHours), 'ETH'),
    ])
    expect(pair?.matrix[0]?.[1]).toBeGreaterThan(0.7)
    expect(pair?.matrix[0]?.[1]).toBeLessThan(1)
  })
})

describe('touch probabilities of the recorded candles', () => {
  it.skipIf(btc.length === 0)('give the known table of both closed forms within a seventh', () => {
    const rows = [
      { fall: 0.05, slow: 0.0467, fast: 0.0485, realised: 0.0617 },
      { fall: 0.08, slow: 0.003, fast: 0.0073, realised: 0.0161 },
    ]
    for (const { fall, slow, fast, realised } of rows) {
      let [count, sumSlow, sumFast, touched] = [0, 0, 0, 0]
      for (let end = 721; end + 24 <= btc.length; end += 13) {
        const candles = btc.slice(end - 721, end)
        const of = measureVolatility(seriesOf(candles, 'BTC'))
        if (of.sigma30d === null || of.sigmaEwma === null) continue
        const touch = (sigma: number) => barrierTouch(-Math.log(1 - fall) / sigma, -sigma / 2)
        count += 1
        sumSlow += touch(of.sigma30d)
        sumFast += touch(of.sigmaEwma)
        const from = btc[end - 1]?.close ?? 0
        const low = Math.min(...btc.slice(end, end + 24).map((candle) => candle.low))
        if (low <= from * (1 - fall)) touched += 1
      }
      expect(Math.abs(sumSlow / count / slow - 1)).toBeLessThan(1 / 7)
      expect(Math.abs(sumFast / count / fast - 1)).toBeLessThan(1 / 7)
      expect(Math.abs(touched / count / realised - 1)).toBeLessThan(1 / 7)
    }
  })
})
