/** The simulated Binance: one loopback origin for fapi, api and sapi. Keys, HMAC signatures,
 *  timestamps and recvWindow are really checked; refusals carry Binance's codes. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Fault, Faults } from '../faults.ts'
import type { PricePath } from '../pricePath.ts'
import { type SimAnswer, type SimRequest, type SimServer, startSimServer } from '../server.ts'
import type { BinanceAccount, DoneOrRefused, Refused } from './account.ts'
import {
  assetIndex,
  exchangeInfo,
  futuresAccount,
  klines,
  leverageBrackets,
  positionRiskV2,
  positionRiskV3,
  premiumIndex,
  symbolConfigs,
} from './futuresAnswers.ts'
import type { SimCoins } from './instruments.ts'
import {
  coinConfigs,
  depositHistory,
  spotAccount,
  transferHistory,
  withdrawalHistory,
} from './walletAnswers.ts'

export interface SimKey {
  readonly apiKey: string
  readonly secret: string
  readonly withdraw: boolean
  readonly universalTransfer: boolean
  readonly trade: boolean
  readonly ipRestricted: boolean
}

export interface BinanceServerOptions {
  readonly faults: Faults
  readonly path: PricePath
  readonly account: BinanceAccount
  readonly coins: SimCoins
  readonly keys: readonly SimKey[]
  readonly now: () => number
  /** By 'COIN/NETWORK'. */
  readonly depositAddresses: Readonly<Record<string, string>>
}

const refusal = (status: number, refused: Refused): SimAnswer => ({ status, body: refused })
const good = (body: unknown): SimAnswer => ({ status: 200, body })
const settle = <T>(outcome: DoneOrRefused<T>): SimAnswer =>
  'done' in outcome ? good(outcome.done) : refusal(400, outcome.refused)

const publicPaths = new Set([
  '/fapi/v1/time',
  '/fapi/v1/ping',
  '/fapi/v1/exchangeInfo',
  '/fapi/v1/premiumIndex',
  '/fapi/v1/assetIndex',
  '/fapi/v1/fundingInfo',
  '/fapi/v1/klines',
  '/api/v3/time',
  '/api/v3/ping',
])

/** 'GET' of these is a read; the rest need the named right. */
function rightFor(method: string, path: string): 'read' | 'withdraw' | 'universalTransfer' {
  if (method === 'POST' && path === '/sapi/v1/capital/withdraw/apply') return 'withdraw'
  if (method === 'POST' && path === '/sapi/v1/asset/transfer') return 'universalTransfer'
  return 'read'
}

function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a)
  const right = Buffer.from(b)
  return left.length === right.length && timingSafeEqual(left, right)
}

