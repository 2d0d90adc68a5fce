/** Waiting for a host that has just started: until its device is seen, and until everything answered once. */
import type { Client } from '../../shared/contract/client.ts'

const timeoutMs = 20_000
const pause = () => new Promise((resolve) => setTimeout(resolve, 100))

/** The demo's own device is there from the start; a real one is paired by its owner. */
export async function pairDemoDevice(client: Client) {
  const until = Date.now() + timeoutMs
  for (;;) {
    const paired = await client.call('vault.pair', { passphrase: false })
    if (paired.ok) return paired
    const { code } = paired.refusal
    if (Date.now() > until || (code !== 'DEVICE_NOT_FOUND' && code !== 'DEVICE_BUSY')) return paired
    await pause()
  }
}

/** The portfolio once every account and the vault answered, or as it is when the time is up. */
export async function readFirstPortfolio(client: Client) {
  const until = Date.now() + timeoutMs
  for (;;) {
    const view = await client.call('portfolio.read', {})
    const waiting =
      view.ok &&
      (view.value.accounts.some(({ report, refusal }) => report === null && refusal === null) ||
        (view.value.vaultPaired && view.value.vaultUsd.kind === 'unknown'))
    if (!waiting || Date.now() > until) return view
    await pause()
  }
}
