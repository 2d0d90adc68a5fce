/** Binance accounts under portfolio margin: the key's own answer says so, and then papi has the figures that fapi no
 *  longer has. Shown as the venue's, not recomputed (see parsePortfolio.ts). Read rights suffice. */
import type { VenueResult } from '../../../host/ports.ts'
import type { Connection } from '../connection.ts'
import { parseRow } from '../fields.ts'
import type { BinanceClient } from './client.ts'
import type { BinancePortfolioAnswers } from './parsePortfolio.ts'

/** `restrictions`: sapi/v1/account/apiRestrictions. A key that is older than the mode is not let into papi. */
export function isPortfolioMargin(restrictions: unknown): boolean {
  return parseRow(restrictions)?.['enablePortfolioMarginTrading'] === true
}

/** Refuses when the account's own answers fail; without the contracts' terms the positions are named as gaps. */
export async function readPortfolioAnswers(
  client: BinanceClient,
  connection: Connection,
  terms: { readonly um: Promise<unknown>; readonly cm: Promise<unknown> },
  signal: AbortSignal,
): Promise<VenueResult<BinancePortfolioAnswers>> {
  const [account, balance, umPositionRisk, cmPositionRisk, umExchangeInfo, cmExchangeInfo] =
    await Promise.all([
      connection.call(() => client.papiGetAccount(), signal),
      connection.call(() => client.papiGetBalance(), signal),
      connection.call(() => client.papiGetUmPositionRisk(), signal),
      connection.call(() => client.papiGetCmPositionRisk(), signal),
      terms.um,
      terms.cm,
    ])
  for (const answered of [account, balance, umPositionRisk, cmPositionRisk])
    if (!answered.ok) return answered
  const said = (answered: VenueResult<unknown>) => (answered.ok ? answered.value : undefined)
  return {
    ok: true,
    value: {
      account: said(account),
      balance: said(balance),
      umPositionRisk: said(umPositionRisk),
      cmPositionRisk: said(cmPositionRisk),
      umExchangeInfo,
      cmExchangeInfo,
    },
  }
}
