import { HDKey } from '@scure/bip32'
import { mnemonicToSeedSync } from '@scure/bip39'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DerivationMath, openAccount, pureDerivationMath } from './derive.ts'
import {
  type DiscoveredAccount,
  answerDiscovery,
  discoveredAccount,
  discoveryQuestion,
  startDiscovery,
} from './discovery.ts'
import { ownAddress } from './ownAddress.ts'

const path = "m/84'/1'/0'"
const xpub = HDKey.fromMasterSeed(mnemonicToSeedSync(`${'abandon '.repeat(11)}about`), {
  private: 0x04358394,
  public: 0x043587cf,
}).derive(path).publicExtendedKey
const account = { network: 'regtest', path, xpub, scriptType: 'p2wpkh' } as const

/** The runs of a property ask for the same few hundred keys. */
const known = new Map<string, Uint8Array | null>()
const rememberingMath: DerivationMath = {
  ...pureDerivationMath,
  addTweak: (publicKey, tweak, form) => {
    const name = `${publicKey.join()}+${tweak.join()}`
    const sum = known.get(name) ?? pureDerivationMath.addTweak(publicKey, tweak, form)
    known.set(name, sum)
    return sum
  },
}
const opened = openAccount(account, rememberingMath)
if (!opened.ok) throw new Error('the test account does not open')
const keys = opened.value

const derive = (branch: 0 | 1, index: number) => ownAddress(account, keys, { branch, index })

function scriptOf(branch: 0 | 1, index: number): string {
  return derive(branch, index).script
}

/** Plays the chain: answers rounds until nothing is asked; returns the result and all that was asked. */
function discover(used: ReadonlySet<string>, gapLimit: number, before?: DiscoveredAccount) {
  const asked: string[] = []
  const rounds: number[] = []
  let discovery = startDiscovery(derive, gapLimit, before)
  for (let round = 0; round < 100; round++) {
    const question = discoveryQuestion(discovery)
    if (question.length === 0) break
    asked.push(...question)
    rounds.push(question.length)
    discovery = answerDiscovery(discovery, new Set(question.filter((script) => used.has(script))))
  }
  return { found: discoveredAccount(discovery), asked, rounds }
}

describe('discovery with a gap limit', () => {
  it('an empty account asks one gap of each branch, in one round', () => {
    const { found, asked } = discover(new Set(), 20)
    expect(asked).toHaveLength(40)
    expect(found).toMatchObject({ nextReceive: 0, nextChange: 0 })
    expect(found?.receive.map((own) => own.index)).toEqual(Array.from({ length: 20 }, (_, i) => i))
  })

  it('has no answer before the last round', () => {
    expect(discoveredAccount(startDiscovery(derive, 20))).toBeUndefined()
  })

  it('finds a used address right at the limit and none beyond it', () => {
    const atLimit = discover(new Set([scriptOf(0, 4)]), 5)
    expect(atLimit.found?.nextReceive).toBe(5)
    expect(atLimit.found?.receive).toHaveLength(10)
    const beyond = discover(new Set([scriptOf(0, 5)]), 5)
    expect(beyond.found?.nextReceive).toBe(0)
  })

  it('asks as many again in each round, and all that is known at once the next time', () => {
    const used = new Set(Array.from({ length: 70 }, (_, index) => scriptOf(0, index)))
    const first = discover(used, 5)
    expect(first.rounds).toEqual([10, 5, 10, 20, 40])
    expect(first.found?.receive).toHaveLength(75)
    const again = discover(used, 5, first.found)
    expect(again.rounds).toEqual([80])
    expect(again.found).toEqual(first.found)
  })

  it('for any use without a gap, finds all of it, asks each script once and shows one gap more', () => {
    const branch = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 8 })
    fc.assert(
      fc.property(branch, branch, (receiveGaps, changeGaps) => {
        const indices = (gaps: readonly number[]): readonly number[] => {
          let at = -1
          return gaps.map((gap) => {
            at += gap + 1
            return at
          })
        }
        const receive = indices(receiveGaps)
        const change = indices(changeGaps)
        const used = new Set([
          ...receive.map((index) => scriptOf(0, index)),
          ...change.map((index) => scriptOf(1, index)),
        ])
        const { found, asked } = discover(used, 5)
        expect(new Set(asked).size).toBe(asked.length)
        const usedOf = (list: readonly { used: boolean; index: number }[] | undefined) =>
          (list ?? []).filter((own) => own.used).map((own) => own.index)
        expect(usedOf(found?.receive)).toEqual(receive)
        expect(usedOf(found?.change)).toEqual(change)
        expect(found?.nextReceive).toBe((receive.at(-1) ?? -1) + 1)
        expect(found?.receive).toHaveLength((receive.at(-1) ?? -1) + 1 + 5)
        expect(found?.change).toHaveLength((change.at(-1) ?? -1) + 1 + 5)
      }),
      { numRuns: 60 },
    )
  })

  it('throws on a gap limit that is none', () => {
    expect(() => startDiscovery(derive, 0)).toThrow(RangeError)
  })
})
