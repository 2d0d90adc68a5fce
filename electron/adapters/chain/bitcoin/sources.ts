/** Mainnet's bitcoin sources out of the user's choice: one server, or two that are compared, behind a port that
 *  stays the same when they are changed. All of them share one verified chain of headers. */
import type { BitcoinServer, BitcoinServers } from '../../../../shared/vault/bitcoinServers.ts'
import type { BitcoinPort, BitcoinServersPort, Clock } from '../../../host/ports.ts'
import { createAbsentBitcoin } from './absentBitcoin.ts'
import { createCoreBitcoin } from './coreBitcoin.ts'
import { crossCheckedBitcoin } from './crossCheckedBitcoin.ts'
import type { Socks5Proxy } from './dial.ts'
import { createElectrumBitcoin } from './electrumBitcoin.ts'
import { createEsploraBitcoin } from './esplora.ts'
import type { HeaderChain } from './headerChain.ts'
import { createListeners } from './listeners.ts'

export interface BitcoinSources {
  readonly bitcoin: BitcoinPort
  readonly servers: BitcoinServersPort
}

export function createBitcoinSources(options: {
  readonly initial: BitcoinServers
  readonly headers: HeaderChain
  readonly clock: Clock
}): BitcoinSources {
  const common = { network: 'mainnet' as const, headers: options.headers, clock: options.clock }
  const news = createListeners()
  let inner: BitcoinPort = createAbsentBitcoin()
  let stopNews: (() => void) | undefined
  const retired = new Set<Promise<void>>()

  function open(server: BitcoinServer, proxy: Socks5Proxy | null): BitcoinPort {
    switch (server.kind) {
      case 'electrum': {
        const { host, port, tls } = server
        return createElectrumBitcoin({ ...common, endpoint: { host, port, tls, proxy } })
      }
      case 'core': {
        const { url, login, since } = server
        const birthday = Math.floor(Date.parse(since) / 1_000)
        return createCoreBitcoin({ ...common, url, login, birthday, proxy })
      }
      case 'esplora':
        return createEsploraBitcoin({ ...common, url: server.url, proxy })
    }
  }

  function openAll({ first, second, proxy }: BitcoinServers): BitcoinPort {
    if (first === null) return createAbsentBitcoin()
    return second === null
      ? open(first, proxy)
      : crossCheckedBitcoin({
          first: open(first, proxy),
          second: open(second, proxy),
          clock: options.clock,
        })
  }

  function retire(port: BitcoinPort): void {
    const closing = port.close().finally(() => retired.delete(closing))
    retired.add(closing)
  }

  return {
    servers: {
      initial: options.initial,
      open,
      use(servers) {
        stopNews?.()
        retire(inner)
        inner = openAll(servers)
        stopNews = inner.onNews?.(news.tell)
        news.tell()
      },
    },
    bitcoin: {
      get source() {
        return inner.source
      },
      get agreement() {
        return inner.agreement
      },
      readTip: (signal) => inner.readTip(signal),
      readUsedScripts: (scripts, signal) => inner.readUsedScripts(scripts, signal),
      readClaims: (scripts, signal) => inner.readClaims(scripts, signal),
      readCoins: (scripts, signal) => inner.readCoins(scripts, signal),
      readTransaction: (txid, signal) => inner.readTransaction(txid, signal),
      readFeeRate: (blocks, signal) => inner.readFeeRate(blocks, signal),
      readConfirmation: (txid, script, signal) => inner.readConfirmation(txid, script, signal),
      broadcast: (transaction, signal) => inner.broadcast(transaction, signal),
      onNews: news.listen,
      async close() {
        stopNews?.()
        await Promise.all([inner.close(), ...retired])
      },
    },
  }
}
