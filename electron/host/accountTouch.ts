/** Estimates each account's probability of liquidation at most once a minute, beside the polls and never while a
 *  report is read. The draws are the same each time, so that the figure moves only when the account or market does. */
import type { AccountSnapshot } from '../../shared/collateral/snapshot.ts'
import { readMarginAccount } from '../../shared/margin/account.ts'
import { betaOf, defaultBetas } from '../../shared/market/betas.ts'
import { accountTouchWithinDay } from '../../shared/risk/accountTouch.ts'
import type { AccountTouch } from '../../shared/risk/touch.ts'
import { createUniform } from '../../shared/risk/uniform.ts'
import { MINUTE_MS } from '../../shared/units/time.ts'
import type { Clock } from './ports.ts'
import type { VolatilityBook } from './volatility.ts'

const seed = 20_251_010

export interface TouchBook {
  /** Estimates when the last estimate is a minute old; one that could not be made is tried again each time. */
  refresh(snapshot: AccountSnapshot): void
  /** The last estimate; unknown when the account holds something else by now. */
  touch(snapshot: AccountSnapshot): AccountTouch
  forget(accountId: string): void
}

export function createTouchBook(options: {
  readonly clock: Clock
  readonly volatility: Pick<VolatilityBook, 'facts' | 'candles'>
}): TouchBook {
  const { clock, volatility } = options
  const kept = new Map<
    string,
    { readonly at: number; readonly holding: string; readonly touch: AccountTouch }
  >()
  return {
    refresh(snapshot) {
      const now = clock.now()
      const last = kept.get(snapshot.accountId)
      if (last !== undefined && last.touch.kind === 'known' && now - last.at < MINUTE_MS) return
      const { measured, correlation } = volatility.facts(snapshot)
      const touch = accountTouchWithinDay({
        pools: readMarginAccount(snapshot).pools,
        isPegged: (asset) => betaOf(defaultBetas, asset) === 0,
        series: volatility.candles(snapshot),
        measured,
        correlation,
        random: createUniform(seed),
        now,
      })
      kept.set(snapshot.accountId, { at: now, holding: holdingOf(snapshot), touch })
    },
    touch(snapshot) {
      const last = kept.get(snapshot.accountId)
      if (last === undefined) return { kind: 'unknown', missing: ['touch.absent'] }
      return last.holding === holdingOf(snapshot)
        ? last.touch
        : { kind: 'unknown', missing: ['touch.changed'] }
    },
    forget: (accountId) => void kept.delete(accountId),
  }
}

/** What the estimate was made of, prices aside. */
function holdingOf({ positions, collaterals }: AccountSnapshot): string {
  return [
    ...positions.map(({ symbol, leg, side, size }) => `${symbol} ${leg} ${side} ${size}`),
    ...collaterals.map(({ asset, wallet }) => `${asset} ${wallet}`),
  ].join('\n')
}
