/** The risk report as text for a terminal: accounts, distance both ways, required, excess, what is suggested.
 *  Unknown is written out with its reason; every figure's age stands in its row. */
import type { OutputOf } from '../../../shared/contract/method.ts'
import type { portfolioRead } from '../../../shared/contract/methods/portfolio.ts'
import type { Distance, Measure } from '../../../shared/risk/report.ts'
import type { Standing } from '../../../shared/risk/standing.ts'
import { amountToDecimal } from '../../../shared/units/amount.ts'

type PortfolioView = OutputOf<typeof portfolioRead>

const usdFormat = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

export function usd(value: number): string {
  return usdFormat.format(Math.round(value) + 0)
}

export function measureText(measure: Measure): string {
  return measure.kind === 'known' ? usd(measure.value) : `unknown (${measure.missing.join(', ')})`
}

export function percent(fraction: number): string {
  const text = (Math.abs(fraction) * 100).toFixed(1)
  return `${fraction < 0 ? '−' : '+'}${text} %`
}

export function distanceText(distance: Distance): string {
  switch (distance.kind) {
    case 'finite':
      return percent(distance.shock)
    case 'none':
      return 'none'
    case 'breached':
      return 'BREACHED'
    case 'unknown':
      return `unknown (${distance.missing.join(', ')})`
  }
}

function ageText(ms: number): string {
  return `${Math.max(0, Math.round(ms / 1000))} s`
}

/** Columns padded to their widest cell; all but the first aligned right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths =
    rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('   ')
        .trimEnd(),
    )
    .join('\n')
}

function standingText(before: Standing, after: Standing): string {
  const shock = (value: Standing['distanceUp']) =>
    value === null ? 'unknown' : value === 'none' ? 'none' : percent(value)
  const money = (value: number | null) => (value === null ? 'unknown' : usd(value))
  return [
    `distance ${shock(before.distanceDown)} / ${shock(before.distanceUp)} → ${shock(after.distanceDown)} / ${shock(after.distanceUp)}`,
    `required ${money(before.requiredUsd)} → ${money(after.requiredUsd)} USD`,
    `excess ${money(before.excessUsd)} → ${money(after.excessUsd)} USD`,
  ].join(', ')
}

export function accountRows(view: PortfolioView): readonly (readonly string[])[] {
  const header = [
    'account',
    'equity',
    'maintenance',
    'slack',
    'fall',
    'rise',
    '10 %',
    'required',
    'excess',
    'short',
    'state',
    'age',
  ]
  return [
    header,
    ...view.accounts.map(({ label, report, refusal }) =>
      report === null
        ? [label, ...header.slice(1, -2).map(() => '·'), refusal?.code ?? 'no answer yet', '·']
        : [
            label,
            measureText(report.equityUsd),
            measureText(report.maintenanceUsd),
            measureText(report.slackUsd),
            distanceText(report.distanceDown),
            distanceText(report.distanceUp),
            report.tenPercent,
            measureText(report.requiredUsd),
            measureText(report.excessUsd),
            measureText(report.shortfallUsd),
            refusal === null ? report.state : `${report.state}, ${refusal.code}`,
            ageText(view.now - report.asOf),
          ],
    ),
  ]
}

export function vaultRows(view: PortfolioView): readonly (readonly string[])[] {
  return [
    ['vault', 'chain', 'amount', 'age', 'source'],
    ...view.vaultBalances.map(({ amount, chain, asOf, source }) => [
      amount.asset,
      chain,
      amountToDecimal(amount),
      ageText(view.now - asOf),
      source,
    ]),
  ]
}

/** The whole report. Amounts in USD unless an asset is named; prices as the venues' own index gives them. */
export function riskReport(view: PortfolioView): string {
  const suggestions = view.suggestions.map(
    (suggestion) =>
      `  ${suggestion.kind === 'sweep' ? `${suggestion.venueLabel} → vault` : `vault → ${suggestion.venueLabel}`}  ${amountToDecimal(suggestion.amount)} ${suggestion.amount.asset}\n    ${standingText(suggestion.before, suggestion.after)}`,
  )
  const withheld = view.accounts.flatMap(({ label, withheld: reason }) =>
    reason === null ? [] : [`  ${label}: no suggestion (${reason.key})`],
  )
  return [
    `On venues ${measureText(view.venuesUsd)} USD, in the vault ${measureText(view.vaultUsd)} USD`,
    '',
    table(accountRows(view)),
    '',
    view.vaultPaired ? table(vaultRows(view)) : 'vault: no device paired yet',
    '',
    'Suggested',
    ...(suggestions.length === 0 ? ['  nothing'] : suggestions),
    ...withheld,
    '',
  ].join('\n')
}
