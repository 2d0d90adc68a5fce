/** The hash chain over journal entries. Pure.
 *  Source of truth: the sealed head (count and hash) that the store keeps beside the entries.
 *  Refuses a chain with a hole, a changed field, an entry too many or too few, naming the sequence
 *  number where it first breaks. */
import { ok, type Result, refuse } from '../errors/refusal.ts'
import { emptyHead, entrySchema, hashEntry, type JournalHead } from './entry.ts'

/**
 * Extends a verified chain by one entry.
 * @param entry  unparsed: it is checked here
 * @returns the new head | JOURNAL_TAMPERED at the number that was due
 */
export function extendChain(
  head: JournalHead,
  entry: unknown,
): Result<JournalHead, 'JOURNAL_TAMPERED'> {
  const seq = head.count + 1
  const parsed = entrySchema.safeParse(entry)
  if (!parsed.success) return refuse('JOURNAL_TAMPERED', { seq, reason: 'entry malformed' })
  const found = parsed.data
  if (found.seq !== seq)
    return refuse('JOURNAL_TAMPERED', { seq, reason: `entry ${found.seq} found in its place` })
  if (!found.kind.isWellFormed() || !found.body.isWellFormed())
    return refuse('JOURNAL_TAMPERED', { seq, reason: 'entry malformed' })
  if (hashEntry(head.hash, found) !== found.hash)
    return refuse('JOURNAL_TAMPERED', { seq, reason: 'hash does not match the entry' })
  return ok({ count: seq, hash: found.hash })
}

/**
 * Recomputes the whole chain from its start and compares it with the sealed head.
 * @returns the head reached | JOURNAL_TAMPERED with the first number that is wrong
 */
export function verifyChain(
  entries: Iterable<unknown>,
  head: JournalHead,
): Result<JournalHead, 'JOURNAL_TAMPERED'> {
  let reached = emptyHead
  for (const entry of entries) {
    const next = extendChain(reached, entry)
    if (!next.ok) return next
    reached = next.value
  }
  if (reached.count !== head.count)
    return refuse('JOURNAL_TAMPERED', {
      seq: reached.count + 1,
      reason: `the sealed head counts ${head.count} entries, ${reached.count} found`,
    })
  if (reached.hash !== head.hash)
    return refuse('JOURNAL_TAMPERED', {
      seq: reached.count,
      reason: 'the sealed head has another hash',
    })
  return ok(reached)
}
