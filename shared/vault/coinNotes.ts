/** What the user wrote about coins, addresses and transactions: BIP329 rows, one per type and ref. A frozen coin is
 *  a row `output` with `spendable: false`. A file may freeze and rename; it never sets a frozen coin free. */
import { z } from 'zod'
import { type Result, ok, refuse } from '../errors/refusal.ts'
import type { Coin } from './account.ts'
import { type WalletLabel, parseLabels, walletLabelSchema } from './labels.ts'
import type { AccountScriptType } from './script.ts'
import { INPUT_WEIGHT } from './weight.ts'

/** As kept in the store. */
export const coinNotesSchema = z.array(walletLabelSchema).readonly()
export type CoinNotes = z.infer<typeof coinNotesSchema>

const MAX_NOTES = 50_000
/** Rate of quiet times, at which a coin worth less than its own input is dust to us (sat/vB). */
const QUIET_RATE = 10

export const coinWarningSchema = z.enum([
  /** Another coin of ours lies on the same address: spending either tells that both are one owner's. */
  'address-reused',
  /** Costs more to spend than it brings even in quiet times; often sent to trace who spends it. */
  'dust',
])
export type CoinWarning = z.infer<typeof coinWarningSchema>

export function outpointOf(coin: { readonly txid: string; readonly vout: number }): string {
  return `${coin.txid}:${coin.vout}`
}

function find(notes: CoinNotes, type: WalletLabel['type'], ref: string): WalletLabel | undefined {
  return notes.find((row) => row.type === type && row.ref === ref)
}

export function frozenCoins(notes: CoinNotes): ReadonlySet<string> {
  return new Set(
    notes.flatMap((row) => (row.type === 'output' && row.spendable === false ? [row.ref] : [])),
  )
}

/** The coin's own label, else its address's, else its transaction's. */
export function labelOfCoin(notes: CoinNotes, coin: Coin): string | null {
  const rows = [
    find(notes, 'output', outpointOf(coin)),
    find(notes, 'addr', coin.address),
    find(notes, 'tx', coin.txid),
  ]
  return rows.find((row) => row?.label !== undefined && row.label !== '')?.label ?? null
}

export function coinWarnings(
  coin: Coin,
  all: readonly Coin[],
  scriptType: AccountScriptType,
): readonly CoinWarning[] {
  const reused = all.some(
    (other) => other.script === coin.script && outpointOf(other) !== outpointOf(coin),
  )
  const dust = Number(coin.value) <= (INPUT_WEIGHT[scriptType] / 4) * QUIET_RATE
  return [...(reused ? (['address-reused'] as const) : []), ...(dust ? (['dust'] as const) : [])]
}

function put(notes: CoinNotes, row: WalletLabel): CoinNotes {
  return [...notes.filter((known) => known.type !== row.type || known.ref !== row.ref), row]
}

/** Says something about a coin; what is not said stays as it was. An empty label takes the label away. */
export function noteCoin(
  notes: CoinNotes,
  outpoint: string,
  change: { readonly label?: string | undefined; readonly frozen?: boolean | undefined },
): CoinNotes {
  const before = find(notes, 'output', outpoint)
  const label = change.label ?? before?.label ?? ''
  const wasFrozen = before?.type === 'output' && before.spendable === false
  const frozen = change.frozen ?? wasFrozen
  if (label === '' && !frozen)
    return notes.filter((row) => row.type !== 'output' || row.ref !== outpoint)
  return put(notes, {
    type: 'output',
    ref: outpoint,
    ...(label === '' ? {} : { label }),
    ...(frozen ? { spendable: false } : {}),
  })
}

export interface ImportedNotes {
  readonly notes: CoinNotes
  readonly imported: number
  /** Lines of types that this version does not know. */
  readonly leftOut: number
  /** Coins that the file would have set free and that stay frozen. */
  readonly stillFrozen: number
}

/** Takes a BIP329 file into the notes: its label wins, where it has none ours stays. */
export function importNotes(
  notes: CoinNotes,
  text: string,
): Result<ImportedNotes, 'INPUT_INVALID'> {
  const read = parseLabels(text)
  if (!read.ok) return read
  const byRef = new Map(notes.map((row) => [`${row.type} ${row.ref}`, row]))
  let stillFrozen = 0
  for (const row of read.value.labels) {
    const before = byRef.get(`${row.type} ${row.ref}`)
    const label = row.label ?? before?.label
    const named = { ...row, ...(label === undefined ? {} : { label }) }
    const wasFrozen = before?.type === 'output' && before.spendable === false
    if (named.type === 'output' && wasFrozen) {
      if (named.spendable === true) stillFrozen += 1
      byRef.set(`${row.type} ${row.ref}`, { ...named, spendable: false })
    } else byRef.set(`${row.type} ${row.ref}`, named)
  }
  if (byRef.size > MAX_NOTES)
    return refuse('INPUT_INVALID', { field: 'file', problem: `over ${MAX_NOTES} labels` })
  const { leftOut, labels } = read.value
  return ok({ notes: [...byRef.values()], imported: labels.length, leftOut, stillFrozen })
}
