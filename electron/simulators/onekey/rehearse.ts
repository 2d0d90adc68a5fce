/** Stands in for the person at the device: waits for a screen, reads it, presses. For scenarios and tests. */
import type { ReadScreen } from './screen.ts'
import type { SoftwareOneKey } from './serve.ts'
import type { Button } from './session.ts'

/** The next screen that waits for a button; rejects after `timeoutMs`. */
export function nextScreen(device: SoftwareOneKey, timeoutMs: number): Promise<ReadScreen> {
  return new Promise((resolve, reject) => {
    const stop = device.onScreen((screen) => {
      if (screen.kind === 'showing') done(() => resolve(screen))
    })
    const timer = setTimeout(
      () => done(() => reject(new Error('no screen asked for a button'))),
      timeoutMs,
    )
    const done = (settle: () => void): void => {
      clearTimeout(timer)
      stop()
      settle()
    }
    const now = device.screen()
    if (now.kind === 'showing') done(() => resolve(now))
  })
}

/** Presses the button on this many screens in a row and answers what was read on them. */
export async function pressThrough(
  device: SoftwareOneKey,
  button: Button,
  screens: number,
  timeoutMs = 10_000,
): Promise<readonly ReadScreen[]> {
  const seen: ReadScreen[] = []
  while (seen.length < screens) {
    seen.push(await nextScreen(device, timeoutMs))
    device.press(button)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return seen
}
