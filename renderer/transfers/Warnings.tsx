/** What the approver should know about the accounts of a payment: part of the plan, covered by its digest. */
import { TriangleAlert } from 'lucide-react'
import { visibleText } from '../format/addresses.ts'
import { useText } from '../language/text.ts'
import type { Plan } from './transferText.ts'

export function Warnings({ plan }: { readonly plan: Plan }) {
  const { t } = useText()
  return (plan.warnings ?? []).map(({ key, values }) => (
    <div key={key} className="refusal warn" role="note" data-warning={key}>
      <TriangleAlert size={16} aria-hidden />
      <div>
        <p className="refusal-message">
          {t(
            `warning.${key}`,
            Object.fromEntries(
              Object.entries(values).map(([name, value]) => [name, visibleText(value)]),
            ),
          )}
        </p>
      </div>
    </div>
  ))
}
