/** Which servers tell about bitcoin: one that answers, one that is asked the same, and the SOCKS5 proxy that leads
 *  to both. Refuses what would send our addresses or a password in the clear over a foreign network, and an
 *  onion address without a proxy. None is built in: whose servers they are is the user's choice. */
import { z } from 'zod'

const portSchema = z.int().min(1).max(65_535)
const hostSchema = z
  .string()
  .max(253)
  .regex(/^(?!-)[A-Za-z0-9.:_-]+$/, 'not a host name or address')

/** 'off', the system's own certificates, or one pinned certificate (sha256, hex with colons). */
const tlsSchema = z.union([
  z.enum(['off', 'verified']),
  z.object({ fingerprint256: z.string().regex(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/) }).readonly(),
])

/** Scheme, host, port and path; no user, question or fragment. */
const HTTP_ADDRESS =
  /^(https?):\/\/(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?(?:\/[\w.~/-]*)?$/
const httpUrlSchema = z.string().max(300).regex(HTTP_ADDRESS, 'not an http address')

export const electrumServerSchema = z
  .object({ kind: z.literal('electrum'), host: hostSchema, port: portSchema, tls: tlsSchema })
  .strict()
  .readonly()

export const esploraServerSchema = z
  .object({ kind: z.literal('esplora'), url: httpUrlSchema })
  .strict()
  .readonly()

/** A calendar day, UTC. */
const daySchema = z.iso.date()
const cookieSchema = z
  .object({
    kind: z.literal('cookie'),
    file: z
      .string()
      .max(400)
      .regex(/[/\\]\.cookie$/),
  })
  .strict()
  .readonly()
const userSchema = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[^:\s]+$/)

const coreFields = {
  kind: z.literal('core'),
  url: httpUrlSchema,
  /** The node looks for our payments from this day on. */
  since: daySchema,
}

export const coreServerSchema = z
  .object({
    ...coreFields,
    login: z.discriminatedUnion('kind', [
      cookieSchema,
      z
        .object({
          kind: z.literal('password'),
          user: userSchema,
          password: z.string().min(1).max(200),
        })
        .strict()
        .readonly(),
    ]),
  })
  .strict()
  .readonly()

/** As a window sees and sends it: the password is written, never read back; without one the known one stays. */
export const shownCoreServerSchema = z
  .object({
    ...coreFields,
    login: z.discriminatedUnion('kind', [
      cookieSchema,
      z
        .object({
          kind: z.literal('password'),
          user: userSchema,
          password: z.string().min(1).max(200).optional(),
        })
        .strict()
        .readonly(),
    ]),
  })
  .strict()
  .readonly()

export const bitcoinServerSchema = z.union([
  electrumServerSchema,
  coreServerSchema,
  esploraServerSchema,
])
export type BitcoinServer = z.infer<typeof bitcoinServerSchema>
export const shownServerSchema = z.union([
  electrumServerSchema,
  shownCoreServerSchema,
  esploraServerSchema,
])
export type ShownServer = z.infer<typeof shownServerSchema>

const proxySchema = z.object({ host: hostSchema, port: portSchema }).strict().readonly()

export const bitcoinServersSchema = z
  .object({
    first: bitcoinServerSchema.nullable(),
    second: bitcoinServerSchema.nullable(),
    /** SOCKS5, for both; null is the direct way. */
    proxy: proxySchema.nullable(),
  })
  .strict()
  .readonly()
export type BitcoinServers = z.infer<typeof bitcoinServersSchema>
export const shownServersSchema = z
  .object({
    first: shownServerSchema.nullable(),
    second: shownServerSchema.nullable(),
    proxy: proxySchema.nullable(),
  })
  .strict()
  .readonly()
export type ShownServers = z.infer<typeof shownServersSchema>

export const noServers: BitcoinServers = { first: null, second: null, proxy: null }

/** What is wrong with a choice of servers, each under the field it is about; empty when nothing is. */
export function serverProblems(
  servers: ShownServers,
): readonly { readonly field: 'first' | 'second' | 'proxy'; readonly problem: ServerProblem }[] {
  const { first, second, proxy } = servers
  const problems: { field: 'first' | 'second' | 'proxy'; problem: ServerProblem }[] = []
  for (const [field, server] of [
    ['first', first],
    ['second', second],
  ] as const) {
    const problem = server === null ? undefined : problemOf(server, proxy !== null)
    if (problem !== undefined) problems.push({ field, problem })
  }
  if (first === null && second !== null) problems.push({ field: 'first', problem: 'first-missing' })
  if (first !== null && second !== null && serverName(first) === serverName(second))
    problems.push({ field: 'second', problem: 'same-server' })
  if (proxy !== null && !isNear(proxy.host)) problems.push({ field: 'proxy', problem: 'far-proxy' })
  return problems
}

