/** How long an account of 2,000 used addresses, each with a coin, takes to its first balance: from nothing known,
 *  over sockets, from an Electrum server in another process that answers after 20 ms. Beside it the same account
 *  read address by address, as a simple wallet does. Medians of five; milliseconds. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { z } from 'zod'
import { createDerivationMath } from '../electron/adapters/chain/bitcoin/curve.ts'
import { createElectrumBitcoin } from '../electron/adapters/chain/bitcoin/electrumBitcoin.ts'
import { createHeaderChain } from '../electron/adapters/chain/bitcoin/headerChain.ts'
import { headerRules } from '../electron/adapters/chain/bitcoin/headerRules.ts'
import { systemClock } from '../electron/adapters/system/clock.ts'
import { openBitcoinBook } from '../electron/host/vault/bitcoinBook.ts'
import type { BitcoinPort } from '../electron/host/ports.ts'
import { createTestWallet } from '../electron/simulators/bitcoin/testWallet.ts'
import type { BitcoinVaultAccount } from '../shared/vault/account.ts'
import { openAccount, pureDerivationMath } from '../shared/vault/derive.ts'
import { ownAddress } from '../shared/vault/ownAddress.ts'
import { type BenchLine, line } from './line.ts'

const runs = 5
const latencyMs = 20
const receiving = 1_500
const change = 500
/** The peer takes a minute for all of them: it is measured on as many and multiplied. */
const peerAddresses = 50

const path = "m/84'/1'/0'"
const account: BitcoinVaultAccount = {
  chain: 'bitcoin',
  id: 'bench',
  label: 'bench',
  network: 'regtest',
  path,
  // The public test vector: its coins exist on the bench's own chain only.
  xpub: createTestWallet(`${'abandon '.repeat(11)}about`, 'regtest').xpub(path),
  scriptType: 'p2wpkh',
}
const signal = new AbortController().signal

function deriveAll(math = createDerivationMath()) {
  const keys = openAccount(account, math)
  if (!keys.ok) throw new Error(keys.refusal.data.problem)
  return [
    ...Array.from({ length: receiving }, (_, index) => ({ branch: 0 as const, index })),
    ...Array.from({ length: change }, (_, index) => ({ branch: 1 as const, index })),
  ].map((step) => ownAddress(account, keys.value, step))
}

function openPort(port: number): BitcoinPort {
  return createElectrumBitcoin({
    network: 'regtest',
    endpoint: { host: '127.0.0.1', port, tls: 'off', proxy: null },
    headers: createHeaderChain({ rules: headerRules('regtest'), now: Date.now }),
    clock: systemClock,
  })
}

/** Milliseconds to the first figure and to the proved one; throws when either is not the whole balance. */
async function readOnce(port: number, expected: bigint) {
  const bitcoin = openPort(port)
  const started = performance.now()
  let firstAt = Number.NaN
  try {
    const opened = openBitcoinBook({
      account,
      port: bitcoin,
      clock: systemClock,
      math: createDerivationMath(),
      onClaimed: () => {
        firstAt = performance.now()
      },
    })
    if (!opened.ok) throw new Error(opened.refusal.data.problem)
    const tip = await bitcoin.readTip(signal)
    if (!tip.ok) throw new Error(tip.refusal.code)
    const read = await opened.value.read(signal)
    if (!read.ok) throw new Error(read.refusal.code)
    const coins = opened.value.state()?.coins ?? []
    const total = coins.reduce((sum, { value }) => sum + value, 0n)
    if (total !== expected) throw new Error(`a balance of ${total} instead of ${expected}`)
    return { first: firstAt - started, proved: performance.now() - started }
  } finally {
    await bitcoin.close()
  }
}

/** Each address by itself: derive, ask whether it was used, ask what it holds. */
async function readNaively(port: number): Promise<number> {
  const bitcoin = openPort(port)
  try {
    await bitcoin.readTip(signal)
    const started = performance.now()
    const keys = openAccount(account, pureDerivationMath)
    if (!keys.ok) throw new Error(keys.refusal.data.problem)
    for (let index = 0; index < peerAddresses; index++) {
      const { script } = ownAddress(account, keys.value, { branch: 0, index })
      const used = await bitcoin.readUsedScripts([script], signal)
      if (!used.ok || used.value.size !== 1) throw new Error('an address that was not found')
      const coins = await bitcoin.readClaims([script], signal)
      if (!coins.ok) throw new Error(coins.refusal.code)
    }
    return ((performance.now() - started) * (receiving + change)) / peerAddresses
  } finally {
    await bitcoin.close()
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

async function startServer(addresses: readonly string[]) {
  const child: ChildProcess = fork(new URL('./balanceServer.ts', import.meta.url))
  child.send({ addresses, latencyMs })
  const [message] = await once(child, 'message')
  return { child, port: z.object({ port: z.int() }).parse(message).port }
}

export async function benchBalance(): Promise<readonly BenchLine[]> {
  const addresses = deriveAll().map(({ address }) => address)
  const expected = addresses.reduce((sum, _, at) => sum + 10_000n + BigInt(at), 0n)
  const { child, port } = await startServer(addresses)
  try {
    const reads: { first: number; proved: number }[] = []
    const naive: number[] = []
    const derivation: number[] = []
    const pure: number[] = []
    for (let run = 0; run < runs; run++) {
      reads.push(await readOnce(port, expected))
      naive.push(await readNaively(port))
      const started = performance.now()
      deriveAll()
      const between = performance.now()
      deriveAll(pureDerivationMath)
      derivation.push(between - started)
      pure.push(performance.now() - between)
    }
    const name = `${receiving + change} addresses over 20 ms`
    return [
      line(`first balance of ${name}`, 'ms', median(reads.map(({ first }) => first)), {
        name: 'address by address (50 of them, times 40)',
        value: median(naive),
      }),
      line(`proved balance of ${name}`, 'ms', median(reads.map(({ proved }) => proved)), null),
      line(`derivation in it`, 'ms', median(derivation), {
        name: 'noble curves',
        value: median(pure),
      }),
    ]
  } finally {
    child.disconnect()
    await once(child, 'exit')
  }
}
