import { HDKey } from '@scure/bip32'
import { expect, test } from 'vitest'
import { ok } from '../../../shared/errors/refusal.ts'
import type { BitcoinVaultAccount } from '../../../shared/vault/account.ts'
import { pureDerivationMath } from '../../../shared/vault/derive.ts'
import type { BitcoinPort, ScriptCoin } from '../ports.ts'
import { openBitcoinBook } from './bitcoinBook.ts'

const path = "m/84'/0'/0'"
const account: BitcoinVaultAccount = {
  chain: 'bitcoin',
  id: 'test',
  label: 'test',
  network: 'mainnet',
  path,
  xpub: HDKey.fromMasterSeed(new Uint8Array(32).fill(3)).derive(path).publicExtendedKey,
  scriptType: 'p2wpkh',
}
const signal = new AbortController().signal

function coinOf(script: string, vout: number): ScriptCoin {
  return { txid: 'ab'.repeat(32), vout, value: 1_000n, script, height: 5 }
}

test('the first figure is the server’s word, and is said to be; what stays unproved is never a coin to spend', async () => {
  let proved = false
  let first: string | undefined
  const seen: (readonly [number, number | undefined])[] = []
  const port: Pick<BitcoinPort, 'readUsedScripts' | 'readClaims' | 'readCoins'> = {
    readUsedScripts: (scripts) => {
      first ??= scripts[0]
      return Promise.resolve(ok(new Set(scripts.filter((script) => script === first))))
    },
    readClaims: (scripts) =>
      Promise.resolve(
        ok([
          ...scripts.map((script) => ({ ...coinOf(script, 0), claimedOnly: true as const })),
          { ...coinOf('0014ff', 9), claimedOnly: true as const },
        ]),
      ),
    readCoins: (scripts) => {
      const all = scripts.map((script) => coinOf(script, 0))
      return Promise.resolve(
        ok(proved ? all : all.map((coin) => ({ ...coin, claimedOnly: true as const }))),
      )
    },
  }
  const opened = openBitcoinBook({
    account,
    port: port as BitcoinPort,
    clock: { now: () => 7, sleep: () => Promise.resolve() },
    math: pureDerivationMath,
    onClaimed: () => seen.push([book.state()?.coins.length ?? -1, book.claimed()?.coins.length]),
  })
  if (!opened.ok) throw new Error(opened.refusal.code)
  const book = opened.value
  expect(await book.read(signal)).toEqual(ok(undefined))
  // A coin of somebody else's script is none of ours, whatever the server says.
  expect(seen).toEqual([[-1, 1]])
  expect(book.state()?.coins).toEqual([])
  expect(book.claimed()?.coins).toHaveLength(1)
  proved = true
  expect(await book.read(signal)).toEqual(ok(undefined))
  expect(book.state()?.coins).toHaveLength(1)
  expect(book.claimed()).toBeNull()
  expect(seen).toHaveLength(1)
})
