/** Connected venue accounts: which, with which permissions, and where their keys lie (the secret store only). */
import { z } from 'zod'
import type { OutputOf, ResultOf } from '../../shared/contract/method.ts'
import type {
  settingsRead,
  venuesConnect,
  venuesDisconnect,
} from '../../shared/contract/methods/settings.ts'
import { type Refusal, type Result, ok, refuse } from '../../shared/errors/refusal.ts'
import { venueIdSchema } from '../../shared/collateral/snapshot.ts'
import { bytesToHex } from '@noble/hashes/utils.js'
import { encodeCanonical } from '../../shared/units/canonical.ts'
import { openDocument } from './documents.ts'
import type { Journal } from './journal.ts'
import type { Portfolio } from './portfolio.ts'
import type { Clock, KeyPermissions, OpenVenue, Random, StorePort, StoreRefusals } from './ports.ts'

type Connection = OutputOf<typeof settingsRead>['connections'][number]

const storedSchema = z.array(
  z.object({ accountId: z.string(), venue: venueIdSchema, label: z.string() }).readonly(),
)
const secretSchema = z.object({ key: z.string(), secret: z.string() })
type Stored = z.output<typeof storedSchema>[number]

const auditTimeoutMs = 15_000
const secretName = (accountId: string) => `venue.${accountId}`

export interface Connections {
  /** Opens every stored account; one that cannot be opened is left out and logged. */
  open(): void
  list(): readonly Connection[]
  connect(input: {
    readonly venue: Stored['venue']
    readonly label: string
    readonly key: string
    readonly secret?: string | undefined
  }): Promise<ResultOf<typeof venuesConnect>>
  disconnect(accountId: string): Promise<ResultOf<typeof venuesDisconnect>>
  /** Asks each venue what its key may do. */
  audit(): Promise<void>
}

export function createConnections(options: {
  readonly store: StorePort
  readonly journal: Journal
  readonly portfolio: Portfolio
  readonly clock: Clock
  readonly random: Random
  readonly openVenue: OpenVenue | null
  readonly onChange: () => void
  readonly log: (line: string) => void
}): Connections {
  const document = openDocument(options.store, 'venues', storedSchema)
  const audits = new Map<
    string,
    {
      readonly permissions: KeyPermissions | null
      readonly at: number | null
      readonly refusal: Refusal | null
    }
  >()

  function stored(): readonly Stored[] {
    const read = document.read()
    return read.ok ? (read.value ?? []) : []
  }

  async function auditOne(accountId: string): Promise<void> {
    const account = options.portfolio.account(accountId)
    if (account === undefined) return
    const read = await account.port.readPermissions(AbortSignal.timeout(auditTimeoutMs))
    const before = audits.get(accountId)
    audits.set(
      accountId,
      read.ok
        ? { permissions: read.value, at: options.clock.now(), refusal: null }
        : {
            permissions: before?.permissions ?? null,
            at: before?.at ?? null,
            refusal: read.refusal,
          },
    )
    options.onChange()
  }

  function view(accountId: string): Connection | undefined {
    const account = options.portfolio.account(accountId)
    if (account === undefined) return undefined
    const audit = audits.get(accountId)
    return {
      accountId,
      venue: account.port.venue,
      label: account.port.label,
      permissions: audit?.permissions ?? null,
      auditedAt: audit?.at ?? null,
      refusal: audit?.refusal ?? null,
    }
  }

  /** What could not be undone is said in the log: the journal's last word on the account is then wrong. */
  function undo(accountId: string, undone: Result<unknown>): void {
    if (!undone.ok) options.log(`account ${accountId}: ${undone.refusal.code} while undoing`)
  }

  /** The journal knows of an account before anything else keeps it; a write that fails takes it all back. */
  function addStored(
    connection: Stored,
    credentials: { readonly key: string; readonly secret: string },
  ): Result<void, StoreRefusals> {
    const { accountId, venue } = connection
    // A list that cannot be read must not be written over.
    const before = document.read()
    if (!before.ok) return before
    const recorded = options.journal.record({ kind: 'venue.connected', accountId, venue })
    if (!recorded.ok) return recorded
    const kept = options.store.writeSecret(secretName(accountId), encodeCanonical(credentials))
    const listed = kept.ok ? document.write([...(before.value ?? []), connection]) : kept
    if (listed.ok) return listed
    // A write that failed may still have left something.
    undo(accountId, document.write(before.value ?? []))
    undo(accountId, options.store.deleteSecret(secretName(accountId)))
    undo(accountId, options.journal.record({ kind: 'venue.disconnected', accountId }))
    return listed
  }

  /** Off the list first: an account without its keys could not be opened, keys without an account are never used. */
  function removeStored(accountId: string, venue: string): Result<void, StoreRefusals> {
    const before = document.read()
    if (!before.ok) return before
    const listed = before.value ?? []
    const recorded = options.journal.record({ kind: 'venue.disconnected', accountId })
    if (!recorded.ok) return recorded
    const written = document.write(listed.filter((known) => known.accountId !== accountId))
    const removed = written.ok ? options.store.deleteSecret(secretName(accountId)) : written
    if (removed.ok) return removed
    undo(accountId, document.write(listed))
    undo(accountId, options.journal.record({ kind: 'venue.connected', accountId, venue }))
    return removed
  }

  return {
    open() {
      for (const connection of stored()) {
        const secret = options.store.readSecret(secretName(connection.accountId))
        const parsed =
          secret.ok && secret.value !== null
            ? secretSchema.safeParse(JSON.parse(secret.value))
            : undefined
        const port =
          parsed?.success === true && options.openVenue !== null
            ? options.openVenue({ ...connection, credentials: parsed.data })
            : undefined
        if (port?.ok === true) options.portfolio.add(port.value)
        else options.log(`account ${connection.accountId} could not be opened`)
      }
    },
    list: () =>
      options.portfolio.accounts().flatMap((account) => view(account.port.accountId) ?? []),
    async connect({ venue, label, key, secret }) {
      if (options.openVenue === null) {
        return refuse('VENUE_UNSUPPORTED', { venue, action: 'connect in the demo' })
      }
      const accountId = `${venue}:${bytesToHex(options.random.bytes(4))}`
      const credentials = { key, secret: secret ?? '' }
      const opened = options.openVenue({ accountId, venue, label, credentials })
      if (!opened.ok) return opened
      const permissions = await opened.value.readPermissions(AbortSignal.timeout(auditTimeoutMs))
      if (!permissions.ok) {
        await opened.value.close()
        return permissions
      }
      const added = addStored({ accountId, venue, label }, credentials)
      if (!added.ok) {
        await opened.value.close()
        return added
      }
      audits.set(accountId, {
        permissions: permissions.value,
        at: options.clock.now(),
        refusal: null,
      })
      options.portfolio.add(opened.value)
      options.onChange()
      const connection = view(accountId)
      if (connection === undefined) throw new Error('connected account is missing')
      return ok(connection)
    },
    async disconnect(accountId) {
      const account = options.portfolio.account(accountId)
      if (account === undefined) return refuse('NOT_FOUND', { what: 'account', id: accountId })
      const forgotten = removeStored(accountId, account.port.venue)
      if (!forgotten.ok) return forgotten
      await options.portfolio.remove(accountId)
      audits.delete(accountId)
      options.onChange()
      return ok({ accountId })
    },
    async audit() {
      await Promise.all(
        options.portfolio.accounts().map((account) => auditOne(account.port.accountId)),
      )
    },
  }
}
