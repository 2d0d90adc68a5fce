/** What the host writes down, typed: one schema per kind, canonical bodies, replayed at start.
 *  A body that does not parse stops the host: it would act on a history it cannot read. */
import { z } from 'zod'
import { type Result, ok } from '../../shared/errors/refusal.ts'
import { policySchema } from '../../shared/risk/policy.ts'
import { type TransferEvent, transferEventSchema } from '../../shared/transfer/event.ts'
import { decodeCanonical, encodeCanonical } from '../../shared/units/canonical.ts'
import type { Clock, JournalEntry, StorePort } from './ports.ts'

const otherEventSchema = z.discriminatedUnion('kind', [
  z
    .object({ kind: z.literal('vault.paired'), fingerprint: z.string(), deviceId: z.string() })
    .readonly(),
  z.object({ kind: z.literal('vault.account-added'), accountId: z.string() }).readonly(),
  z.object({ kind: z.literal('vault.account-removed'), accountId: z.string() }).readonly(),
  z
    .object({
      kind: z.literal('vault.destination-changed'),
      chain: z.enum(['bitcoin', 'evm']),
      accountId: z.string(),
    })
    .readonly(),
  z
    .object({
      kind: z.literal('vault.address-shown'),
      chain: z.string(),
      address: z.string(),
      path: z.string(),
    })
    .readonly(),
  z
    .object({
      kind: z.literal('policy.changed'),
      before: policySchema,
      after: policySchema,
      /** 'confirmed' in the shell's own prompt; 'device': by its button, asked for under `digest`. */
      confirmation: z.enum(['not-needed', 'confirmed', 'device']),
      /** sha256 of the canonical new policy; absent where no confirmation was needed, and in old entries. */
      digest: z.string().optional(),
    })
    .readonly(),
  /** Written before the device is asked: its next button press answers for exactly this policy. */
  z
    .object({
      kind: z.literal('policy.asked'),
      digest: z.string(),
      changes: z.array(z.string()).readonly(),
    })
    .readonly(),
  /** Written before the device is asked: its next button press answers for exactly these servers. */
  z
    .object({
      kind: z.literal('servers.asked'),
      digest: z.string(),
      lines: z.array(z.string()).readonly(),
    })
    .readonly(),
  z
    .object({
      kind: z.literal('servers.changed'),
      before: z.array(z.string()).readonly(),
      after: z.array(z.string()).readonly(),
      confirmedBy: z.enum(['shell', 'device']),
    })
    .readonly(),
  z
    .object({ kind: z.literal('venue.connected'), accountId: z.string(), venue: z.string() })
    .readonly(),
  /** Written before the device is asked: its next button press answers for exactly this chain and server. */
  z
    .object({
      kind: z.literal('chain.asked'),
      chainId: z.int(),
      source: z.string(),
      digest: z.string(),
    })
    .readonly(),
  z
    .object({
      kind: z.literal('chain.added'),
      chainId: z.int(),
      /** The server's name, without path or key. */
      source: z.string(),
      confirmedBy: z.enum(['shell', 'device']),
    })
    .readonly(),
  z.object({ kind: z.literal('chain.removed'), chainId: z.int() }).readonly(),
  z.object({ kind: z.literal('venue.disconnected'), accountId: z.string() }).readonly(),
  z
    .object({ kind: z.literal('system.reconciled'), confirmedBy: z.enum(['shell', 'device']) })
    .readonly(),
  z.object({ kind: z.literal('device.late-signature'), what: z.string() }).readonly(),
  /** Written before the device is asked: its button answers for exactly this digest, once. */
  z
    .object({
      kind: z.literal('message.asked'),
      accountId: z.string(),
      address: z.string(),
      format: z.string(),
      digest: z.string(),
    })
    .readonly(),
  /** The signature was the address's own, over that digest. */
  z
    .object({ kind: z.literal('message.signed'), address: z.string(), digest: z.string() })
    .readonly(),
  z.object({ kind: z.literal('message.refused'), digest: z.string(), code: z.string() }).readonly(),
  /** A signed transaction of ours came back when it was no longer waited for; it was dropped here. */
  z.object({ kind: z.literal('airgap.late'), transfer: z.string(), txid: z.string() }).readonly(),
  /** What came back was another transaction than the approved one, in these fields. */
  z
    .object({
      kind: z.literal('airgap.mismatch'),
      transfer: z.string(),
      fields: z.array(z.string()).readonly(),
    })
    .readonly(),
])
const otherKinds: ReadonlySet<string> = new Set(
  otherEventSchema.options.flatMap((option) => [...option.unwrap().shape.kind.values]),
)
export type OtherEvent = z.infer<typeof otherEventSchema>
export type JournalEvent = TransferEvent | OtherEvent

/** Reads a stored entry; undefined for a kind this version does not know. Throws on a malformed body. */
export function readEvent(entry: JournalEntry): JournalEvent | undefined {
  const decoded = decodeCanonical(entry.body)
  if (decoded === undefined) throw new Error(`journal: entry ${entry.seq} is not canonical text`)
  if (entry.kind.startsWith('transfer.')) return transferEventSchema.parse(decoded.value)
  return otherKinds.has(entry.kind) ? otherEventSchema.parse(decoded.value) : undefined
}

export interface Journal {
  /** On disk when it returns. */
  record(event: JournalEvent): Result<JournalEntry, 'STORE_WRITE_FAILED'>
  /** Oldest first. */
  replay(take: (event: JournalEvent, at: number) => void): void
}

const pageSize = 500

export function createJournal(options: {
  readonly store: StorePort
  readonly clock: Clock
  readonly onRecord: () => void
}): Journal {
  return {
    record(event) {
      const appended = options.store.append({
        at: options.clock.now(),
        kind: event.kind,
        body: encodeCanonical(event),
      })
      if (!appended.ok) {
        // Whatever the store's reason, the caller's answer is the same: it was not written, so it must not happen.
        const reason = appended.refusal.code
        return { ok: false, refusal: { code: 'STORE_WRITE_FAILED', data: { reason } } }
      }
      options.onRecord()
      return ok(appended.value)
    },
    replay(take) {
      for (let from = 1; ; from += pageSize) {
        const page = options.store.readJournal({ fromSeq: from, limit: pageSize })
        for (const entry of page) {
          const event = readEvent(entry)
          if (event !== undefined) take(event, entry.at)
        }
        if (page.length < pageSize) return
      }
    },
  }
}
