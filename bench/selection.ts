/** Coin selection beside the libraries that wallets use: time at 1,000 and 10,000 coins, waste at two fee
 *  rates, and what a wallet's life costs. One measure for all: Bitcoin Core's waste, in satoshi. */
import { INPUT_WEIGHT, estimateVirtualSize, outputWeight } from '../shared/vault/weight.ts'
import { type BenchLine, line, medianPair } from './line.ts'
import {
  type BenchCoin,
  type Chosen,
  LONG_TERM_RATE,
  type Selector,
  bitcoinerlabCoinselect,
  onekeyCoinselect,
  ours,
  plainCoinselect,
  scureSelect,
} from './selectionPeers.ts'

const PEERS = [plainCoinselect, onekeyCoinselect, bitcoinerlabCoinselect, scureSelect]
const SEEDS = [1, 2, 3, 4, 5]
const INPUT_VSIZE = INPUT_WEIGHT.p2wpkh / 4
const OUTPUT_VSIZE = outputWeight('p2wpkh') / 4

/** mulberry32: the same payments for everyone. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function normal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
}

/** Amounts spread as wallets' are: log-normal around `median` satoshi. */
function amountAround(median: number, next: () => number): number {
  return Math.round(median * Math.exp(1.1 * normal(next)))
}

function coinsOf(count: number, seed: number): readonly BenchCoin[] {
  const next = seeded(seed)
  return Array.from({ length: count }, (_, id) => ({
    id,
    value: 2_000 + amountAround(300_000, next),
  }))
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

/** Bitcoin Core's waste of what was chosen, with what a peer paid above the rate among it. */
function wasteOf({ ids, change, fee }: Chosen, rate: number): number {
  const inputs = ids.map(() => 'p2wpkh' as const)
  const size = estimateVirtualSize(inputs, change > 0 ? ['p2wpkh', 'p2wpkh'] : ['p2wpkh'])
  const changeCost = change > 0 ? OUTPUT_VSIZE * rate + INPUT_VSIZE * LONG_TERM_RATE : 0
  return ids.length * INPUT_VSIZE * (rate - LONG_TERM_RATE) + changeCost + (fee - size * rate)
}

function meanWaste(selector: Selector, rate: number, seed: number): number {
  const coins = coinsOf(1_000, seed)
  const pay = selector.prepare(coins)
  const next = seeded(seed + 100)
  const payments = 20
  let total = 0
  for (let n = 0; n < payments; n++) {
    const target = amountAround(2_500_000, next)
    const chosen = pay(target, rate)
    if (chosen === undefined) throw new Error(`${selector.name} found nothing for ${target}`)
    total += wasteOf(chosen, rate)
  }
  return total / payments
}

/** Fees of 400 payments while coins come in and rates come and go, and of sweeping what is left. */
function lifetimeCost(selector: Selector, seed: number): number {
  const next = seeded(seed + 1_000)
  let nextId = 0
  let coins: readonly BenchCoin[] = Array.from({ length: 100 }, () => ({
    id: nextId++,
    value: amountAround(200_000, next),
  }))
  let fees = 0
  let mood = 0
  for (let n = 0; n < 400; n++) {
    mood = 0.9 * mood + 0.35 * normal(next)
    const rate = Math.min(100, Math.max(1, Math.round(LONG_TERM_RATE * Math.exp(mood))))
    const deposits = [amountAround(200_000, next), amountAround(200_000, next)]
    coins = [...coins, ...deposits.map((value) => ({ id: nextId++, value }))]
    const target = amountAround(350_000, next)
    const balance = coins.reduce((sum, { value }) => sum + value, 0)
    if (target > balance * 0.8) continue
    const chosen = selector.prepare(coins)(target, rate)
    if (chosen === undefined) continue
    const spent = new Set(chosen.ids)
    fees += chosen.fee
    coins = coins.filter(({ id }) => !spent.has(id))
    if (chosen.change > 0) coins = [...coins, { id: nextId++, value: chosen.change }]
  }
  return fees + coins.length * INPUT_VSIZE * LONG_TERM_RATE
}

function speed(): readonly BenchLine[] {
  return [1_000, 10_000].flatMap((count) => {
    const coins = coinsOf(count, 1)
    const targets = Array.from({ length: 16 }, (_, n) => 500_000 + 700_000 * n)
    const asked = (selector: Selector) => {
      const pay = selector.prepare(coins)
      let n = 0
      const work = (): void => {
        if (pay(targets[n++ % targets.length] ?? 0, 20) === undefined) throw new Error('no coins')
      }
      // Slow peers get fewer rounds, never fewer than one a run.
      const start = performance.now()
      work()
      const repeats = Math.max(1, Math.min(96, Math.round(150 / (performance.now() - start))))
      return { work, repeats }
    }
    return PEERS.map((peer) => {
      const [value, peerValue] = medianPair(asked(ours), asked(peer))
      return line(`coin selection, ${count} coins`, 'µs', value, {
        name: peer.name,
        value: peerValue,
      })
    })
  })
}

function against(
  name: string,
  peers: readonly Selector[],
  measure: (selector: Selector, seed: number) => number,
): readonly BenchLine[] {
  const value = median(SEEDS.map((seed) => measure(ours, seed)))
  return peers.map((peer) => {
    const peerValue = median(SEEDS.map((seed) => measure(peer, seed)))
    return line(name, 'sat', value, { name: peer.name, value: peerValue })
  })
}

export function benchSelection(): readonly BenchLine[] {
  return [
    ...speed(),
    ...[10, 50].flatMap((rate) =>
      against(`waste of a payment from 1,000 coins at ${rate} sat/vB`, PEERS, (selector, seed) =>
        meanWaste(selector, rate, seed),
      ),
    ),
    ...against('400 payments and a sweep', PEERS, lifetimeCost),
  ]
}
