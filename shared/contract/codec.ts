/** The contract's text form: shared/units/canonical, with a refusal for what is malformed. */
import { type Result, ok, refuse } from '../errors/refusal.ts'
import { decodeCanonical } from '../units/canonical.ts'

export { encodeCanonical } from '../units/canonical.ts'

export function decode(text: string): Result<unknown, 'INPUT_INVALID'> {
  const decoded = decodeCanonical(text)
  return decoded === undefined
    ? refuse('INPUT_INVALID', { field: '', problem: 'malformed' })
    : ok(decoded.value)
}
