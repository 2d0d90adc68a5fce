/** What the simulated Binance account holds, and what happens to it: transfers, withdrawals that are
 *  really paid out by the world, deposits, liquidation. Amounts are big.js in whole units of the asset. */
import Big from 'big.js'
import type { Faults } from '../faults.ts'
import type { PricePath } from '../pricePath.ts'
import { contracts, type SimCoins, type SimContract, type SimNetwork } from './instruments.ts'
import {
  figuresOf,
  maintenanceOf,
  notionalOf,
  type OpenPosition,
  type PoolFigures,
  profitOf,
  sum,
} from './margin.ts'

export interface SimHolding {
  readonly symbol: string
  /** Signed decimal text, base units. */
  readonly amount: string
  readonly entry: string
  readonly leverage: number
  /** Isolated margin without profit and loss; absent in cross. */
  readonly isolatedWallet?: string
}

export interface PayOut {
  readonly asset: string
  readonly network: string
  readonly address: string
  /** What must arrive: the venue's fee is already taken. Decimal text. */
  readonly amount: string
}

export interface SimWithdrawal extends PayOut {
  readonly id: string
  readonly clientId: string | null
  readonly fee: string
  readonly appliedAt: number
  /** 4 processing, 5 failure, 6 completed. */
  status: 4 | 5 | 6
  txid: string
  completedAt: number | null
}

export interface SimDeposit {
  readonly id: string
  readonly asset: string
  readonly network: string
  readonly txid: string
  readonly amount: string
  readonly insertedAt: number
  confirmations: number
  needed: number
  credited: boolean
}

export interface SimTransfer {
  readonly tranId: number
  readonly type: string
  readonly asset: string
  readonly amount: string
  readonly status: 'CONFIRMED' | 'PENDING' | 'FAILED'
  readonly at: number
}

export interface Liquidation {
  readonly at: number
  readonly positions: readonly {
    readonly symbol: string
    readonly amount: string
    readonly price: string
  }[]
}

/** How Binance says no: its code and message. */
export interface Refused {
  readonly code: number
  readonly msg: string
}

export type DoneOrRefused<T> = { readonly done: T } | { readonly refused: Refused }

export interface BinanceAccount {
  positions(): readonly { readonly contract: SimContract; readonly open: OpenPosition }[]
  pool(asset: string): PoolFigures
  futuresAssets(): readonly string[]
  spot(): ReadonlyMap<string, Big>
  transfer(type: string, asset: string, amount: string): DoneOrRefused<{ readonly tranId: number }>
  transfers(): readonly SimTransfer[]
  withdraw(order: {
    readonly asset: string
    readonly network: string
    readonly address: string
    readonly amount: string
    readonly clientId: string | null
  }): DoneOrRefused<{ readonly id: string }>
  withdrawals(): readonly SimWithdrawal[]
  creditDeposit(deposit: {
    readonly asset: string
    readonly network: string
    readonly txid: string
    readonly amount: string
    readonly confirmations: number
  }): void
  deposits(): readonly SimDeposit[]
  liquidations(): readonly Liquidation[]
  updatedAt(): number
  /** Resolves when no payout is under way. */
  settled(): Promise<void>
}

export interface BinanceAccountOptions {
  readonly path: PricePath
  readonly faults: Faults
  readonly now: () => number
  readonly coins: SimCoins
  /** Futures wallets by asset, without profit and loss and without isolated margin. */
  readonly futures: Readonly<Record<string, string>>
  readonly holdings: readonly SimHolding[]
  readonly spot: Readonly<Record<string, string>>
  readonly processingMs: number
  /** Pays out on the chain; resolves to the transaction id. */
  readonly onWithdrawal: (payOut: PayOut) => Promise<string>
}

const LIQUIDATION_FEE = '0.0125'
const ZERO = new Big(0)
const toFutures = 'MAIN_UMFUTURE'
const toSpot = 'UMFUTURE_MAIN'

function contractOf(symbol: string): SimContract {
  const found = contracts.find((contract) => contract.symbol === symbol)
  if (found === undefined) throw new RangeError(`no such simulated contract: ${symbol}`)
  return found
}

function amountOf(text: string): Big | null {
  return /^\d{1,20}(\.\d{1,18})?$/.test(text) && new Big(text).gt(0) ? new Big(text) : null
}

