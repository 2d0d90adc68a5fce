/** The addresses that the window may show or reach, and how to tell them from every other. */
export const scheme = 'app'
const pageHost = 'bulkhead'
export const pageOrigin = `${scheme}://${pageHost}`
export const pageUrl = `${pageOrigin}/index.html`

/** True for the page itself, whatever its fragment. */
export function isPageUrl(url: string): boolean {
  const bare = url.replace(/[?#].*$/, '')
  return bare === pageUrl || bare === `${pageOrigin}/`
}

function parse(url: string): URL | null {
  return URL.canParse(url) ? new URL(url) : null
}

/** True for anything under the page's origin. A custom scheme has no `URL.origin`, so its parts are compared. */
export function isOwnUrl(url: string): boolean {
  const parsed = parse(url)
  return (
    parsed !== null &&
    parsed.protocol === `${scheme}:` &&
    parsed.host === pageHost &&
    parsed.username === '' &&
    parsed.password === ''
  )
}

/** What the page made itself, for the user to save. */
export function isOwnBlob(url: string): boolean {
  return url.startsWith(`blob:${pageOrigin}/`)
}

/** The origin of a loopback page that may be framed; null for anything else: it would loosen the policy. */
export function loopbackOrigin(text: string): string | null {
  const parsed = parse(text)
  const plain =
    parsed?.protocol === 'http:' && parsed.hostname === '127.0.0.1' && parsed.port !== ''
  return plain ? parsed.origin : null
}

/** True for the simulator's page and what it loads over HTTP or a WebSocket. */
export function isUnderOrigin(url: string, origin: string | null): boolean {
  const parsed = parse(url)
  return parsed !== null && origin !== null && parsed.origin.replace(/^ws:/, 'http:') === origin
}
