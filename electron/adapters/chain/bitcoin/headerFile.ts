/** Verified headers on disk, 80 bytes each, so that a start does not ask for them again. Only a cache: what
 *  is read is verified again, what does not hold is cut off, and a disk that fails costs time, not truth. */
import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs'
import type { KeptHeaders } from './headerChain.ts'
import { HEADER_BYTES } from './header.ts'

export function headerFile(path: string): KeptHeaders {
  const quietly = (work: () => void): void => {
    try {
      work()
    } catch {
      // Without its cache the chain is asked for once more at the next start.
    }
  }
  return {
    read() {
      try {
        return existsSync(path) ? readFileSync(path) : new Uint8Array(0)
      } catch {
        return new Uint8Array(0)
      }
    },
    append: (headers) => quietly(() => appendFileSync(path, headers, { mode: 0o600 })),
    cut: (count) => quietly(() => existsSync(path) && truncateSync(path, count * HEADER_BYTES)),
  }
}
