/** What tests of the sources share: the machine's clock, a fresh chain of regtest headers, a loopback endpoint. */
import type { Clock } from '../../../host/ports.ts'
import type { Endpoint } from './dial.ts'
import { type HeaderChain, createHeaderChain } from './headerChain.ts'
import { headerRules } from './headerRules.ts'

export const testClock: Clock = {
  now: Date.now,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}

export function regtestHeaders(): HeaderChain {
  return createHeaderChain({ rules: headerRules('regtest'), now: Date.now })
}

export function loopback(port: number): Endpoint {
  return { host: '127.0.0.1', port, tls: 'off', proxy: null }
}
