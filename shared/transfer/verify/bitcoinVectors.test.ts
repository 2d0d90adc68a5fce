import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { hex } from '@scure/base'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createCurve } from '../../../electron/adapters/chain/bitcoin/curve.ts'
import { encodeBitcoinAddress } from '../../vault/address.ts'
import { pureDerivationMath } from '../../vault/derive.ts'
import { hash160 } from '../../vault/hash.ts'
import { readOutputScript } from '../../vault/script.ts'
import { bip86OutputKey } from '../../vault/taproot.ts'
import { type SpentOutput, bitcoinDigests } from './bitcoinDigest.ts'
import { inputSignatureDifferences } from './bitcoinInput.ts'
import { type ParsedTransaction, parseBitcoinTransactionHex } from './bitcoinTransaction.ts'

const curve = createCurve()
const data =
  process.env['BULKHEAD_DATA'] ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url))

function vectorFile(name: string): string | undefined {
  const path = `${data}/vectors/${name}`
  if (existsSync(path)) return readFileSync(path, 'utf8')
  console.log(`SKIPPED: no ${path}`)
  return undefined
}

function parsed(rawHex: string): ParsedTransaction {
  const outcome = parseBitcoinTransactionHex(rawHex)
  if (outcome.kind === 'malformed') throw new Error(outcome.problem)
  return outcome.transaction
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index]
  if (found === undefined) throw new Error(`nothing at ${index}`)
  return found
}

function spent(script: string, value: bigint): SpentOutput {
  return { script: hex.decode(script), value }
}

describe('BIP143 examples', () => {
  it('native P2WPKH: digest and signature of the second input', () => {
    const transaction = parsed(
      '01000000000102fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f00000000494830450221008b9d1dc26ba6a9cb62127b02742fa9d754cd3bebf337f7a55d114c8e5cdd30be022040529b194ba3f9281a99f2b1c0a19c0489bc22ede944ccf4ecbab4cc618ef3ed01eeffffffef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff02202cb206000000001976a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa815988ac000247304402203609e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb1366d7f01cc44a0220573a954c4518331561406f90300e8f3358f51928d43c212a8caed02de67eebee0121025476c2e83188368da1ff3e292e7acafcdb3566bb0ad253f62fc70f07aeee635711000000',
    )
    const script = '00141d0f172a0ecb48aee1be1f2687d2963ae33f71a1'
    const digests = bitcoinDigests(transaction, [
      spent('2103c9f4836b9a4f77fc0d81f7bcb01b7f1b35916864b9476c241ce9fc198bd25432ac', 625_000_000n),
      spent(script, 600_000_000n),
    ])
    const publicKey = hex.decode(
      '025476c2e83188368da1ff3e292e7acafcdb3566bb0ad253f62fc70f07aeee6357',
    )
    expect(hex.encode(digests.segwitKeyHash(1, hash160(publicKey)))).toBe(
      'c37af31116d1b27caf68aae9e3ac82f1477929014d5b917657d0eb49478cb670',
    )
    const differences = inputSignatureDifferences({
      scriptType: 'p2wpkh',
      index: 1,
      returned: at(transaction.inputs, 1),
      key: { publicKey, script: hex.decode(script) },
      digests,
      curve,
    })
    expect(differences).toEqual([])
  })

  it('P2SH-P2WPKH: digest and signature', () => {
    const transaction = parsed(
      '01000000000101db6b1b20aa0fd7b23880be2ecbd4a98130974cf4748fb66092ac4d3ceb1a5477010000001716001479091972186c449eb1ded22b78e40d009bdf0089feffffff02b8b4eb0b000000001976a914a457b684d7f0d539a46a45bbc043f35b59d0d96388ac0008af2f000000001976a914fd270b1ee6abcaea97fea7ad0402e8bd8ad6d77c88ac02473044022047ac8e878352d3ebbde1c94ce3a10d057c24175747116f8288e5d794d12d482f0220217f36a485cae903c713331d877c1f64677e3622ad4010726870540656fe9dcb012103ad1d8e89212f0b92c74d23bb710c00662ad1470198ac48c43f7d6f93a2a2687392040000',
    )
    const script = 'a9144733f37cf4db86fbc2efed2500b4f4e49f31202387'
    const digests = bitcoinDigests(transaction, [spent(script, 1_000_000_000n)])
    const publicKey = hex.decode(
      '03ad1d8e89212f0b92c74d23bb710c00662ad1470198ac48c43f7d6f93a2a26873',
    )
    expect(hex.encode(digests.segwitKeyHash(0, hash160(publicKey)))).toBe(
      '64f3b0f4dd2bb3aa1ce8566d220cc74dda9df97d8490cc81d89d735c92e59fb6',
    )
    const differences = inputSignatureDifferences({
      scriptType: 'p2sh-p2wpkh',
      index: 0,
      returned: at(transaction.inputs, 0),
      key: { publicKey, script: hex.decode(script) },
      digests,
      curve,
    })
    expect(differences).toEqual([])
  })
})

