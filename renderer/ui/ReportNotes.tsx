/** What the figures of a report rest on: modes not checked against the venue, assumptions. */
import { TriangleAlert } from 'lucide-react'
import type { RiskReport } from '../../shared/risk/report.ts'
import { visibleText } from '../format/addresses.ts'
import { useText } from '../language/text.ts'

export function ReportNotes({ report }: { readonly report: RiskReport | null }) {
  const speech = useText()
  return (report?.notes ?? []).map((note) => (
    <p key={note} className="quiet-note">
      <TriangleAlert size={16} aria-hidden className="grade-warn" />
      <span>{speech.open(note, {}, visibleText(note))}</span>
    </p>
  ))
}
