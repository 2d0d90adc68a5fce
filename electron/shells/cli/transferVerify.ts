/** `transfer verify --plan FILE --tx HEX`: signed bytes against an exported plan, offline, without a data directory.
 *  Exit 0 for a match, 1 for a mismatch, 2 for a file that is not a plan a transaction can be checked against. */
import type { Refusal } from '../../../shared/errors/refusal.ts'
import { parsePlanFile, verifyWithPlanFile } from '../../../shared/transfer/planFile.ts'
import type { Curve } from '../../../shared/transfer/verify/curve.ts'

export interface TransferVerification {
  /** One JSON text. */
  readonly json: string
  /** The same for reading. */
  readonly text: string
  readonly exitCode: 0 | 1 | 2
}

/** @param planText  what `transfers export` wrote
 *  @param rawHex    the signed transaction */
export function verifyTransfer(
  planText: string,
  rawHex: string,
  curve: Curve,
): TransferVerification {
  const file = parsePlanFile(planText)
  if (!file.ok) return refused(file.refusal)
  const checked = verifyWithPlanFile({ file: file.value, rawHex: rawHex.trim(), curve })
  if (!checked.ok) return refused(checked.refusal)
  const { verdict, differences } = checked.value
  return {
    json: JSON.stringify({ verdict, differences }),
    text: [
      verdict === 'match'
        ? `match: these bytes are plan ${file.value.plan.id}, digest ${file.value.digest}`
        : `MISMATCH: these bytes are not plan ${file.value.plan.id}; do not broadcast them`,
      ...differences.map(
        ({ field, approved, returned }) => `  ${field}: approved ${approved}, returned ${returned}`,
      ),
    ].join('\n'),
    exitCode: verdict === 'match' ? 0 : 1,
  }
}

function refused(refusal: Refusal<'INPUT_INVALID'>): TransferVerification {
  const { field, problem } = refusal.data
  return {
    json: JSON.stringify({ ok: false, refusal }),
    text: `not a plan that can be checked: ${field === '' ? '' : `${field}: `}${problem}`,
    exitCode: 2,
  }
}
