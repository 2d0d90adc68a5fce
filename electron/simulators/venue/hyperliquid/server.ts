/** The simulated Hyperliquid: POST /info on one loopback origin. Nothing is signed there; accounts are
 *  public by address, an unknown address is an empty account. POST /exchange is refused. */
import type { Faults } from '../faults.ts'
import type { PricePath } from '../pricePath.ts'
import { type SimRequest, type SimServer, startSimServer } from '../server.ts'
import { createHyperliquidAccount, type HyperliquidAccount } from './account.ts'
import {
  allMids,
  candleSnapshot,
  clearinghouseState,
  meta,
  metaAndAssetCtxs,
  spotClearinghouseState,
} from './answers.ts'

export interface HyperliquidServerOptions {
  readonly faults: Faults
  readonly path: PricePath
  readonly account: HyperliquidAccount
  /** 0x address that owns `account`. */
  readonly user: string
  readonly now: () => number
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : [])
}

function readFields(body: string): ReadonlyMap<string, unknown> {
  try {
    return fieldsOf(JSON.parse(body))
  } catch {
    return new Map()
  }
}

function readField(body: string, name: string): string {
  const value = readFields(body).get(name)
  return typeof value === 'string' ? value : ''
}

function candleQuery(body: string) {
  const query = fieldsOf(readFields(body).get('req'))
  return {
    coin: String(query.get('coin')),
    startTime: Number(query.get('startTime')),
    endTime: Number(query.get('endTime') ?? Number.POSITIVE_INFINITY),
  }
}

export function startHyperliquidServer(options: HyperliquidServerOptions): Promise<SimServer> {
  const venueNow = () => options.now() + (options.faults.peek('clock-skew')?.ms ?? 0)
  const stranger = createHyperliquidAccount({
    path: options.path,
    now: options.now,
    crossWallet: '0',
    holdings: [],
    spotUsdc: '0',
  })
  const accountOf = (request: SimRequest) =>
    readField(request.body, 'user').toLowerCase() === options.user.toLowerCase()
      ? options.account
      : stranger

  const info = (request: SimRequest): unknown => {
    switch (readField(request.body, 'type')) {
      case 'meta':
        return meta()
      case 'metaAndAssetCtxs':
        return metaAndAssetCtxs(options.path)
      case 'clearinghouseState':
        return clearinghouseState(accountOf(request), venueNow())
      case 'spotClearinghouseState':
        return spotClearinghouseState(accountOf(request))
      case 'allMids':
        return allMids(options.path)
      case 'candleSnapshot':
        return candleSnapshot(options.path, candleQuery(request.body), venueNow())
      case 'openOrders':
      case 'frontendOpenOrders':
      case 'userFunding':
      case 'userNonFundingLedgerUpdates':
      case 'extraAgents':
        return []
      default:
        return undefined
    }
  }

  return startSimServer({
    faults: options.faults,
    now: venueNow,
    endpointOf: (request) =>
      request.path === '/info' ? readField(request.body, 'type') : request.path,
    answer: (request) => {
      if (request.method !== 'POST' || request.path !== '/info') {
        return { status: 200, body: { status: 'err', response: 'Not available here.' } }
      }
      const body = info(request)
      return body === undefined
        ? { status: 422, body: 'Failed to deserialize the JSON body into the target type' }
        : { status: 200, body }
    },
  })
}
