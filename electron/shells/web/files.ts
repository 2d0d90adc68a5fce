/** The built renderer, read once at start. What is not in this list does not exist for the server: no
 *  path from a request ever reaches the file system. Links are not followed. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'

export interface ServedFile {
  readonly bytes: Uint8Array
  readonly type: string
  /** Quoted entity tag. */
  readonly tag: string
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
}

/** By request path; `/` is index.html. Files of other types are left out. Empty for an absent directory. */
export function readServedFiles(directory: string): ReadonlyMap<string, ServedFile> {
  const files = new Map<string, ServedFile>()
  if (!existsSync(directory)) return files
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const type = types[extname(entry.name)]
    if (!entry.isFile() || type === undefined) continue
    const path = join(entry.parentPath, entry.name)
    const bytes = readFileSync(path)
    const tag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 24)}"`
    files.set(`/${relative(directory, path).split(sep).join('/')}`, { bytes, type, tag })
  }
  const index = files.get('/index.html')
  if (index !== undefined) files.set('/', index)
  return files
}
