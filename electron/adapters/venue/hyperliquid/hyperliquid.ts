/** Hyperliquid as a VenuePort, read-only: accounts are public by address. Deposits go through its bridge
 *  and withdrawals need the master key's signature, so every mover is refused (guided instead). */
import type { Clock, VenuePort, VenueResult } from '../../../host/ports.ts'
import { refuse } from '../../../../shared/errors/refusal.ts'
import { amountFromDecimal } from '../../../../shared/units/amount.ts'
import { HOUR_MS } from '../../../../shared/units/time.ts'
import { createConnection, type Origins } from '../connection.ts'
import { parseExact, parseList, parseRow, quoteValue } from '../fields.ts'
import { parseCandleSnapshot } from '../parseCandles.ts'
import type { Parsed } from '../parsed.ts'
import { createHyperliquidClient } from './client.ts'
import { parseHyperliquidAccount } from './parseAccount.ts'
import { parseMarkQuotes } from './parseQuotes.ts'

export interface HyperliquidOptions {
  readonly accountId: string
  readonly label: string
  /** 0x address of the master account or sub-account. */
  readonly user: string
  readonly clock: Clock
  /** Demo and tests: every request goes to this loopback origin. */
  readonly origins?: Origins
  readonly timeoutMs?: number
}

const VENUE = 'hyperliquid'

function lift<T>(parsed: Parsed<T>): VenueResult<T> {
  if (parsed.kind === 'parsed') return { ok: true, value: parsed.value }
  const { field, value } = parsed
  return refuse('VENUE_ANSWER_MALFORMED', { venue: VENUE, field, value })
}

const unsupported = (action: string) =>
  Promise.resolve(refuse('VENUE_UNSUPPORTED', { venue: VENUE, action }))

/** Opens nothing until first asked. Throws only for origins outside this machine. */
export function createHyperliquid(options: HyperliquidOptions): VenuePort {
  const { accountId, label, clock, user } = options
  const client = createHyperliquidClient(user)
  const connection = createConnection({
    venue: VENUE,
    exchange: client,
    clock,
    timeoutMs: options.timeoutMs ?? 10_000,
    origins: options.origins,
    keyCodes: new Set(),
  })
  const ask = (type: string, signal: AbortSignal, withUser: 'user' | 'public') =>
    connection.call(
      () => client.publicPostInfo(withUser === 'user' ? { type, user } : { type }),
      signal,
    )

  const readAccount: VenuePort['readAccount'] = async (signal) => {
    const state = await ask('clearinghouseState', signal, 'user')
    if (!state.ok) return state
    const receivedAt = clock.now()
    // The answer's own time may be stale, and staleness is not skew: the clock is taken elsewhere.
    connection.noteClockFromDate()
    const [meta, orders] = await Promise.all([
      ask('metaAndAssetCtxs', signal, 'public'),
      ask('frontendOpenOrders', signal, 'user'),
    ])
    const read = lift(
      parseHyperliquidAccount(
        { accountId, label },
        {
          clearinghouseState: state.value,
          metaAndAssetCtxs: meta.ok ? meta.value : undefined,
          frontendOpenOrders: orders.ok ? orders.value : undefined,
        },
        receivedAt,
        connection.health().clockSkewMs ?? 0,
      ),
    )
    if (read.ok) connection.noteSuccess()
    return read
  }

  const readCandles: VenuePort['readCandles'] = async (asset, limit, signal) => {
    const venueNow = () => clock.now() + (connection.health().clockSkewMs ?? 0)
    const endTime = venueNow()
    const startTime = endTime - (limit + 1) * HOUR_MS
    const req = { coin: asset, interval: '1h', startTime, endTime }
    const answered = await connection.call(
      () => client.publicPostInfo({ type: 'candleSnapshot', req }),
      signal,
    )
    if (!answered.ok) return answered
    // ccxt hands a bare null on as text.
    if (answered.value === null || answered.value === 'null') return unsupported(`candles ${asset}`)
    connection.noteClockFromDate()
    const source = `Hyperliquid ${asset}`
    return lift(parseCandleSnapshot(answered.value, { asset, source, venueNow: venueNow(), limit }))
  }

  return {
    accountId,
    venue: VENUE,
    label,
    movers: 'none',
    health: connection.health,
    readAccount,
    readQuotes: async (assets, signal) => {
      const answered = await ask('metaAndAssetCtxs', signal, 'public')
      if (!answered.ok) return answered
      return lift(parseMarkQuotes(assets, answered.value, clock.now()))
    },
    readCandles,
    // Reading needs no key, and this port holds none that could trade or withdraw.
    readPermissions: async (signal) => {
      const answered = await ask('extraAgents', signal, 'user')
      if (!answered.ok) return answered
      if (parseList(answered.value) === undefined) {
        const value = quoteValue(answered.value)
        return refuse('VENUE_ANSWER_MALFORMED', { venue: VENUE, field: 'extraAgents', value })
      }
      return {
        ok: true,
        value: {
          read: true,
          trade: false,
          withdraw: false,
          internalTransfer: false,
          ipRestricted: null,
        },
      }
    },
    readNetworks: () => unsupported('networks'),
    readSpotBalance: async (asset, signal) => {
      const answered = await ask('spotClearinghouseState', signal, 'user')
      if (!answered.ok) return answered
      const balances = parseList(parseRow(answered.value)?.['balances'])
      const row = balances?.map(parseRow).find((balance) => balance?.['coin'] === asset.symbol)
      const total = parseExact(row?.['total'] ?? (balances === undefined ? undefined : '0'))
      const hold = parseExact(row?.['hold'] ?? '0')
      const read = total === undefined ? undefined : amountFromDecimal(asset, total, 'down')
      const held = hold === undefined ? undefined : amountFromDecimal(asset, hold, 'down')
      if (read === undefined || held === undefined) {
        const value = quoteValue(row ?? answered.value)
        return refuse('VENUE_ANSWER_MALFORMED', { venue: VENUE, field: 'balances', value })
      }
      return { ok: true, value: { ...read, units: read.units - held.units } }
    },
    readDepositAddress: () => unsupported('deposit address'),
    moveInternal: () => unsupported('internal transfer'),
    readInternalMoves: () => unsupported('internal transfers'),
    withdraw: () => unsupported('withdraw'),
    readWithdrawal: () => unsupported('withdrawals'),
    readDeposit: () => unsupported('deposits'),
    close: async () => connection.close(),
  }
}
