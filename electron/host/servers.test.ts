import { expect, test } from 'vitest'
import { ok, refuse } from '../../shared/errors/refusal.ts'
import { type BitcoinServers, noServers } from '../../shared/vault/bitcoinServers.ts'
import type { JournalEvent } from './journal.ts'
import type { BitcoinPort, BitcoinServersPort, StorePort } from './ports.ts'
import { openServers } from './servers.ts'

const mine = { kind: 'electrum', host: '127.0.0.1', port: 50001, tls: 'off' } as const
const foreign = { ...mine, host: 'electrum.example.org', tls: 'verified' } as const
const core = {
  kind: 'core',
  url: 'http://127.0.0.1:8332',
  since: '2024-01-01',
  login: { kind: 'password', user: 'me', password: 'secret' },
} as const
const fromFile: BitcoinServers = { first: mine, second: null, proxy: null }

type Answer = 'shell' | 'device' | 'declined'

function open(
  answers: { answer?: Answer; secrets?: Map<string, string>; fixed?: true; full?: true } = {},
) {
  const secrets = answers.secrets ?? new Map<string, string>()
  const used: BitcoinServers[] = []
  const tried: object[] = []
  const events: JournalEvent[] = []
  const asked: { lines: readonly string[]; digest: string }[] = []
  const store: Pick<StorePort, 'readSecret' | 'writeSecret'> = {
    readSecret: (name) => ok(secrets.get(name) ?? null),
    writeSecret(name, value) {
      if (answers.full === true) return refuse('STORE_WRITE_FAILED', { reason: 'full' })
      secrets.set(name, value)
      return ok(undefined)
    },
  }
  const bitcoin: Partial<BitcoinPort> = {
    source: 'tried',
    readFeeRate: () => Promise.resolve(ok(7)),
    readTip: () => Promise.resolve(ok({ height: 960_000, asOf: 1, verifiedTo: 955_000 })),
    readUsedScripts: () =>
      Promise.resolve(refuse('CHAIN_UNREACHABLE', { chain: 'bitcoin', reason: 'x' })),
    close: () => {
      tried.push({ closed: true })
      return Promise.resolve()
    },
  }
  const port: BitcoinServersPort = {
    initial: fromFile,
    use: (servers) => void used.push(servers),
    open: (server, proxy) => {
      tried.push({ server, proxy })
      return bitcoin as BitcoinPort
    },
  }
  const opened = openServers({
    port: answers.fixed === true ? null : port,
    store: store as StorePort,
    journal: {
      record(event) {
        events.push(event)
        return ok({ seq: events.length, at: 1, kind: event.kind, body: '', hash: '' })
      },
    } as Parameters<typeof openServers>[0]['journal'],
    clock: { now: () => 5, sleep: () => Promise.resolve() },
    confirm: (request) => {
      asked.push(request)
      const { answer = 'shell' } = answers
      if (answer === 'device') request.onDevice()
      return Promise.resolve(
        answer === 'declined'
          ? refuse('CONFIRMATION_REQUIRED', { what: request.title, where: 'declined' })
          : ok(answer),
      )
    },
    onChange: () => undefined,
  })
  return { opened, used, tried, events, asked, secrets }
}

function host(made: ReturnType<typeof open>) {
  if (!made.opened.ok) throw new Error(made.opened.refusal.code)
  return made.opened.value
}

test('what the file names is used until others are chosen', () => {
  const made = open()
  expect(host(made).read()).toMatchObject({ value: { origin: 'file', servers: fromFile } })
  expect(made.used).toEqual([fromFile])
})

test('a change is said in full outside the window, journalled, kept, used at once, and there at the next start', async () => {
  const made = open({ answer: 'device' })
  const servers = { first: foreign, second: core, proxy: null }
  const written = await host(made).write({ servers })
  expect(written).toMatchObject({ ok: true, value: { origin: 'settings' } })
  expect(JSON.stringify(written)).not.toContain('secret')
  expect(made.asked[0]?.lines).toEqual([
    'Change the bitcoin servers to',
    'First: Electrum electrum.example.org:50001 (TLS)',
    'Second: Bitcoin Core http://127.0.0.1:8332 (user me, since 2024-01-01)',
    'SOCKS5 proxy: none',
  ])
  expect(made.events.map(({ kind }) => kind)).toEqual(['servers.asked', 'servers.changed'])
  expect(JSON.stringify(made.events)).not.toContain('secret')
  expect(made.used.at(-1)).toEqual(servers)
  const later = open({ secrets: made.secrets })
  expect(later.used).toEqual([servers])
  // The password need not be typed again; the window never had it.
  const { login: _, ...rest } = core
  const again = await host(later).write({
    servers: {
      first: mine,
      second: { ...rest, login: { kind: 'password', user: 'me' } },
      proxy: null,
    },
  })
  expect(again.ok).toBe(true)
  expect(later.used.at(-1)?.second).toEqual(core)
})

test('a window that changes servers by itself changes nothing', async () => {
  const made = open({ answer: 'declined' })
  const refused = await host(made).write({ servers: { first: foreign, second: null, proxy: null } })
  expect(refused).toMatchObject({ refusal: { code: 'CONFIRMATION_REQUIRED' } })
  expect(made.used).toEqual([fromFile])
  expect(made.secrets.size + made.events.length).toBe(0)
})

test.each([
  ['in the clear', { ...foreign, tls: 'off' as const }],
  [
    'a password that was never given',
    { ...core, login: { kind: 'password' as const, user: 'me' } },
  ],
])('%s is refused before anybody is asked', async (_, first) => {
  const made = open()
  const refused = await host(made).write({ servers: { first, second: null, proxy: null } })
  expect(refused).toMatchObject({ refusal: { code: 'INPUT_INVALID' } })
  expect(made.asked).toEqual([])
})

test('a store that is full keeps the old ones in use; one that is corrupt is not opened', async () => {
  const made = open({ full: true })
  expect(await host(made).write({ servers: { ...noServers, first: foreign } })).toMatchObject({
    refusal: { code: 'STORE_WRITE_FAILED' },
  })
  expect(made.used).toEqual([fromFile])
  const corrupt = open({ secrets: new Map([['bitcoin.servers', '{"first":7}']]) })
  expect(corrupt.opened).toMatchObject({ ok: false, refusal: { code: 'STORE_CORRUPT' } })
  expect(corrupt.used).toEqual([])
})

test('only a server in use is tried, and its connection is closed again', async () => {
  const made = open()
  const servers = host(made)
  expect(await servers.check({ which: 'second', check: 'answer' })).toMatchObject({
    refusal: { code: 'NOT_FOUND' },
  })
  expect(made.tried).toEqual([])
  expect(await servers.check({ which: 'first', check: 'answer' })).toMatchObject({
    value: { source: 'tried', figure: 7 },
  })
  expect(await servers.check({ which: 'first', check: 'headers' })).toMatchObject({
    value: { figure: 960_000, verifiedTo: 955_000 },
  })
  expect(await servers.check({ which: 'first', check: 'scripts' })).toMatchObject({
    refusal: { code: 'CHAIN_UNREACHABLE' },
  })
  expect(made.tried.filter((entry) => 'closed' in entry)).toHaveLength(3)
  expect(made.tried[0]).toEqual({ server: mine, proxy: null })
})

test('the demo’s servers are fixed', async () => {
  const made = open({ fixed: true })
  expect(host(made).read()).toMatchObject({ value: { origin: 'fixed' } })
  expect(await host(made).write({ servers: noServers })).toMatchObject({
    refusal: { code: 'INPUT_INVALID' },
  })
})
