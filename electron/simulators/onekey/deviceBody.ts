/** The outside of the device: its screen, its two buttons, and the one fault that may be armed. */
import type { DeviceFault, Lie } from './fault.ts'
import type { DeviceScreen } from './screen.ts'
import { type Button, CableGone, type DeviceBody } from './session.ts'

export interface SoftwareBody extends DeviceBody {
  screen(): DeviceScreen
  onScreen(listener: (screen: DeviceScreen) => void): () => void
  /** False when no screen waits for a button. */
  press(button: Button): boolean
  /** Presses by itself from now on (null: waits for a person), for terminals and tests. */
  pressAutomatically(button: Button | null): void
  /** Arms a fault; it strikes once. Null disarms. */
  fail(fault: DeviceFault | null): void
  takeLie(among: readonly Lie[]): Lie | null
}

export function createDeviceBody(first: DeviceScreen): Omit<SoftwareBody, 'unplug'> {
  const listeners = new Set<(screen: DeviceScreen) => void>()
  let screen = first
  let fault: DeviceFault | null = null
  let automatic: Button | null = null
  let pressed: ((button: Button) => void) | null = null
  /** Pressed as soon as the screen was there, before the device began to wait. */
  let early: Button | null = null

  function takeFault<F extends DeviceFault>(matches: (f: DeviceFault) => f is F): F | null {
    if (fault === null || !matches(fault)) return null
    const taken = fault
    fault = null
    return taken
  }

  return {
    screen: () => screen,
    show(next) {
      screen = next
      early = null
      for (const listener of listeners) listener(next)
    },
    onScreen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    nextPress(signal) {
      const already = early
      early = null
      if (already !== null) return Promise.resolve(already)
      return new Promise((resolve, reject) => {
        const stop = (): void => {
          pressed = null
          reject(new CableGone())
        }
        signal.addEventListener('abort', stop, { once: true })
        pressed = (button) => {
          pressed = null
          signal.removeEventListener('abort', stop)
          resolve(button)
        }
        if (automatic !== null) setImmediate(() => automatic !== null && pressed?.(automatic))
      })
    },
    press(button) {
      if (screen.kind !== 'showing') return false
      if (pressed === null) early = button
      else pressed(button)
      return true
    },
    pressAutomatically(button) {
      automatic = button
      if (button !== null) pressed?.(button)
    },
    fail(next) {
      fault = next
    },
    takeFault,
    takeLie(among) {
      const taken = takeFault(
        (f): f is DeviceFault & { kind: 'lie' } => f.kind === 'lie' && among.includes(f.about),
      )
      return taken?.about ?? null
    },
  }
}
