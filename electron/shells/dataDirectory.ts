/** Where real data lives, by each system's custom. The demo never lies there. */
import { homedir } from 'node:os'
import { join } from 'node:path'

export function defaultDirectory(): string {
  if (process.platform === 'darwin')
    return join(homedir(), 'Library/Application Support/Bulkhead/data')
  if (process.platform === 'win32')
    return join(process.env['APPDATA'] ?? homedir(), 'Bulkhead/data')
  return join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local/share'), 'bulkhead/data')
}