export type ServerProblem =
  | 'in-the-clear'
  | 'onion-without-proxy'
  | 'cookie-elsewhere'
  | 'first-missing'
  | 'same-server'
  | 'far-proxy'

function problemOf(server: ShownServer, hasProxy: boolean): ServerProblem | undefined {
  const host = hostOf(server)
  if (isOnion(host)) return hasProxy ? undefined : 'onion-without-proxy'
  if (server.kind === 'core' && server.login.kind === 'cookie' && !isLoopback(host))
    return 'cookie-elsewhere'
  const isClear = server.kind === 'electrum' ? server.tls === 'off' : server.url.startsWith('http:')
  return isClear && !isNear(host) ? 'in-the-clear' : undefined
}

function hostOf(server: ShownServer): string {
  const host = server.kind === 'electrum' ? server.host : HTTP_ADDRESS.exec(server.url)?.[2]
  return (host ?? '').replace(/^\[|\]$/g, '').toLowerCase()
}

/** One line that says all of it but secrets, for whoever confirms it and for the journal. */
export function serverName(server: ShownServer): string {
  switch (server.kind) {
    case 'electrum': {
      const { tls } = server
      const how =
        tls === 'off'
          ? 'no TLS'
          : tls === 'verified'
            ? 'TLS'
            : `TLS pinned to ${tls.fingerprint256}`
      return `Electrum ${server.host}:${server.port} (${how})`
    }
    case 'core': {
      const { login } = server
      const who = login.kind === 'cookie' ? `cookie ${login.file}` : `user ${login.user}`
      return `Bitcoin Core ${server.url} (${who}, since ${server.since})`
    }
    case 'esplora':
      return `Esplora ${server.url}`
  }
}

export function serverLines({ first, second, proxy }: ShownServers): readonly string[] {
  return [
    `First: ${first === null ? 'none' : serverName(first)}`,
    `Second: ${second === null ? 'none' : serverName(second)}`,
    `SOCKS5 proxy: ${proxy === null ? 'none' : `${proxy.host}:${proxy.port}`}`,
  ]
}

function isOnion(host: string): boolean {
  return host.endsWith('.onion')
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** This machine or a private network by its address (RFC 1918, 4193, 3927): a name could be anywhere. */
function isNear(host: string): boolean {
  return (
    isLoopback(host) ||
    /^(10(\.\d{1,3}){3}|192\.168(\.\d{1,3}){2}|172\.(1[6-9]|2\d|3[01])(\.\d{1,3}){2}|169\.254(\.\d{1,3}){2})$/.test(
      host,
    ) ||
    /^(f[cd][0-9a-f]{2}|fe80):[0-9a-f:]+$/.test(host)
  )
}

/** The servers with the passwords that a window left out taken from those known; undefined when one is not known. */
export function withPasswords(
  shown: ShownServers,
  known: BitcoinServers,
): BitcoinServers | undefined {
  const [first, second] = [complete(shown.first, known), complete(shown.second, known)]
  return first === undefined || second === undefined
    ? undefined
    : { first, second, proxy: shown.proxy }
}

function complete(
  server: ShownServer | null,
  known: BitcoinServers,
): BitcoinServer | null | undefined {
  if (server?.kind !== 'core') return server
  const { login } = server
  if (login.kind === 'cookie') return { ...server, login }
  const password = login.password ?? knownPassword(server.url, login.user, known)
  return password === undefined ? undefined : { ...server, login: { ...login, password } }
}

/** Only for the same node and user: another address must not be sent a password that was meant for this one. */
function knownPassword(url: string, user: string, { first, second }: BitcoinServers) {
  for (const server of [first, second])
    if (server?.kind === 'core' && server.url === url && server.login.kind === 'password')
      if (server.login.user === user) return server.login.password
  return undefined
}

export function withoutPasswords(servers: BitcoinServers): ShownServers {
  const hide = (server: BitcoinServer | null): ShownServer | null =>
    server?.kind === 'core' && server.login.kind === 'password'
      ? { ...server, login: { kind: 'password', user: server.login.user } }
      : server
  return { first: hide(servers.first), second: hide(servers.second), proxy: servers.proxy }
}
