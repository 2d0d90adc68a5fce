import { describe, expect, it } from 'vitest'
import {
  type BitcoinServers,
  type ShownServer,
  bitcoinServersSchema,
  serverLines,
  serverProblems,
  shownServersSchema,
  withPasswords,
  withoutPasswords,
} from './bitcoinServers.ts'

const electrum = { kind: 'electrum', host: '127.0.0.1', port: 50001, tls: 'off' } as const
const ONION = `${'a'.repeat(56)}.onion`
const tor = { host: '127.0.0.1', port: 9050 }
const core = {
  kind: 'core',
  url: 'http://127.0.0.1:8332',
  since: '2024-01-01',
  login: { kind: 'password', user: 'me', password: 'secret' },
} as const

describe('a choice of servers', () => {
  const rows: readonly (readonly [string, ShownServer, boolean, string | undefined])[] = [
    ['a server of one’s own', electrum, false, undefined],
    ['one at home', { ...electrum, host: '192.168.1.7' }, false, undefined],
    [
      'one far away without TLS',
      { ...electrum, host: 'electrum.example.org' },
      false,
      'in-the-clear',
    ],
    [
      'the same with TLS',
      { ...electrum, host: 'electrum.example.org', tls: 'verified' },
      false,
      undefined,
    ],
    [
      'the same in the clear behind a proxy',
      { ...electrum, host: 'electrum.example.org' },
      true,
      'in-the-clear',
    ],
    [
      'an address that only begins like a private one',
      { ...electrum, host: '10.0.0.1.example.org' },
      false,
      'in-the-clear',
    ],
    ['a public address', { ...electrum, host: '172.32.0.1' }, false, 'in-the-clear'],
    ['an onion address', { ...electrum, host: ONION }, true, undefined],
    [
      'an onion address without a proxy',
      { ...electrum, host: ONION },
      false,
      'onion-without-proxy',
    ],
    [
      'Esplora in the clear',
      { kind: 'esplora', url: 'http://mempool.example.org/api' },
      false,
      'in-the-clear',
    ],
    [
      'Esplora over TLS',
      { kind: 'esplora', url: 'https://mempool.example.org/api' },
      false,
      undefined,
    ],
    [
      'a node’s password in the clear',
      { ...core, url: 'http://node.example.org:8332' },
      false,
      'in-the-clear',
    ],
    [
      'a cookie sent elsewhere',
      {
        ...core,
        url: 'https://node.example.org',
        login: { kind: 'cookie', file: '/home/x/.bitcoin/.cookie' },
      },
      false,
      'cookie-elsewhere',
    ],
    ['IPv6 of this machine', { ...core, url: 'http://[::1]:8332' }, false, undefined],
  ]
  it.each(rows)('%s', (_, first, hasProxy, problem) => {
    const servers = { first, second: null, proxy: hasProxy ? tor : null }
    expect(shownServersSchema.safeParse(servers).success).toBe(true)
    expect(serverProblems(servers)[0]?.problem).toBe(problem)
  })

  it('has a first before a second, two that differ, and a proxy nearby', () => {
    expect(serverProblems({ first: null, second: electrum, proxy: null })).toEqual([
      { field: 'first', problem: 'first-missing' },
    ])
    expect(serverProblems({ first: electrum, second: electrum, proxy: null })).toEqual([
      { field: 'second', problem: 'same-server' },
    ])
    expect(
      serverProblems({
        first: electrum,
        second: null,
        proxy: { host: 'proxy.example.org', port: 1 },
      }),
    ).toEqual([{ field: 'proxy', problem: 'far-proxy' }])
  })

  it.each([
    { ...core, url: 'http://user:password@127.0.0.1:8332' },
    { ...core, url: 'http://127.0.0.1:8332?x=1' },
    { ...core, url: 'ftp://127.0.0.1' },
    { ...core, since: '2024-13-01' },
    { ...core, login: { kind: 'cookie', file: '/etc/passwd' } },
    { ...core, login: { kind: 'password', user: 'a:b', password: 'x' } },
    { ...electrum, host: '-oProxyCommand' },
    { ...electrum, port: 0 },
    { ...electrum, tls: { fingerprint256: '00:11' } },
    { ...electrum, extra: true },
  ])('that is malformed is no choice: %j', (first) => {
    expect(bitcoinServersSchema.safeParse({ first, second: null, proxy: null }).success).toBe(false)
  })
})

describe('a node’s password', () => {
  const known: BitcoinServers = { first: electrum, second: core, proxy: null }

  it('is never shown and never said', () => {
    expect(JSON.stringify(withoutPasswords(known))).not.toContain('secret')
    expect(serverLines(known).join()).not.toContain('secret')
  })

  it('stays when the window leaves it out, also in the other place', () => {
    const shown = withoutPasswords(known)
    expect(withPasswords(shown, known)).toEqual(known)
    expect(withPasswords({ ...shown, first: shown.second, second: null }, known)?.first).toEqual(
      core,
    )
  })

  it('does not go to another address or user', () => {
    const elsewhere = {
      ...core,
      url: 'http://127.0.0.1:9999',
      login: { kind: 'password', user: 'me' },
    } as const
    expect(withPasswords({ first: elsewhere, second: null, proxy: null }, known)).toBeUndefined()
    const other = { ...core, login: { kind: 'password', user: 'you' } } as const
    expect(withPasswords({ first: other, second: null, proxy: null }, known)).toBeUndefined()
  })
})
