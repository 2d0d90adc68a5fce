/** Chooses the wire in a real page. The only place that reads `window` for it. */
import { type HostWire, type PreloadBridge, preloadWire, socketWire, splitToken } from './wire.ts'

declare global {
  interface Window {
    readonly bulkhead?: PreloadBridge
  }
}

const tokenKey = 'bulkhead.token'
// Long: a person may take minutes at the device's button while a call is open.
const callTimeoutMs = 15 * 60_000

function takeToken(): string | null {
  const { token, rest } = splitToken(window.location.hash)
  if (token === null) return window.sessionStorage.getItem(tokenKey)
  window.sessionStorage.setItem(tokenKey, token)
  window.history.replaceState(null, '', `${window.location.pathname}${rest}`)
  return token
}

export function openHostWire(): HostWire {
  if (window.bulkhead !== undefined) return preloadWire(window.bulkhead)
  const token = takeToken()
  const address = `${window.location.protocol === 'https:' ? 'wss' : 'ws'}://${window.location.host}/`
  return socketWire({
    open: () => {
      const socket = new WebSocket(
        address,
        token === null ? ['bulkhead.v1'] : ['bulkhead.v1', token],
      )
      return {
        set onopen(run: (() => void) | null) {
          socket.onopen = run
        },
        set onclose(run: (() => void) | null) {
          socket.onclose = run
        },
        set onmessage(run: ((message: { readonly data: unknown }) => void) | null) {
          socket.onmessage = run
        },
        send: (text) => socket.send(text),
        close: () => socket.close(),
      }
    },
    nowMs: () => Date.now(),
    later: (run, delayMs) => {
      const timer = window.setTimeout(run, delayMs)
      return () => window.clearTimeout(timer)
    },
    callTimeoutMs,
  })
}
