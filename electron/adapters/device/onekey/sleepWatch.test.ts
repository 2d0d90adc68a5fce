import { afterEach, expect, test, vi } from 'vitest'
import { sleptBetween, watchSleep } from './sleepWatch.ts'

afterEach(() => {
  vi.useRealTimers()
})

test.each([
  { name: 'a starved process', wall: 60_000, monotonic: 60_000, slept: false },
  { name: 'a corrected clock', wall: 2_900, monotonic: 2_000, slept: false },
  { name: 'a clock set back', wall: -3_600_000, monotonic: 2_000, slept: false },
  { name: 'a night', wall: 8 * 3_600_000, monotonic: 2_000, slept: true },
  { name: 'a short sleep', wall: 12_500, monotonic: 2_000, slept: true },
])('$name', ({ wall, monotonic, slept }) => {
  expect(
    sleptBetween({ wall: 7, monotonic: 9 }, { wall: 7 + wall, monotonic: 9 + monotonic }),
  ).toBe(slept)
})

test('waking is told once for each sleep', () => {
  vi.useFakeTimers()
  let asleepMs = 0
  let woken = 0
  const started = Date.now()
  const monotonic = () => Date.now() - started
  watchSleep({ wall: () => Date.now() + asleepMs, monotonic }, () => {
    woken++
  })
  vi.advanceTimersByTime(10_000)
  expect(woken).toBe(0)
  asleepMs = 600_000
  vi.advanceTimersByTime(10_000)
  expect(woken).toBe(1)
})
