/** Reads "Sign-In with Ethereum" messages (EIP-4361) by their grammar. Pure.
 *  null for what is none; 'malformed' for what begins like one and then breaks the grammar: sites that mean it
 *  honestly have no reason to. */
import { parseEvmAddress } from './address.ts'
import type { SignIn } from './message.ts'

const opening = ' wants you to sign in with your Ethereum account:'
const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/
const uri = /^[a-z][a-z0-9+.-]*:[!-~]*$/i

export function parseSignIn(text: string): SignIn | 'malformed' | null {
  if (!text.includes(opening)) return null
  const [first = '', addressLine = '', blank, ...rest] = text.split('\n')
  const [, scheme, domain] =
    /^(?:([a-z][a-z0-9+.-]*):\/\/)?([!-~]+)$/i.exec(
      first.endsWith(opening) ? first.slice(0, -opening.length) : '',
    ) ?? []
  // EIP-55 is demanded by the standard.
  const address = parseEvmAddress(addressLine)
  if (domain === undefined || /[/?#]/.test(domain)) return 'malformed'
  if (!address.ok || address.value !== addressLine || blank !== '') return 'malformed'
  const statement = rest[0] === '' ? null : (rest.shift() ?? null)
  if (rest.shift() !== '') return 'malformed'

  const take = (name: string): string | null => {
    const prefix = `${name}: `
    return rest[0]?.startsWith(prefix) === true ? (rest.shift() ?? '').slice(prefix.length) : null
  }
  const fields = {
    uri: take('URI'),
    version: take('Version'),
    chainId: take('Chain ID'),
    nonce: take('Nonce'),
    issuedAt: take('Issued At'),
    expirationTime: take('Expiration Time'),
    notBefore: take('Not Before'),
    requestId: take('Request ID'),
  }
  const resources = takeResources(rest)
  if (resources === undefined || rest.length > 0) return 'malformed'
  const { version, chainId, nonce, issuedAt, expirationTime, notBefore, requestId } = fields
  if (fields.uri === null || chainId === null || nonce === null || issuedAt === null) {
    return 'malformed'
  }
  const times = [issuedAt, expirationTime, notBefore].filter((time) => time !== null)
  const sound =
    version === '1' &&
    uri.test(fields.uri) &&
    /^[1-9]\d{0,19}$/.test(chainId) &&
    /^[a-zA-Z0-9]{8,}$/.test(nonce) &&
    times.every((time) => instant.test(time) && !Number.isNaN(Date.parse(time)))
  if (!sound) return 'malformed'
  return {
    scheme: scheme ?? null,
    domain,
    address: address.value,
    statement,
    uri: fields.uri,
    chainId,
    nonce,
    issuedAt,
    expirationTime,
    notBefore,
    requestId,
    resources,
  }
}

/** Takes the list from the front of `rest`; undefined where a line is no resource. */
function takeResources(rest: string[]): readonly string[] | undefined {
  if (rest[0] !== 'Resources:') return []
  const lines = rest.splice(0).slice(1)
  return lines.every((line) => line.startsWith('- ') && uri.test(line.slice(2)))
    ? lines.map((line) => line.slice(2))
    : undefined
}

/** Host and port of a URI, lower case; null where it has none. */
export function authorityOf(text: string): string | null {
  const [, authority] = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]+)/i.exec(text) ?? []
  return authority?.replace(/^.*@/, '').toLowerCase() ?? null
}