function balanceOf(wallet: ReadonlyMap<string, Big>, asset: string): Big {
  return wallet.get(asset) ?? ZERO
}

function checkTerms(network: SimNetwork | undefined, address: string, amount: Big): Refused | null {
  if (network === undefined || !network.withdrawEnable) {
    return { code: -4019, msg: 'Current asset is not open for withdrawal.' }
  }
  if (!new RegExp(network.addressRegex).test(address)) {
    return { code: -4007, msg: 'Address validation is not passed.' }
  }
  if (amount.lt(network.withdrawMin)) {
    return {
      code: -4022,
      msg: `Not less than the minimum pick-up quantity ${network.withdrawMin}.`,
    }
  }
  if (amount.gt(network.withdrawMax)) {
    return { code: -4023, msg: 'Within 24 hours, the withdrawal exceeds the maximum amount.' }
  }
  if (!amount.mod(network.withdrawIntegerMultiple).eq(0)) {
    return {
      code: -4021,
      msg: `Asset withdrawal must be an integer multiple of ${network.withdrawIntegerMultiple}.`,
    }
  }
  return null
}

export function createBinanceAccount(options: BinanceAccountOptions): BinanceAccount {
  const futures = new Map(
    Object.entries(options.futures).map(([asset, text]) => [asset, new Big(text)]),
  )
  const spot = new Map(Object.entries(options.spot).map(([asset, text]) => [asset, new Big(text)]))
  let holdings = [...options.holdings]
  const withdrawals: SimWithdrawal[] = []
  const deposits: SimDeposit[] = []
  const transfers: SimTransfer[] = []
  const liquidations: Liquidation[] = []
  const payouts = new Set<Promise<void>>()
  let serial = 1
  let updatedAt = options.now()

  const openOf = (holding: SimHolding): OpenPosition => {
    const contract = contractOf(holding.symbol)
    return {
      symbol: holding.symbol,
      amount: new Big(holding.amount),
      entry: new Big(holding.entry),
      mark: new Big(options.path.price(contract.base)),
      leverage: holding.leverage,
      isolatedWallet: holding.isolatedWallet === undefined ? null : new Big(holding.isolatedWallet),
      brackets: contract.brackets,
    }
  }
  const positionsIn = (asset: string) =>
    holdings.map(openOf).filter((open) => contractOf(open.symbol).settle === asset)
  const pool = (asset: string) => figuresOf(balanceOf(futures, asset), positionsIn(asset))
  const add = (wallet: Map<string, Big>, asset: string, change: Big) => {
    wallet.set(asset, balanceOf(wallet, asset).plus(change))
    updatedAt = options.now()
  }

  const close = (closed: readonly OpenPosition[], asset: string) => {
    const fee = sum(closed.map(notionalOf).map((value) => value.abs())).times(LIQUIDATION_FEE)
    const isolated = closed[0]?.isolatedWallet ?? null
    if (isolated === null) {
      const left = balanceOf(futures, asset)
        .plus(sum(closed.map(profitOf)))
        .minus(fee)
      futures.set(asset, left.lt(0) ? ZERO : left)
    }
    holdings = holdings.filter(({ symbol }) => !closed.some((open) => open.symbol === symbol))
    updatedAt = options.now()
    liquidations.push({
      at: updatedAt,
      positions: closed.map((open) => ({
        symbol: open.symbol,
        amount: open.amount.toFixed(),
        price: open.mark.toFixed(),
      })),
    })
  }

  const liquidate = () => {
    for (const asset of futures.keys()) {
      const positions = positionsIn(asset)
      for (const open of positions) {
        const wallet = open.isolatedWallet
        if (wallet?.plus(profitOf(open)).lte(maintenanceOf(open))) close([open], asset)
      }
      const cross = positions.filter((open) => open.isolatedWallet === null)
      if (cross.length === 0) continue
      const equity = balanceOf(futures, asset).plus(sum(cross.map(profitOf)))
      if (equity.lte(sum(cross.map(maintenanceOf)))) close(cross, asset)
    }
  }
  options.path.onChange(liquidate)

  const pay = async (withdrawal: SimWithdrawal, gross: Big): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, options.processingMs))
    if (options.faults.peek('withdrawal-stuck') !== undefined) return
    try {
      if (options.faults.peek('withdrawal-fails') !== undefined) throw new Error('refused')
      const { asset, network, address, amount } = withdrawal
      withdrawal.txid = await options.onWithdrawal({ asset, network, address, amount })
      withdrawal.status = 6
    } catch {
      withdrawal.status = 5
      add(spot, withdrawal.asset, gross)
    }
    withdrawal.completedAt = options.now()
  }

  return {
    positions: () =>
      holdings.map((holding) => ({ contract: contractOf(holding.symbol), open: openOf(holding) })),
    pool,
    futuresAssets: () => [...futures.keys()],
    spot: () => spot,
    transfer: (type, asset, text) => {
      const amount = amountOf(text)
      if (amount === null || (type !== toFutures && type !== toSpot)) {
        return { refused: { code: -1102, msg: 'Mandatory parameter was malformed.' } }
      }
      const free = type === toSpot ? pool(asset).withdrawable : balanceOf(spot, asset)
      if (amount.gt(free) || options.faults.peek('transfer-fails') !== undefined) {
        return { refused: { code: -5013, msg: 'Asset transfer failed: insufficient balance' } }
      }
      const pending = options.faults.peek('transfer-pending') !== undefined
      add(type === toSpot ? futures : spot, asset, amount.times(-1))
      if (!pending) add(type === toSpot ? spot : futures, asset, amount)
      const tranId = 13_526_853_000 + serial++
      const status = pending ? 'PENDING' : 'CONFIRMED'
      transfers.push({ tranId, type, asset, amount: text, status, at: options.now() })
      return { done: { tranId } }
    },
    transfers: () => transfers,
    withdraw: (order) => {
      const amount = amountOf(order.amount)
      const networks = options.coins[order.asset]
      if (networks === undefined) {
        return { refused: { code: -4018, msg: "We don't have this asset." } }
      }
      if (amount === null) {
        return { refused: { code: -1102, msg: "Mandatory parameter 'amount' was malformed." } }
      }
      const network = networks.find((candidate) => candidate.network === order.network)
      const refused = checkTerms(network, order.address, amount)
      if (refused !== null || network === undefined) {
        return { refused: refused ?? { code: -4019, msg: 'Network not found.' } }
      }
      const known = withdrawals.some(
        ({ clientId }) => clientId !== null && clientId === order.clientId,
      )
      if (known) return { refused: { code: -4001, msg: 'Duplicate withdrawOrderId.' } }
      if (amount.gt(balanceOf(spot, order.asset))) {
        return { refused: { code: -4026, msg: 'You have insufficient balance.' } }
      }
      add(spot, order.asset, amount.times(-1))
      const withdrawal: SimWithdrawal = {
        id: `b6ae22b3aa844210a7041aee${String(serial++).padStart(8, '0')}`,
        clientId: order.clientId,
        asset: order.asset,
        network: order.network,
        address: order.address,
        amount: amount.minus(network.withdrawFee).toFixed(),
        fee: network.withdrawFee,
        appliedAt: options.now(),
        status: 4,
        txid: '',
        completedAt: null,
      }
      withdrawals.push(withdrawal)
      const payout = pay(withdrawal, amount)
      payouts.add(payout)
      void payout.finally(() => payouts.delete(payout))
      return { done: { id: withdrawal.id } }
    },
    withdrawals: () => withdrawals,
    creditDeposit: (seen) => {
      const needed = options.coins[seen.asset]?.find(({ network }) => network === seen.network)
      if (needed === undefined) throw new RangeError(`no network ${seen.asset}/${seen.network}`)
      let deposit = deposits.find(({ txid, asset }) => txid === seen.txid && asset === seen.asset)
      if (deposit === undefined) {
        deposit = {
          id: String(769_800_519_366_885_376n + BigInt(serial++)),
          asset: seen.asset,
          network: seen.network,
          txid: seen.txid,
          amount: seen.amount,
          insertedAt: options.now(),
          confirmations: 0,
          needed: needed.minConfirm,
          credited: false,
        }
        deposits.push(deposit)
      }
      deposit.confirmations = Math.max(deposit.confirmations, seen.confirmations)
      if (!deposit.credited && deposit.confirmations >= deposit.needed) {
        deposit.credited = true
        add(spot, deposit.asset, new Big(deposit.amount))
      }
    },
    deposits: () => deposits,
    liquidations: () => liquidations,
    updatedAt: () => updatedAt,
    settled: async () => {
      await Promise.all(payouts)
    },
  }
}
