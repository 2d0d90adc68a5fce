/** Names of the store's files inside a data directory. */
import { join } from 'node:path'

export const databaseName = 'bulkhead.db'

export function databaseFile(directory: string): string {
  return join(directory, databaseName)
}

export function highWaterFile(directory: string): string {
  return join(directory, 'bulkhead.mark')
}
