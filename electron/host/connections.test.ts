import { expect, test } from 'vitest'
import { type Result, ok, refuse } from '../../shared/errors/refusal.ts'
import { createConnections } from './connections.ts'
import type { Portfolio } from './portfolio.ts'
import type { KeyPermissions, StorePort, StoreRefusals, VenuePort } from './ports.ts'

const failed = refuse('STORE_WRITE_FAILED', { reason: 'full' })

/** Notes each write in its order; `fail` picks those that fail, by their note. */
function openConnections(fail: (note: string) => boolean) {
  const notes: string[] = []
  const documents = new Map<string, string>()
  const secrets = new Map<string, string>()
  const accounts = new Map<string, VenuePort>()
  const write = (note: string, effect: () => void): Result<void, StoreRefusals> => {
    if (fail(note)) return failed
    notes.push(note)
    effect()
    return ok(undefined)
  }
  const store: Partial<StorePort> = {
    readDocument: (name) => ok(documents.get(name) ?? null),
    writeDocument: (name, value) =>
      write(`list ${value.includes('binance-usdm:') ? 'with' : 'without'}`, () =>
        documents.set(name, value),
      ),
    readSecret: (name) => ok(secrets.get(name) ?? null),
    writeSecret: (name, value) => write('keep secret', () => secrets.set(name, value)),
    deleteSecret: (name) => write('drop secret', () => secrets.delete(name)),
  }
  const portfolio: Partial<Portfolio> = {
    account(accountId) {
      const port = accounts.get(accountId)
      return port === undefined ? undefined : { port, snapshot: null, refusal: null }
    },
    add: (port) => void accounts.set(port.accountId, port),
    remove: (accountId) => Promise.resolve(accounts.delete(accountId)),
  }
  const connections = createConnections({
    store: store as StorePort,
    journal: {
      record(event) {
        const written = write(event.kind, () => undefined)
        return written.ok
          ? ok({ seq: notes.length, at: 0, kind: event.kind, body: '', hash: '' })
          : failed
      },
      replay: () => undefined,
    },
    portfolio: portfolio as Portfolio,
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    random: { bytes: (length) => new Uint8Array(length) },
    openVenue(connection) {
      const venue: Partial<VenuePort> = {
        ...connection,
        readPermissions: () => Promise.resolve(ok({ read: true } as KeyPermissions)),
        close: () => Promise.resolve(void notes.push('closed')),
      }
      return ok(venue as VenuePort)
    },
    onChange: () => undefined,
    log: (line) => notes.push(line),
  })
  const connect = () =>
    connections.connect({ venue: 'binance-usdm', label: 'x', key: 'k', secret: 's' })
  return { connections, connect, notes, secrets, documents, accounts }
}

const accountId = 'binance-usdm:00000000'

test('an account is journalled before its keys are kept and it is listed', async () => {
  const { connect, notes } = openConnections(() => false)
  expect((await connect()).ok).toBe(true)
  expect(notes).toEqual(['venue.connected', 'keep secret', 'list with'])
})

test.each(['venue.connected', 'keep secret', 'list with'])(
  'with “%s” not written there is no account, and no keys',
  async (failing) => {
    const world = openConnections((note) => note === failing)
    expect(await world.connect()).toMatchObject({ refusal: { code: 'STORE_WRITE_FAILED' } })
    expect(world.secrets.size).toBe(0)
    expect(world.documents.get('venues') ?? '[]').not.toContain(accountId)
    expect(world.accounts.size).toBe(0)
    expect(world.notes).toContain('closed')
    // Whatever the journal was told first was taken back last.
    const told = world.notes.filter((note) => note.startsWith('venue.'))
    expect(told.at(-1)).not.toBe('venue.connected')
  },
)

test('an account that goes is journalled before it is taken off the list', async () => {
  const { connect, connections, notes, accounts, secrets } = openConnections(() => false)
  await connect()
  notes.length = 0
  expect((await connections.disconnect(accountId)).ok).toBe(true)
  expect(notes).toEqual(['venue.disconnected', 'list without', 'drop secret'])
  expect(accounts.size + secrets.size).toBe(0)
})

test.each(['venue.disconnected', 'list without', 'drop secret'])(
  'with “%s” not written the account stays, with its keys',
  async (failing) => {
    const world = openConnections((note) => note === failing)
    await world.connect()
    const gone = await world.connections.disconnect(accountId)
    expect(gone).toMatchObject({ refusal: { code: 'STORE_WRITE_FAILED' } })
    expect(world.accounts.has(accountId)).toBe(true)
    expect(world.secrets.size).toBe(1)
    expect(world.documents.get('venues')).toContain(accountId)
    const told = world.notes.filter((note) => note.startsWith('venue.'))
    expect(told.at(-1)).toBe('venue.connected')
  },
)

test('an account that is not there cannot go', async () => {
  const { connections, notes } = openConnections(() => false)
  expect(await connections.disconnect('x')).toMatchObject({ refusal: { code: 'NOT_FOUND' } })
  expect(notes).toEqual([])
})

test('what cannot be undone either is said in the log', async () => {
  const world = openConnections((note) => note === 'list with' || note === 'venue.disconnected')
  await world.connect()
  expect(world.notes.join()).toContain(`account ${accountId}: STORE_WRITE_FAILED while undoing`)
})
