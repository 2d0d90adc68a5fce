/** Binance USDⓈ-M as a VenuePort: margin account on fapi, spot wallet and money's way in and out on
 *  api/sapi, through ccxt's raw calls. Reading needs a read key; the movers need rights the key may lack. */
import type { Clock, VenuePort, VenueResult } from '../../../host/ports.ts'
import { refuse } from '../../../../shared/errors/refusal.ts'
import { amountToDecimal } from '../../../../shared/units/amount.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../../shared/units/time.ts'
import { type Connection, createConnection, type Origins } from '../connection.ts'
import { parseInstant, parseList, parseRow, quoteValue } from '../fields.ts'
import { binanceChains, type Chains, knownAsset } from '../networks.ts'
import { parseKlines } from '../parseCandles.ts'
import type { Parsed } from '../parsed.ts'
import { type BinanceClient, type BinanceCredentials, createBinanceClient } from './client.ts'
import { parseBinanceAccount } from './parseAccount.ts'
import { parseBinancePortfolioAccount } from './parsePortfolio.ts'
import { parseQuotes } from './parseQuotes.ts'
import {
  parseDeposit,
  parseDepositAddress,
  parseDepositAddressList,
  parseInternalMoves,
  parseNetworks,
  parsePermissions,
  parseSpotBalance,
  parseWithdrawal,
} from './parseWallet.ts'
import { isPortfolioMargin, readPortfolioAnswers } from './readPortfolio.ts'

export interface BinanceOptions {
  readonly accountId: string
  readonly label: string
  readonly credentials: BinanceCredentials
  readonly clock: Clock
  /** Demo and tests: every request goes to this loopback origin. */
  readonly origins?: Origins
  /** Binance network name → our chain; the demo maps ETH to its own chain. */
  readonly chains?: Chains
  readonly timeoutMs?: number
}

const VENUE = 'binance-usdm'
const CLOCK_EVERY_MS = 5 * MINUTE_MS
/** Binance serves at most 7 days a query by withdrawOrderId and 90 of the rest. */
const WITHDRAWAL_SPAN_MS = 7 * DAY_MS
const HISTORY_SPAN_MS = 89 * DAY_MS
/** -1002 unauthorised, -2008/-2014/-2015 key, -1022 signature. */
const keyCodes: ReadonlySet<string> = new Set(['-1002', '-2008', '-2014', '-2015', '-1022'])

interface Cached {
  readonly at: number
  readonly answer: unknown
}

function lift<T>(parsed: Parsed<T>): VenueResult<T> {
  if (parsed.kind === 'parsed') return { ok: true, value: parsed.value }
  const { field, value } = parsed
  return refuse('VENUE_ANSWER_MALFORMED', { venue: VENUE, field, value })
}

interface Table {
  /** The answer, kept for an hour; undefined when it failed. */
  read(signal: AbortSignal): Promise<unknown>
  forget(): void
}

/** Tiers, ticks and funding terms change rarely; what fails or reads badly is asked for again. */
function createTable(connection: Connection, clock: Clock, ask: () => Promise<unknown>): Table {
  let cached: Cached | undefined
  return {
    read: async (signal) => {
      if (cached !== undefined && clock.now() - cached.at < HOUR_MS) return cached.answer
      const answered = await connection.call(ask, signal)
      if (!answered.ok) return undefined
      cached = { at: clock.now(), answer: answered.value }
      return answered.value
    },
    forget: () => {
      cached = undefined
    },
  }
}

/** The asset's perpetual in the most traded quote currency; undefined where none trades. */
function perpetualOf(asset: string, symbols: readonly unknown[]): string | undefined {
  const traded = symbols
    .map(parseRow)
    .filter(
      (row) =>
        row?.['baseAsset'] === asset &&
        row['contractType'] === 'PERPETUAL' &&
        row['status'] === 'TRADING',
    )
  for (const quote of ['USDT', 'USDC']) {
    const symbol = traded.find((row) => row?.['quoteAsset'] === quote)?.['symbol']
    if (typeof symbol === 'string') return symbol
  }
  return undefined
}

const fromTables = /^tiers\.|\.(tickSize|funding)$/

