/** What a worked example is: from a venue's own documents, or by hand from its published form with exact fractions.
 *  Sizes in base units, USD for inverse; wallets in the settle asset. Tests only. */
import type { MaintenanceTier, VenueId } from '../../../collateral/snapshot.ts'

interface OtherPosition {
  readonly side: 'long' | 'short'
  readonly size: string
  readonly entry: string
  readonly mark: string
  readonly rate: number
  readonly deduction: number
}

export interface WorkedExample {
  readonly venue: VenueId
  readonly mode: `${'cross' | 'isolated'} ${'linear' | 'inverse'}`
  readonly name: string
  /** Document, and the form used where it was worked by hand. */
  readonly source: string
  readonly side: 'long' | 'short'
  readonly size: string
  readonly entry: string
  readonly mark: string
  readonly wallet: string
  readonly tiers: readonly MaintenanceTier[]
  readonly fee: number
  readonly others: readonly OtherPosition[]
  readonly tick: string | null
  /** Exact; null is none. */
  readonly trigger: number | null
  readonly displayed: number | null
}

/** Left out: a mark at the entry, no other positions, no tick, a displayed price that is the trigger. */
type Written = Omit<WorkedExample, 'venue' | 'mark' | 'others' | 'tick' | 'displayed'> &
  Partial<Pick<WorkedExample, 'mark' | 'others' | 'tick' | 'displayed'>>

export function examplesOf(venue: VenueId, rows: readonly Written[]): readonly WorkedExample[] {
  return rows.map((row) => ({
    venue,
    mark: row.entry,
    others: [],
    tick: null,
    displayed: row.trigger,
    ...row,
  }))
}
