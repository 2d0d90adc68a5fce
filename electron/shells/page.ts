/** The built page and the headers it is served with, the same in the window and in the browser.
 *  Nothing is loaded from elsewhere, nothing inline runs, and no other page may frame it.
 *  Refuses every path that does not name a file inside the page's own folder. */
import { readFile } from 'node:fs/promises'
import { extname, join, normalize, sep } from 'node:path'

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy':
    'camera=(), microphone=(), geolocation=(), usb=(), hid=(), serial=(), payment=()',
  'cache-control': 'no-store',
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