/** Opens nothing until first asked. Throws only for origins outside this machine. */
export function createBinanceUsdm(options: BinanceOptions): VenuePort {
  const { accountId, label, clock } = options
  const chains = options.chains ?? binanceChains
  const client: BinanceClient = createBinanceClient(options.credentials)
  const connection = createConnection({
    venue: VENUE,
    exchange: client,
    clock,
    timeoutMs: options.timeoutMs ?? 10_000,
    origins: options.origins,
    keyCodes,
  })
  const unsupported = (action: string) => refuse('VENUE_UNSUPPORTED', { venue: VENUE, action })
  const brackets = createTable(connection, clock, () => client.fapiPrivateGetLeverageBracket())
  const exchangeInfo = createTable(connection, clock, () => client.fapiPublicGetExchangeInfo())
  const fundingInfo = createTable(connection, clock, () => client.fapiPublicGetFundingInfo())
  const coinTerms = createTable(connection, clock, () => client.dapiPublicGetExchangeInfo())
  const restrictions = createTable(connection, clock, () => client.sapiGetAccountApiRestrictions())
  let clockMeasuredAt = Number.NEGATIVE_INFINITY

  const measureClock = async (signal: AbortSignal): Promise<VenueResult<number>> => {
    const ask = async () =>
      parseInstant(parseRow(await client.fapiPublicGetTime())?.['serverTime']) ?? Number.NaN
    const measured = await connection.measureClock(ask, signal)
    if (measured.ok) clockMeasuredAt = clock.now()
    return measured
  }

  /** Signed calls carry the venue's time, so it is known first. */
  const synchronise = async (signal: AbortSignal): Promise<VenueResult<null>> => {
    const known = connection.health().clockSkewMs !== null
    if (known && clock.now() - clockMeasuredAt < CLOCK_EVERY_MS) return { ok: true, value: null }
    const measured = await measureClock(signal)
    return measured.ok ? { ok: true, value: null } : measured
  }

  const ask = async <T>(
    question: () => Promise<unknown>,
    parse: (answer: unknown) => Parsed<T>,
    signal: AbortSignal,
  ): Promise<VenueResult<T>> => {
    const ready = await synchronise(signal)
    if (!ready.ok) return ready
    const answered = await connection.call(question, signal)
    if (!answered.ok) return answered
    const read = lift(parse(answered.value))
    if (read.ok) connection.noteSuccess()
    return read
  }

  const optional = async (question: () => Promise<unknown>, signal: AbortSignal) => {
    const answered = await connection.call(question, signal)
    return answered.ok ? answered.value : undefined
  }

  const readPortfolio = async (at: number, signal: AbortSignal) => {
    const terms = { um: exchangeInfo.read(signal), cm: coinTerms.read(signal) }
    const answers = await readPortfolioAnswers(client, connection, terms, signal)
    if (!answers.ok) return answers
    const received = { at, skewMs: connection.health().clockSkewMs ?? 0 }
    const read = lift(parseBinancePortfolioAccount({ accountId, label }, answers.value, received))
    if (read.ok) connection.noteSuccess()
    return read
  }

  const readAccount: VenuePort['readAccount'] = async (signal) => {
    const time = await measureClock(signal)
    if (!time.ok) return time
    if (isPortfolioMargin(await restrictions.read(signal))) return readPortfolio(time.value, signal)
    const [account, positionRisk, accountConfig, ...rest] = await Promise.all([
      connection.call(() => client.fapiPrivateV3GetAccount(), signal),
      connection.call(() => client.fapiPrivateV3GetPositionRisk(), signal),
      connection.call(() => client.fapiPrivateGetAccountConfig(), signal),
      optional(() => client.fapiPrivateGetSymbolConfig(), signal),
      optional(() => client.fapiPublicGetPremiumIndex(), signal),
      optional(() => client.fapiPublicGetAssetIndex(), signal),
      brackets.read(signal),
      fundingInfo.read(signal),
      exchangeInfo.read(signal),
    ])
    if (!account.ok) return account
    if (!positionRisk.ok) return positionRisk
    if (!accountConfig.ok) return accountConfig
    const [symbolConfig, premiumIndex, assetIndex, leverageBracket, funding, info] = rest
    const snapshot = parseBinanceAccount(
      { accountId, label },
      {
        account: account.value,
        positionRisk: positionRisk.value,
        accountConfig: accountConfig.value,
        symbolConfig,
        leverageBracket,
        premiumIndex,
        assetIndex,
        fundingInfo: funding,
        exchangeInfo: info,
      },
      time.value,
      connection.health().clockSkewMs ?? 0,
    )
    const read = lift(snapshot)
    if (!read.ok) return read
    connection.noteSuccess()
    if (read.value.gaps.some(({ field }) => fromTables.test(field))) {
      for (const table of [brackets, exchangeInfo, fundingInfo]) table.forget()
    }
    return read
  }

  const readCandles: VenuePort['readCandles'] = async (asset, limit, signal) => {
    const info = await exchangeInfo.read(signal)
    if (info === undefined)
      return refuse('VENUE_UNREACHABLE', { venue: VENUE, reason: 'exchangeInfo' })
    const rows = parseList(parseRow(info)?.['symbols'])
    if (rows === undefined) {
      exchangeInfo.forget()
      return lift<never>({ kind: 'malformed', field: 'exchangeInfo', value: quoteValue(info) })
    }
    const symbol = perpetualOf(asset, rows)
    if (symbol === undefined) return unsupported(`candles ${asset}`)
    return ask(
      // One more than asked: the newest is the running hour.
      () => client.fapiPublicGetKlines({ symbol, interval: '1h', limit: limit + 1 }),
      (answer) =>
        parseKlines(answer, {
          asset,
          source: `Binance ${symbol}`,
          venueNow: clock.now() + (connection.health().clockSkewMs ?? 0),
          limit,
        }),
      signal,
    )
  }

  const readDepositAddress: VenuePort['readDepositAddress'] = async (coin, network, signal) => {
    const first = await ask(
      () => client.sapiGetCapitalDepositAddress({ coin, network }),
      (answer) => parseDepositAddress(answer, network),
      signal,
    )
    if (!first.ok) return first
    const second = await ask(
      () => client.sapiGetCapitalDepositAddressList({ coin, network }),
      (answer) => parseDepositAddressList(answer, network),
      signal,
    )
    if (!second.ok) return second
    const said = (answer: typeof first.value) =>
      answer.tag === null ? answer.address : `${answer.address} ${answer.tag}`
    if (said(first.value) === said(second.value)) return first
    return refuse('ADDRESS_ANSWERS_DIFFER', {
      venue: VENUE,
      first: said(first.value),
      second: said(second.value),
    })
  }

  /** The id the venue gave; an accepted order without one is malformed, not refused. */
  const idIn =
    (field: string) =>
    (answer: unknown): Parsed<{ readonly venueId: string }> => {
      const id = parseRow(answer)?.[field]
      const named = (typeof id === 'string' && id !== '') || typeof id === 'number'
      return named
        ? { kind: 'parsed', value: { venueId: String(id) } }
        : { kind: 'malformed', field, value: quoteValue(answer) }
    }

  const transferType = (direction: 'to-spot' | 'to-margin'): string =>
    direction === 'to-spot' ? 'UMFUTURE_MAIN' : 'MAIN_UMFUTURE'

  return {
    accountId,
    venue: VENUE,
    label,
    movers: 'api',
    health: connection.health,
    readAccount,
    readQuotes: async (assets, signal) => {
      const contracts = await optional(() => client.fapiPublicGetPremiumIndex(), signal)
      return ask(
        () => client.fapiPublicGetAssetIndex(),
        (assetIndex) =>
          parseQuotes(
            assets,
            { assetIndex, premiumIndex: contracts },
            connection.health().clockSkewMs ?? 0,
          ),
        signal,
      )
    },
    readCandles,
    readPermissions: (signal) =>
      ask(() => client.sapiGetAccountApiRestrictions(), parsePermissions, signal),
    readNetworks: async (symbol, signal) => {
      const asset = knownAsset(symbol)
      if (asset === undefined) return unsupported(`asset ${symbol}`)
      return ask(
        () => client.sapiGetCapitalConfigGetall(),
        (answer) => parseNetworks(answer, asset, chains),
        signal,
      )
    },
    readSpotBalance: (asset, signal) =>
      ask(
        () => client.privateGetAccount({ omitZeroBalances: true }),
        (answer) => parseSpotBalance(answer, asset),
        signal,
      ),
    readDepositAddress,
    moveInternal: ({ amount, direction }, signal) =>
      ask(
        () =>
          client.sapiPostAssetTransfer({
            type: transferType(direction),
            asset: amount.asset,
            amount: amountToDecimal(amount),
          }),
        idIn('tranId'),
        signal,
      ),
    readInternalMoves: ({ amount, direction, since }, signal) =>
      ask(
        () =>
          client.sapiGetAssetTransfer({
            type: transferType(direction),
            startTime: Math.max(since, clock.now() - HISTORY_SPAN_MS),
            size: 100,
          }),
        (answer) => parseInternalMoves(answer, amount),
        signal,
      ),
    withdraw: ({ amount, network, address, clientId }, signal) =>
      ask(
        () =>
          client.sapiPostCapitalWithdrawApply({
            coin: amount.asset,
            network,
            address,
            amount: amountToDecimal(amount),
            withdrawOrderId: clientId,
            walletType: 0,
          }),
        idIn('id'),
        signal,
      ),
    readWithdrawal: ({ asset, clientId, since }, signal) =>
      ask(
        () => {
          const startTime = Math.max(0, since - MINUTE_MS)
          const endTime = Math.min(startTime + WITHDRAWAL_SPAN_MS, clock.now() + MINUTE_MS)
          return client.sapiGetCapitalWithdrawHistory({
            coin: asset,
            withdrawOrderId: clientId,
            startTime,
            endTime,
          })
        },
        (answer) => parseWithdrawal(answer, clientId),
        signal,
      ),
    readDeposit: ({ asset, txid, since }, signal) =>
      ask(
        () =>
          client.sapiGetCapitalDepositHisrec({
            coin: asset,
            txId: txid,
            startTime: Math.max(since - MINUTE_MS, clock.now() - HISTORY_SPAN_MS),
          }),
        (answer) => parseDeposit(answer, txid),
        signal,
      ),
    close: async () => connection.close(),
  }
}
