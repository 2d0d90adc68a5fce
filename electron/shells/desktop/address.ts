/** The one address that the window may show, and how to tell it from every other. */
export const scheme = 'app'
export const pageHost = 'bulkhead'
export const pageOrigin = `${scheme}://${pageHost}`
export const pageUrl = `${pageOrigin}/index.html`

/** True for the page itself, whatever its fragment. */
export function isPageUrl(url: string): boolean {
  const bare = url.replace(/[?#].*$/, '')
  return bare === pageUrl || bare === `${pageOrigin}/`
}

/** True for anything under the page's origin. A custom scheme has no `URL.origin`, so its parts are compared. */
export function isOwnUrl(url: string): boolean {
  try {
    const { protocol, host, username, password } = new URL(url)
    return protocol === `${scheme}:` && host === pageHost && username === '' && password === ''
  } catch {
    return false
  }
}