export function startBinanceServer(options: BinanceServerOptions): Promise<SimServer> {
  const venueNow = () => options.now() + (options.faults.peek('clock-skew')?.ms ?? 0)

  const authorise = (request: SimRequest): { readonly key: SimKey } | Refused => {
    const name = request.headers['x-mbx-apikey']
    if (typeof name !== 'string') return { code: -2014, msg: 'API-key format invalid.' }
    const key = options.keys.find((candidate) => sameText(candidate.apiKey, name))
    if (key === undefined) {
      return { code: -2015, msg: 'Invalid API-key, IP, or permissions for action.' }
    }
    const signed = request.query + request.body
    const cut = signed.lastIndexOf('&signature=')
    const signature = cut < 0 ? '' : signed.slice(cut + '&signature='.length)
    const expected = createHmac('sha256', key.secret)
      .update(cut < 0 ? signed : signed.slice(0, cut))
      .digest('hex')
    if (!sameText(signature, expected)) {
      return { code: -1022, msg: 'Signature for this request is not valid.' }
    }
    const parameters = new URLSearchParams(signed)
    const sentAt = Number(parameters.get('timestamp') ?? Number.NaN)
    const window = Number(parameters.get('recvWindow') ?? 5000)
    if (!(sentAt < venueNow() + 1000 && venueNow() - sentAt <= window)) {
      return { code: -1021, msg: 'Timestamp for this request is outside of the recvWindow.' }
    }
    const right = rightFor(request.method, request.path)
    if (right !== 'read' && !key[right]) {
      return { code: -1002, msg: 'You are not authorized to execute this request.' }
    }
    return { key }
  }

  const depositAddress = (coin: string, network: string, faults: readonly Fault[]) => {
    const lie = faults.find((fault) => fault.kind === 'wrong-deposit-address')
    const truth = options.depositAddresses[`${coin}/${network}`]
    return lie?.address ?? truth
  }

  const answer = (request: SimRequest, faults: readonly Fault[]): SimAnswer => {
    const { account, path } = options
    const query = new URLSearchParams(
      request.body === '' ? request.query : `${request.query}&${request.body}`,
    )
    let key: SimKey | undefined
    if (!publicPaths.has(request.path)) {
      const checked = authorise(request)
      if (!('key' in checked)) {
        const denied = checked.code === -2014 || checked.code === -2015 || checked.code === -1002
        return refusal(denied ? 401 : 400, checked)
      }
      key = checked.key
    }
    const coin = query.get('coin') ?? ''
    const network = query.get('network') ?? ''
    switch (`${request.method} ${request.path}`) {
      case 'GET /fapi/v1/ping':
      case 'GET /api/v3/ping':
        return good({})
      case 'GET /fapi/v1/time':
      case 'GET /api/v3/time':
        return good({ serverTime: venueNow() })
      case 'GET /fapi/v1/exchangeInfo':
        return good(exchangeInfo(venueNow()))
      case 'GET /fapi/v1/premiumIndex': {
        const rows = premiumIndex(path, venueNow())
        return good(rows)
      }
      case 'GET /fapi/v1/assetIndex':
        return good(assetIndex(path, venueNow()))
      case 'GET /fapi/v1/fundingInfo':
        return good([])
      case 'GET /fapi/v1/klines': {
        const limit = Number(query.get('limit') ?? 500)
        return good(klines(path, query.get('symbol') ?? '', limit, venueNow()))
      }
      case 'GET /fapi/v2/account':
      case 'GET /fapi/v3/account':
        return good(futuresAccount(account))
      case 'GET /fapi/v2/positionRisk':
        return good(positionRiskV2(account, path))
      case 'GET /fapi/v3/positionRisk':
        return good(positionRiskV3(account))
      case 'GET /fapi/v1/leverageBracket':
        return good(leverageBrackets(query.get('symbol')))
      case 'GET /fapi/v1/symbolConfig':
        return good(symbolConfigs(account))
      case 'GET /fapi/v1/accountConfig':
        return good({
          feeTier: 0,
          canTrade: true,
          canDeposit: true,
          canWithdraw: true,
          dualSidePosition: false,
          updateTime: 0,
          multiAssetsMargin: false,
          tradeGroupId: -1,
        })
      case 'GET /fapi/v1/positionSide/dual':
        return good({ dualSidePosition: false })
      case 'GET /fapi/v1/multiAssetsMargin':
        return good({ multiAssetsMargin: false })
      case 'GET /fapi/v1/openOrders':
        return good([])
      case 'GET /api/v3/account':
        return good(spotAccount(account))
      case 'GET /sapi/v1/capital/config/getall':
        return good(coinConfigs(options.coins, account))
      case 'GET /sapi/v1/account/apiRestrictions':
        return good({
          ipRestrict: key?.ipRestricted ?? false,
          createTime: 1_698_645_219_000,
          enableReading: true,
          enableWithdrawals: key?.withdraw ?? false,
          enableInternalTransfer: false,
          enableMargin: false,
          enableFutures: key?.trade ?? false,
          permitsUniversalTransfer: key?.universalTransfer ?? false,
          enableVanillaOptions: false,
          enableFixApiTrade: false,
          enableFixReadOnly: false,
          enableSpotAndMarginTrading: key?.trade ?? false,
          enablePortfolioMarginTrading: false,
        })
      case 'GET /sapi/v1/capital/withdraw/address/list':
        return good([])
      case 'GET /sapi/v1/capital/withdraw/history':
        return good(withdrawalHistory(account, query))
      case 'GET /sapi/v1/capital/deposit/hisrec':
        return good(depositHistory(account, query))
      case 'GET /sapi/v1/asset/transfer':
        return good(transferHistory(account, query))
      case 'GET /sapi/v1/capital/deposit/address': {
        const address = depositAddress(coin, network, faults)
        if (address === undefined) return refusal(400, { code: -4018, msg: 'No such network.' })
        return good({ coin, address, tag: '', url: '' })
      }
      case 'GET /sapi/v1/capital/deposit/address/list': {
        const address = depositAddress(coin, network, faults)
        if (address === undefined) return refusal(400, { code: -4018, msg: 'No such network.' })
        return good([{ coin, address, tag: '', isDefault: 1 }])
      }
      case 'POST /sapi/v1/asset/transfer':
        return settle(
          account.transfer(
            query.get('type') ?? '',
            query.get('asset') ?? '',
            query.get('amount') ?? '',
          ),
        )
      case 'POST /sapi/v1/capital/withdraw/apply':
        return settle(
          account.withdraw({
            asset: coin,
            network,
            address: query.get('address') ?? '',
            amount: query.get('amount') ?? '',
            clientId: query.get('withdrawOrderId'),
          }),
        )
    }
    return refusal(404, { code: -1000, msg: `no such endpoint: ${request.path}` })
  }

  return startSimServer({
    faults: options.faults,
    now: venueNow,
    endpointOf: (request) => request.path,
    answer,
  })
}
