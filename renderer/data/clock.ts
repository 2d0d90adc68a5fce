/** The present inside React, once a second, one timer for the whole page. */
import { createContext, useContext, useSyncExternalStore } from 'react'

export interface Clock {
  read(): number
  subscribe(listener: () => void): () => void
}

/** Stands still while nobody looks. */
export function createClock(
  nowMs: () => number,
  everySecond: (run: () => void) => () => void,
): Clock {
  let now = nowMs()
  let stop: (() => void) | null = null
  const listeners = new Set<() => void>()
  return {
    read: () => now,
    subscribe(listener) {
      listeners.add(listener)
      stop ??= everySecond(() => {
        now = nowMs()
        for (const each of listeners) each()
      })
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        stop?.()
        stop = null
      }
    },
  }
}

export const ClockContext = createContext<Clock | null>(null)

export function useNow(): number {
  const clock = useContext(ClockContext)
  if (clock === null) throw new Error('no clock above this part')
  return useSyncExternalStore(clock.subscribe, clock.read, clock.read)
}
