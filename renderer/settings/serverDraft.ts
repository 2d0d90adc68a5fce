/** A bitcoin server while it is being typed, and the server that it stands for once it is whole. */
import type { Contract } from '../../shared/contract/contract.ts'
import type { InputOf, OutputOf } from '../../shared/contract/method.ts'

export type Servers = OutputOf<Contract['servers.read']>['servers']
export type ServersInput = InputOf<Contract['servers.write']>['servers']
export type Server = NonNullable<Servers['first']>

export interface ServerDraft {
  readonly kind: 'none' | Server['kind']
  readonly host: string
  readonly port: string
  readonly tls: 'verified' | 'off' | 'pinned'
  readonly fingerprint: string
  readonly url: string
  readonly login: 'cookie' | 'password'
  readonly file: string
  readonly user: string
  readonly password: string
  readonly since: string
}

export interface ServersDraft {
  readonly first: ServerDraft
  readonly second: ServerDraft
  /** 'host:port', or empty for the direct way. */
  readonly proxy: string
}

const blank: ServerDraft = {
  kind: 'none',
  host: '127.0.0.1',
  port: '50002',
  tls: 'verified',
  fingerprint: '',
  url: '',
  login: 'cookie',
  file: '',
  user: '',
  password: '',
  since: '',
}

function draftOfServer(server: Server | null): ServerDraft {
  if (server === null) return blank
  switch (server.kind) {
    case 'electrum': {
      const { host, port, tls } = server
      const how =
        typeof tls === 'string'
          ? { tls }
          : { tls: 'pinned' as const, fingerprint: tls.fingerprint256 }
      return { ...blank, kind: 'electrum', host, port: String(port), ...how }
    }
    case 'esplora':
      return { ...blank, kind: 'esplora', url: server.url }
    case 'core': {
      const { url, since, login } = server
      return login.kind === 'cookie'
        ? { ...blank, kind: 'core', url, since, login: 'cookie', file: login.file }
        : { ...blank, kind: 'core', url, since, login: 'password', user: login.user }
    }
  }
}

export function draftOf({ first, second, proxy }: Servers): ServersDraft {
  return {
    first: draftOfServer(first),
    second: draftOfServer(second),
    proxy: proxy === null ? '' : `${proxy.host}:${proxy.port}`,
  }
}

function portOf(text: string): number | undefined {
  const port = Number(text)
  return /^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535 ? port : undefined
}

/** Undefined while something of it is missing. */
function serverOf(draft: ServerDraft): ServersInput['first'] | undefined {
  const text = (value: string) => value.trim()
  switch (draft.kind) {
    case 'none':
      return null
    case 'electrum': {
      const [host, port] = [text(draft.host), portOf(text(draft.port))]
      const fingerprint256 = text(draft.fingerprint).toUpperCase()
      if (host === '' || port === undefined) return undefined
      if (draft.tls === 'pinned' && fingerprint256 === '') return undefined
      return {
        kind: 'electrum',
        host,
        port,
        tls: draft.tls === 'pinned' ? { fingerprint256 } : draft.tls,
      }
    }
    case 'esplora':
      return text(draft.url) === '' ? undefined : { kind: 'esplora', url: text(draft.url) }
    case 'core': {
      const [url, since, file, user] = [draft.url, draft.since, draft.file, draft.user].map(text)
      if (!url || !since) return undefined
      if (draft.login === 'cookie')
        return file ? { kind: 'core', url, since, login: { kind: 'cookie', file } } : undefined
      // Left empty, the password that the host knows stays.
      const { password } = draft
      return user
        ? {
            kind: 'core',
            url,
            since,
            login: { kind: 'password', user, ...(password === '' ? {} : { password }) },
          }
        : undefined
    }
  }
}

/** The servers of a draft; undefined while something is missing. */
export function serversOf(draft: ServersDraft): ServersInput | undefined {
  const [first, second] = [serverOf(draft.first), serverOf(draft.second)]
  if (first === undefined || second === undefined) return undefined
  const proxy = draft.proxy.trim()
  if (proxy === '') return { first, second, proxy: null }
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(proxy) ?? []
  const number = portOf(port)
  return host === '' || number === undefined
    ? undefined
    : { first, second, proxy: { host, port: number } }
}
