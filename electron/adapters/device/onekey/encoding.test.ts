/** Paths, extended keys, raw previous transactions, versions: the small readers of the adapter. */
import { HDKey } from '@scure/bip32'
import { Transaction } from 'bitcoinjs-lib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isOlder } from './describe.ts'
import { buildEvmCall, signedEvmSchemas } from './evmCall.ts'
import { normaliseExtendedKey } from './extendedKey.ts'
import { parsePath } from './path.ts'
import { parseRefTransaction } from './refTransaction.ts'

describe('paths', () => {
  it.each([
    ["m/84'/1'/0'/0/5", [0x80000054, 0x80000001, 0x80000000, 0, 5]],
    ['m/0', [0]],
    ["m/2147483647'", [0xffffffff]],
  ])('reads %s', (text, numbers) => {
    expect(parsePath(text)).toEqual(numbers)
  })

  it.each([
    '',
    'm',
    'm/',
    'M/0',
    "84'/0'",
    'm/-1',
    'm/01',
    'm/1.5',
    'm/2147483648',
    'm/0h',
    'm/0//1',
  ])('refuses %j', (text) => {
    expect(parsePath(text)).toBeNull()
  })
})

describe('extended keys', () => {
  // BIP84's test vector.
  const zpub =
    'zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs'
  const xpub =
    'xpub6CatWdiZiodmUeTDp8LT5or8nmbKNcuyvz7WyksVFkKB4RHwCD3XyuvPEbvqAQY3rAPshWcMLoP2fMFMKHPJ4ZeZXYVUhLv1VMrjPC7PW6V'

  it('turns the zpub of BIP84 into its xpub and keeps the key', () => {
    expect(normaliseExtendedKey(zpub, 'xpub')).toBe(xpub)
    expect(normaliseExtendedKey(xpub, 'xpub')).toBe(xpub)
    const versions = { private: 0x04358394, public: 0x043587cf }
    const tpub = HDKey.fromExtendedKey(normaliseExtendedKey(zpub, 'tpub') ?? '', versions)
    expect(tpub.publicKey).toEqual(HDKey.fromExtendedKey(xpub).publicKey)
  })

  it.each([
    '',
    zpub.slice(0, -1),
    `${zpub.slice(0, -1)}t`,
    'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu',
    // A private key must never be taken for a public one (BIP32, vector 1).
    'xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi',
  ])('refuses %j', (text) => {
    expect(normaliseExtendedKey(text, 'xpub')).toBeNull()
  })
})

describe('previous transactions', () => {
  const bytes = (max: number) => fc.uint8Array({ maxLength: max })
  const amount = fc.bigInt({ min: 0n, max: 21n * 10n ** 14n })
  const transaction = fc
    .record({
      version: fc.integer({ min: 1, max: 0x7fffffff }),
      locktime: fc.integer({ min: 0, max: 0xffffffff }),
      inputs: fc.array(
        fc.record({
          hash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
          index: fc.integer({ min: 0, max: 0xffffffff }),
          sequence: fc.integer({ min: 0, max: 0xffffffff }),
          script: bytes(300),
          witness: fc.array(bytes(120), { maxLength: 3 }),
        }),
        { minLength: 1, maxLength: 5 },
      ),
      outputs: fc.array(fc.record({ value: amount, script: bytes(300) }), {
        minLength: 1,
        maxLength: 5,
      }),
    })
    .map(({ version, locktime, inputs, outputs }) => {
      const tx = new Transaction()
      tx.version = version
      tx.locktime = locktime
      for (const [i, input] of inputs.entries()) {
        tx.addInput(input.hash, input.index, input.sequence, input.script)
        tx.setWitness(i, input.witness)
      }
      for (const output of outputs) tx.addOutput(output.script, output.value)
      return tx
    })

  it('are read as bitcoinjs-lib wrote them, with and without witness', () => {
    fc.assert(
      fc.property(transaction, (tx) => {
        const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex')
        expect(parseRefTransaction(tx.getId(), tx.toHex())).toEqual({
          hash: tx.getId(),
          version: tx.version,
          lock_time: tx.locktime,
          inputs: tx.ins.map((input) => ({
            prev_hash: hex(Buffer.from(input.hash).reverse()),
            prev_index: input.index,
            script_sig: hex(input.script),
            sequence: input.sequence,
          })),
          bin_outputs: tx.outs.map((output) => ({
            amount: output.value.toString(),
            script_pubkey: hex(output.script),
          })),
        })
      }),
      { numRuns: 300 },
    )
  })

  it('are refused when a byte is missing or left over', () => {
    fc.assert(
      fc.property(transaction, fc.nat(), (tx, at) => {
        const whole = tx.toHex()
        const cut = whole.slice(0, 2 * (at % (whole.length / 2)))
        expect(parseRefTransaction('', cut)).toBeNull()
        expect(parseRefTransaction('', `${whole}00`)).toBeNull()
      }),
      { numRuns: 300 },
    )
  })
})

describe('versions', () => {
  it.each([
    ['4.4.9', '4.5.0', true],
    ['4.5.0', '4.5.0', false],
    ['4.10.0', '4.5.0', false],
    ['10.0.0', '4.5.0', false],
    ['3.99.99', '4.5.0', true],
    ['', '4.5.0', true],
    ['new', '4.5.0', true],
  ])('%j is older than %s: %s', (version, than, older) => {
    expect(isOlder(version, than)).toBe(older)
  })
})

describe('EVM values', () => {
  it('pads r and s and takes only a parity for v', () => {
    const word = `0x${'0'.repeat(63)}a`
    expect(signedEvmSchemas[2].parse({ v: '0x1', r: '0xA', s: '0xa' })).toEqual({
      v: '0x1',
      r: word,
      s: word,
    })
    for (const v of ['0x1b', '0x25', '1', '']) {
      expect(signedEvmSchemas[2].safeParse({ v, r: word, s: word }).success).toBe(false)
    }
  })

  it('refuses a path that is not of the coin', () => {
    const plan = {
      kind: 'evm',
      chainId: 1,
      type: 2,
      from: '',
      path: "m/84'/0'/0'/0/0",
      nonce: 0,
      to: '0x000000000000000000000000000000000000dEaD',
      value: 0n,
      data: '',
      gasLimit: 0n,
      maxFeePerGas: 0n,
      maxPriorityFeePerGas: 0n,
      token: null,
    } as const
    expect(buildEvmCall(plan)).toEqual({ kind: 'invalid', field: 'path' })
  })
})
