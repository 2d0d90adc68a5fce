/** The built page and the headers that the window gets it with. Nothing is loaded from elsewhere, nothing inline runs,
 *  nothing may frame it; in the demo it may frame the simulator's page, and only that.
 *  Refuses every path that does not name a file inside the page's own folder. */
import { readFile } from 'node:fs/promises'
import { extname, join, normalize, sep } from 'node:path'

/** The camera is for our own page alone, to scan QR codes; its use is asked for again when the scanner opens.
 *  @param simulatorOrigin  the demo's simulator page; null allows no frame at all */
export function pageHeaders(simulatorOrigin: string | null): Readonly<Record<string, string>> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    `frame-src ${simulatorOrigin ?? "'none'"}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ]
  return {
    'content-security-policy': policy.join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy':
      'camera=(self), microphone=(), geolocation=(), usb=(), hid=(), serial=(), payment=()',
    'cache-control': 'no-store',
  }
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

export interface PageFile {
  readonly type: string
  readonly body: Uint8Array<ArrayBuffer>
}

/** The file behind a URL path; null for what is not there or not a kind we ship. */
export async function readPageFile(folder: string, urlPath: string): Promise<PageFile | null> {
  let path: string
  try {
    path = decodeURIComponent(urlPath)
  } catch {
    return null
  }
  if (path.includes('\0') || path.includes('\\')) return null
  const file = normalize(join(folder, path === '/' ? 'index.html' : path))
  const type = types[extname(file)]
  // `..` was resolved by normalize: whatever left the folder no longer starts with it.
  if (type === undefined || !file.startsWith(normalize(folder + sep))) return null
  try {
    return { type, body: new Uint8Array(await readFile(file)) }
  } catch {
    return null
  }
}
