/** The machine's clock and randomness. Times in ms. */
import { randomBytes } from 'node:crypto'
import type { Clock, Random } from '../../host/ports.ts'

/** Node fires a longer timer at once. */
const longestTimerMs = 2 ** 31 - 1

function sleepOnce(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(ms, signal) {
    signal?.throwIfAborted()
    for (let left = ms; left > 0; left -= longestTimerMs)
      await sleepOnce(Math.min(left, longestTimerMs), signal)
  },
}

export const systemRandom: Random = {
  bytes: (length) => new Uint8Array(randomBytes(length)),
}