const bip341Text = vectorFile('bip-0341_wallet-test-vectors.json')
const bip341Schema = z.object({
  scriptPubKey: z.array(
    z.object({
      given: z.object({ internalPubkey: z.string(), scriptTree: z.unknown() }),
      expected: z.object({ scriptPubKey: z.string(), bip350Address: z.string() }),
    }),
  ),
  keyPathSpending: z.array(
    z.object({
      given: z.object({
        rawUnsignedTx: z.string(),
        utxosSpent: z.array(z.object({ scriptPubKey: z.string(), amountSats: z.int() })),
      }),
      inputSpending: z.array(
        z.object({
          given: z.object({ txinIndex: z.int(), hashType: z.int() }),
          intermediary: z.object({ sigHash: z.string() }),
        }),
      ),
      auxiliary: z.object({ fullySignedTx: z.string() }),
    }),
  ),
})

describe.skipIf(bip341Text === undefined)('BIP341 wallet test vectors', () => {
  const vectors = bip341Text === undefined ? undefined : bip341Schema.parse(JSON.parse(bip341Text))

  it('every output script has its address, every tree-less key its script', () => {
    expect(vectors?.scriptPubKey.length).toBe(7)
    let treeless = 0
    for (const { given, expected } of vectors?.scriptPubKey ?? []) {
      const script = hex.decode(expected.scriptPubKey)
      expect(encodeBitcoinAddress(script, 'mainnet')).toBe(expected.bip350Address)
      if (given.scriptTree !== null) continue
      treeless += 1
      const key = hex.decode(`02${given.internalPubkey}`)
      expect(`5120${hex.encode(bip86OutputKey(key, pureDerivationMath))}`).toBe(
        expected.scriptPubKey,
      )
    }
    expect(treeless).toBe(1)
  })

  it('digests of default and ALL match; of the signed inputs only the default one passes', () => {
    const [spending] = vectors?.keyPathSpending ?? []
    if (spending === undefined) throw new Error('no key path spending')
    const transaction = parsed(spending.auxiliary.fullySignedTx)
    const coins = spending.given.utxosSpent.map((coin) =>
      spent(coin.scriptPubKey, BigInt(coin.amountSats)),
    )
    const digests = bitcoinDigests(transaction, coins)
    const passed: number[] = []
    let compared = 0
    for (const { given, intermediary } of spending.inputSpending) {
      const { txinIndex: index, hashType } = given
      if (hashType === 0 || hashType === 1) {
        expect(hex.encode(digests.taprootKeyPath(index, hashType))).toBe(intermediary.sigHash)
        compared += 1
      }
      const differences = inputSignatureDifferences({
        scriptType: 'p2tr',
        index,
        returned: at(transaction.inputs, index),
        key: { publicKey: new Uint8Array(33), script: at(coins, index).script },
        digests,
        curve,
      })
      if (differences.length === 0) passed.push(hashType)
      else expect(differences.map(({ field }) => field)).toEqual([`inputs[${index}].hashType`])
    }
    expect(compared).toBe(2)
    expect(passed).toEqual([0])
  })

  it('its scripts that are no templates of ours are not read as such', () => {
    for (const { expected } of vectors?.scriptPubKey ?? []) {
      expect(readOutputScript(hex.decode(expected.scriptPubKey))?.kind).toBe('p2tr')
    }
  })
})

const bip340Text = vectorFile('bip-0340_test-vectors.csv')

describe.skipIf(bip340Text === undefined)('BIP340 test vectors', () => {
  const rows = (bip340Text ?? '')
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(','))

  it(`all ${rows.length} rows verify as they should; messages of other lengths than 32 are refused`, () => {
    expect(rows.length).toBeGreaterThan(14)
    for (const [index, , publicKey, , message, signature, result] of rows) {
      const bytes = hex.decode((message ?? '').toLowerCase())
      const verdict = curve.verifySchnorr(
        bytes,
        hex.decode((publicKey ?? '').toLowerCase()),
        hex.decode((signature ?? '').toLowerCase()),
      )
      expect(`${index}: ${verdict}`).toBe(`${index}: ${result === 'TRUE' && bytes.length === 32}`)
    }
  })
})
