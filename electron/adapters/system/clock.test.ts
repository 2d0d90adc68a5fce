import { expect, test, vi } from 'vitest'
import { systemClock, systemRandom } from './clock.ts'

test('sleep resolves after its time', async () => {
  const before = performance.now()
  await systemClock.sleep(30)
  expect(performance.now() - before).toBeGreaterThanOrEqual(28)
})

test('an aborted sleep rejects with the reason, before or while sleeping', async () => {
  const controller = new AbortController()
  const sleeping = systemClock.sleep(60_000, controller.signal)
  controller.abort('enough')
  await expect(sleeping).rejects.toBe('enough')
  await expect(systemClock.sleep(60_000, controller.signal)).rejects.toBe('enough')
})

test('a sleep longer than a timer can hold does not end at once', async () => {
  vi.useFakeTimers()
  try {
    let done = false
    void systemClock.sleep(2 ** 31 + 5_000).then(() => {
      done = true
    })
    await vi.advanceTimersByTimeAsync(2 ** 31)
    expect(done).toBe(false)
    await vi.advanceTimersByTimeAsync(6_000)
    expect(done).toBe(true)
  } finally {
    vi.useRealTimers()
  }
})

test('random bytes have the asked length and differ', () => {
  const [first, second] = [systemRandom.bytes(32), systemRandom.bytes(32)]
  expect(first).toHaveLength(32)
  expect(first).not.toEqual(second)
})
