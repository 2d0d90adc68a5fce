/** Keeps the candles of what each account holds and measures volatility from them: at most one request per asset and
 *  venue an hour, one at a time per venue, never on the way of a poll. A venue that fails leaves the last
 *  candles standing until they are too old; then volatility is unknown, with the reason. */
import type { AccountSnapshot } from '../../shared/collateral/snapshot.ts'
import { betaOf, defaultBetas } from '../../shared/market/betas.ts'
import type { CandleSeries } from '../../shared/market/candle.ts'
import {
  type Correlations,
  correlationOf,
  measureCorrelations,
} from '../../shared/market/correlation.ts'
import {
  type AssetVolatility,
  agedVolatility,
  measureVolatility,
  unmeasured,
  volatilityHours,
} from '../../shared/market/volatility.ts'
import type { AssessOptions, DailyFigures } from '../../shared/risk/options.ts'
import { HOUR_MS, MINUTE_MS } from '../../shared/units/time.ts'
import type { Clock, VenuePort } from './ports.ts'

const retryAfterMs = MINUTE_MS

interface Kept {
  readonly series: CandleSeries | null
  readonly measured: AssetVolatility
  /** Not asked for again before this. */
  readonly dueAt: number
}

export type VolatilityFacts = Required<
  Pick<AssessOptions, 'volatility' | 'averageTrueRange' | 'correlation' | 'measured'>
> & {
  /** What `correlation` reads from. */
  readonly correlations: Correlations | null
}

type CandleSource = Pick<VenuePort, 'venue' | 'readCandles'>

export interface VolatilityBook {
  /** Asks for what is due, without keeping the caller waiting. */
  refresh(port: CandleSource, snapshot: AccountSnapshot, signal: AbortSignal): void
  /** What is known now for `assess`. */
  facts(snapshot: AccountSnapshot): VolatilityFacts
  /** The candles behind them, of the assets that have any. */
  candles(snapshot: AccountSnapshot): readonly CandleSeries[]
  /** Resolves when no request is under way. */
  settled(): Promise<void>
}

export function createVolatilityBook(options: {
  readonly clock: Clock
  readonly timeoutMs: number
  readonly onChange: () => void
  readonly log: (line: string) => void
}): VolatilityBook {
  const { clock } = options
  const kept = new Map<string, Kept>()
  const running = new Map<string, Promise<void>>()
  const correlations = new Map<string, ReturnType<typeof measureCorrelations>>()

  const keyOf = (venue: string, asset: string) => `${venue} ${asset}`

  async function read(port: CandleSource, asset: string, signal: AbortSignal): Promise<void> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(options.timeoutMs)])
    const answered = await port.readCandles(asset, volatilityHours, limit)
    if (signal.aborted) return
    const key = keyOf(port.venue, asset)
    if (answered.ok) {
      const measured = measureVolatility(answered.value)
      kept.set(key, { series: answered.value, measured, dueAt: clock.now() + HOUR_MS })
      return
    }
    const { refusal } = answered
    const rest = refusal.code === 'VENUE_UNSUPPORTED' ? HOUR_MS : retryAfterMs
    const wanted = refusal.code === 'VENUE_RATE_LIMITED' ? (refusal.data.retryAfterMs ?? 0) : 0
    keepWithout(key, asset, `candles.${refusal.code}`, Math.max(rest, wanted))
  }

  /** What was known stands, until it is too old. */
  function keepWithout(key: string, asset: string, reason: string, restMs: number): void {
    const before = kept.get(key)
    kept.set(key, {
      series: before?.series ?? null,
      measured: before?.measured ?? unmeasured(asset, [reason]),
      dueAt: clock.now() + restMs,
    })
  }

  async function readDue(
    port: CandleSource,
    assets: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    for (const asset of assets) {
      if (signal.aborted) break
      // A broken invariant in one venue's adapter must not end the process, nor be met every few seconds.
      await read(port, asset, signal).catch((error: unknown) => {
        const what = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown'
        options.log(`reading candles of ${asset} at ${port.venue} broke: ${what}`)
        keepWithout(keyOf(port.venue, asset), asset, 'candles.broken', retryAfterMs)
      })
    }
    // Once for all of them: correlations of many assets take a while.
    correlations.clear()
    if (!signal.aborted) options.onChange()
  }

  function correlationsOf(venue: string, assets: readonly string[]) {
    const key = `${venue} ${assets.join(' ')}`
    const known = correlations.get(key)
    if (known !== undefined) return known
    const table = measureCorrelations(
      assets.flatMap((asset) => kept.get(keyOf(venue, asset))?.series ?? []),
    )
    correlations.set(key, table)
    return table
  }

  return {
    refresh(port, snapshot, signal) {
      if (running.has(port.venue)) return
      const due = movingAssets(snapshot).filter(
        (asset) => (kept.get(keyOf(port.venue, asset))?.dueAt ?? 0) <= clock.now(),
      )
      if (due.length === 0) return
      const done = readDue(port, due, signal).finally(() => running.delete(port.venue))
      running.set(port.venue, done)
    },
    facts(snapshot) {
      const { venue } = snapshot
      const measured = movingAssets(snapshot).map((asset) =>
        agedVolatility(
          kept.get(keyOf(venue, asset))?.measured ?? unmeasured(asset, ['candles.absent']),
          clock.now(),
        ),
      )
      const table = correlationsOf(
        venue,
        measured.flatMap(({ asset, sigma }) => (sigma === null ? [] : [asset])),
      )
      return {
        volatility: figuresOf(measured, ({ sigma }) => sigma),
        averageTrueRange: figuresOf(measured, ({ atr }) => atr),
        correlation: (a, b) => correlationOf(table, a, b),
        correlations: table,
        measured,
      }
    },
    candles: (snapshot) =>
      movingAssets(snapshot).flatMap(
        (asset) => kept.get(keyOf(snapshot.venue, asset))?.series ?? [],
      ),
    settled: async () => {
      await Promise.all(running.values())
    },
  }
}

/** Bitcoin, in whose terms a joint shock is told, and whatever the account holds that is not pegged. */
function movingAssets(snapshot: AccountSnapshot): readonly string[] {
  const held = [
    ...snapshot.positions.map(({ base }) => base),
    ...snapshot.collaterals.map(({ asset }) => asset),
  ]
  return [...new Set(['BTC', ...held])]
    .filter((asset) => betaOf(defaultBetas, asset) !== 0)
    .toSorted()
}

function figuresOf(
  measured: readonly AssetVolatility[],
  pick: (of: AssetVolatility) => number | null,
): DailyFigures {
  return Object.fromEntries(
    measured.flatMap((of) => {
      const figure = pick(of)
      return figure === null ? [] : [[of.asset, figure]]
    }),
  )
}
