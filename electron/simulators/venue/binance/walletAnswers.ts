/** Raw api/sapi answers of the spot wallet in Binance's shapes. Times as Binance writes them: UTC
 *  'YYYY-MM-DD HH:MM:SS' in withdrawals, ms elsewhere. */
import Big from 'big.js'
import type { BinanceAccount, SimWithdrawal } from './account.ts'
import type { SimCoins } from './instruments.ts'

const eight = (value: Big | string): string => new Big(value).toFixed(8)
const utcText = (at: number): string => new Date(at).toISOString().slice(0, 19).replace('T', ' ')

export function spotAccount(account: BinanceAccount): unknown {
  return {
    makerCommission: 10,
    takerCommission: 10,
    buyerCommission: 0,
    sellerCommission: 0,
    canTrade: true,
    canWithdraw: true,
    canDeposit: true,
    brokered: false,
    updateTime: account.updatedAt(),
    accountType: 'SPOT',
    balances: [...account.spot()].map(([asset, free]) => ({
      asset,
      free: eight(free),
      locked: '0.00000000',
    })),
    permissions: ['SPOT'],
    uid: 354937868,
  }
}

export function coinConfigs(coins: SimCoins, account: BinanceAccount): unknown {
  return Object.entries(coins).map(([coin, networks]) => ({
    coin,
    depositAllEnable: networks.some((network) => network.depositEnable),
    withdrawAllEnable: networks.some((network) => network.withdrawEnable),
    name: coin,
    free: eight(account.spot().get(coin) ?? '0'),
    locked: '0',
    freeze: '0',
    withdrawing: '0',
    ipoing: '0',
    ipoable: '0',
    storage: '0',
    isLegalMoney: false,
    trading: true,
    networkList: networks.map((network, index) => ({
      ...network,
      coin,
      isDefault: index === 0,
      depositDesc: '',
      withdrawDesc: '',
      specialTips: '',
      resetAddressStatus: false,
      memoRegex: '',
      depositDust: '0.000001',
      unLockConfirm: network.minConfirm * 10,
      sameAddress: false,
      estimatedArrivalTime: 5,
      busy: false,
      contractAddressUrl: 'https://etherscan.io/token/',
    })),
  }))
}

function withdrawalRow(withdrawal: SimWithdrawal): unknown {
  return {
    id: withdrawal.id,
    amount: withdrawal.amount,
    transactionFee: withdrawal.fee,
    coin: withdrawal.asset,
    status: withdrawal.status,
    address: withdrawal.address,
    txId: withdrawal.txid,
    applyTime: utcText(withdrawal.appliedAt),
    network: withdrawal.network,
    transferType: 0,
    ...(withdrawal.clientId === null ? {} : { withdrawOrderId: withdrawal.clientId }),
    info: withdrawal.status === 5 ? 'The payment could not be made' : '',
    confirmNo: withdrawal.status === 6 ? 1 : 0,
    walletType: 0,
    txKey: '',
    ...(withdrawal.completedAt === null ? {} : { completeTime: utcText(withdrawal.completedAt) }),
  }
}

export function withdrawalHistory(account: BinanceAccount, query: URLSearchParams): unknown {
  const coin = query.get('coin')
  const clientId = query.get('withdrawOrderId')
  const from = Number(query.get('startTime') ?? 0)
  return account
    .withdrawals()
    .filter((withdrawal) => coin === null || withdrawal.asset === coin)
    .filter((withdrawal) => clientId === null || withdrawal.clientId === clientId)
    .filter((withdrawal) => withdrawal.appliedAt >= from)
    .map(withdrawalRow)
    .reverse()
}

export function depositHistory(account: BinanceAccount, query: URLSearchParams): unknown {
  const coin = query.get('coin')
  const txid = query.get('txId')
  return account
    .deposits()
    .filter((deposit) => coin === null || deposit.asset === coin)
    .filter((deposit) => txid === null || deposit.txid === txid)
    .map((deposit) => ({
      id: deposit.id,
      amount: deposit.amount,
      coin: deposit.asset,
      network: deposit.network,
      status: deposit.credited ? 1 : 0,
      address: '',
      addressTag: '',
      txId: deposit.txid,
      insertTime: deposit.insertedAt,
      completeTime: deposit.credited ? deposit.insertedAt : 0,
      transferType: 0,
      confirmTimes: `${deposit.confirmations}/${deposit.needed}`,
      unlockConfirm: deposit.needed,
      walletType: 0,
      travelRuleStatus: 0,
    }))
    .reverse()
}

export function transferHistory(account: BinanceAccount, query: URLSearchParams): unknown {
  const type = query.get('type')
  const from = Number(query.get('startTime') ?? 0)
  const rows = account
    .transfers()
    .filter((transfer) => transfer.type === type && transfer.at >= from)
    .map(({ asset, amount, status, tranId, at }) => ({
      asset,
      amount,
      type,
      status,
      tranId,
      timestamp: at,
    }))
    .reverse()
  return rows.length === 0 ? { total: 0 } : { total: rows.length, rows }
}
