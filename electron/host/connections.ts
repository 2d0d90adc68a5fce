/** Connected venue accounts: which, with which permissions, and where their keys lie (the secret store only). */
import { z } from 'zod'
import type { OutputOf, ResultOf } from '../../shared/contract/method.ts'
import type {
  settingsRead,
  venuesConnect,
  venuesDisconnect,
} from '../../shared/contract/methods/settings.ts'
import { type Refusal, ok, refuse } from '../../shared/errors/refusal.ts'
import { venueIdSchema } from '../../shared/collateral/snapshot.ts'
import { bytesToHex } from '@noble/hashes/utils.js'
import { encodeCanonical } from '../../shared/units/canonical.ts'
import { openDocument } from './documents.ts'
import type { Journal } from './journal.ts'
import type { Portfolio } from './portfolio.ts'
import type { Clock, KeyPermissions, OpenVenue, Random, StorePort } from './ports.ts'

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
      const kept = options.store.writeSecret(secretName(accountId), encodeCanonical(credentials))
      const listed = kept.ok ? document.write([...stored(), { accountId, venue, label }]) : kept
      const recorded = listed.ok
        ? options.journal.record({ kind: 'venue.connected', accountId, venue })
        : listed
      if (!recorded.ok) {
        await opened.value.close()
        return recorded
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
      if (!(await options.portfolio.remove(accountId)))
        return refuse('NOT_FOUND', { what: 'account', id: accountId })
      const removed = options.store.deleteSecret(secretName(accountId))
      if (!removed.ok) return removed
      const written = document.write(
        stored().filter((connection) => connection.accountId !== accountId),
      )
      if (!written.ok) return written
      const recorded = options.journal.record({ kind: 'venue.disconnected', accountId })
      if (!recorded.ok) return recorded
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
