/** What the figures of a report rest on: modes not checked against the venue, assumptions; and, where we compute none
 *  (portfolio margin, options beside the rest), the venue's own totals, named as its own. */
import { TriangleAlert } from 'lucide-react'
import type { AccountSnapshot } from '../../shared/collateral/snapshot.ts'
import type { RiskReport } from '../../shared/risk/report.ts'
import { visibleText } from '../format/addresses.ts'
import type { Format } from '../format/format.ts'
import { useFormat } from '../format/useFormat.ts'
import { type Text, useText } from '../language/text.ts'

/** Totals in dollars; with one asset a pool they are in that asset, and beside figures of ours they are checked. */
function reportedFigures(
  { marginMode, reported }: AccountSnapshot,
  report: RiskReport,
  format: Format,
  t: Text,
): string | null {
  if (marginMode === 'single-asset' || report.equityUsd.kind === 'known') return null
  const said = [
    [t('equity'), reported.equity],
    [t('maintenance'), reported.maintenance],
    [t('collaterals.withdrawable'), reported.withdrawable],
  ] as const
  const figures = said.flatMap(([name, value]) =>
    value === null ? [] : [`${name} ${format.usd(Number(value))}`],
  )
  return figures.length === 0 ? null : figures.join(' · ')
}

function Note({ text }: { readonly text: string }) {
  return (
    <p className="quiet-note">
      <TriangleAlert size={16} aria-hidden className="grade-warn" />
      <span>{text}</span>
    </p>
  )
}

export function ReportNotes({
  report,
  snapshot,
}: {
  readonly report: RiskReport | null
  readonly snapshot: AccountSnapshot | null
}) {
  const speech = useText()
  const format = useFormat()
  if (report === null) return null
  const figures = snapshot && reportedFigures(snapshot, report, format, speech.t)
  return (
    <>
      {(report.notes ?? []).map((note) => (
        <Note key={note} text={speech.open(note, {}, visibleText(note))} />
      ))}
      {figures !== null && <Note text={speech.t('reported.byVenue', { figures })} />}
    </>
  )
}
