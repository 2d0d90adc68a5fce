/** The same account with an asset added to or taken from its cross wallet: for before/after and what-ifs.
 *  Exact decimals. The venue's liquidation prices no longer apply, so they are dropped, not kept as true. */
import Big from 'big.js'
import { type Decimal, decimalFromBig } from '../units/decimal.ts'
import type { AccountSnapshot, Collateral } from './snapshot.ts'

/**
 * @param asset  symbol of a collateral the account has, or of one it does not have yet
 * @param delta  units of the asset; negative leaves the account
 */
export function applyTransfer(
  snapshot: AccountSnapshot,
  asset: string,
  delta: Decimal,
): AccountSnapshot {
  const found = snapshot.collaterals.find((collateral) => collateral.asset === asset)
  const collaterals =
    found === undefined
      ? [...snapshot.collaterals, newCollateral(asset, delta)]
      : snapshot.collaterals.map((collateral) =>
          collateral === found ? moved(collateral, delta) : collateral,
        )
  const price = found?.priceUsd ?? null
  const usd = price === null ? undefined : new Big(delta).times(price)
  const shift = (value: Decimal | null): Decimal | null =>
    value === null || usd === undefined ? null : decimalFromBig(new Big(value).plus(usd))
  const { reported } = snapshot
  return {
    ...snapshot,
    collaterals,
    positions: snapshot.positions.map((position) =>
      position.marginMode === 'cross' ? { ...position, reportedLiquidation: null } : position,
    ),
    reported: {
      equity: shift(reported.equity),
      maintenance: reported.maintenance,
      withdrawable: notNegative(shift(reported.withdrawable)),
    },
  }
}

function moved(collateral: Collateral, delta: Decimal): Collateral {
  const plus = (value: Decimal) => decimalFromBig(new Big(value).plus(delta))
  return {
    ...collateral,
    wallet: plus(collateral.wallet),
    withdrawable:
      collateral.withdrawable === null ? null : notNegative(plus(collateral.withdrawable)),
  }
}

function notNegative(value: Decimal | null): Decimal | null {
  return value !== null && value.startsWith('-') ? decimalFromBig(new Big(0)) : value
}

function newCollateral(asset: string, delta: Decimal): Collateral {
  return { asset, wallet: delta, priceUsd: null, haircuts: [], withdrawable: null }
}
