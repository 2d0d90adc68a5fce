/** Notices that the computer slept: the clock on the wall went on while the monotonic one stood still. What was open
 *  to a device before is not to be trusted after it: USB was without power, and a session may be gone. */

const everyMs = 2_000
/** Corrections of the clock are smaller; a longer one costs no more than a new connection. */
const sleptMs = 10_000

export interface Clocks {
  /** Milliseconds since the epoch. */
  wall(): number
  /** Milliseconds that stand still while the computer sleeps. */
  monotonic(): number
}

/** True when the two clocks went apart between two looks. */
export function sleptBetween(
  before: { readonly wall: number; readonly monotonic: number },
  after: { readonly wall: number; readonly monotonic: number },
): boolean {
  return after.wall - before.wall - (after.monotonic - before.monotonic) >= sleptMs
}

/** Looks every two seconds. The timer keeps no process alive. */
export function watchSleep(clocks: Clocks, onWake: () => void): void {
  const look = () => ({ wall: clocks.wall(), monotonic: clocks.monotonic() })
  let last = look()
  setInterval(() => {
    const now = look()
    const slept = sleptBetween(last, now)
    last = now
    if (slept) onWake()
  }, everyMs).unref()
}
