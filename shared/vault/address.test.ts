import { hex } from '@scure/base'
import * as bitcoin from 'bitcoinjs-lib'
import fc from 'fast-check'
import * as ecc from 'tiny-secp256k1'
import { describe, expect, it } from 'vitest'
import { decodeBitcoinAddress, encodeBitcoinAddress } from './address.ts'
import { checksumEvmAddress } from './evmAddress.ts'
import { writeOutputScript } from './script.ts'

bitcoin.initEccLib(ecc)

describe('address to script', () => {
  // BIP173 and BIP350 examples, and base58 forms.
  const rows = [
    {
      address: 'BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4',
      network: 'mainnet',
      kind: 'p2wpkh',
      script: '0014751e76e8199196d454941c45d1b3a323f1433bd6',
    },
    {
      address: 'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0',
      network: 'mainnet',
      kind: 'p2tr',
      script: '512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
    },
    {
      address: '1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2',
      network: 'mainnet',
      kind: 'p2pkh',
      script: '76a91477bff20c60e522dfaa3350c39b030a5d004e839a88ac',
    },
    {
      address: '3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy',
      network: 'mainnet',
      kind: 'p2sh',
      script: 'a914b472a266d0bd89c13706a4132ccfb16f7c3b9fcb87',
    },
  ] as const
  for (const row of rows) {
    it(`${row.kind} ${row.address}`, () => {
      expect(decodeBitcoinAddress(row.address, row.network)).toEqual({
        ok: true,
        value: { address: decodedText(row.address), kind: row.kind, script: row.script },
      })
    })
  }

  const refused = [
    ['a flipped character', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5', 'ADDRESS_INVALID'],
    ['mixed case', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3T4', 'ADDRESS_INVALID'],
    [
      'witness version 1 with the old checksum',
      'bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4',
      'ADDRESS_INVALID',
    ],
    [
      'witness version 0 with the new checksum (BIP350)',
      'BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL',
      'ADDRESS_INVALID',
    ],
    ['version 16, two bytes (BIP350)', 'BC1SW50QGDZ25J', 'ADDRESS_INVALID'],
    [
      'a taproot key that is not on the curve',
      encodeTaproot('00'.repeat(31) + '05'),
      'ADDRESS_INVALID',
    ],
    ['testnet bech32', 'tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx', 'NETWORK_MISMATCH'],
    ['regtest bech32', 'bcrt1q6rz28mcfaxtmd6v789l9rrlrusdprr9pz3cppk', 'NETWORK_MISMATCH'],
    ['testnet base58', 'mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn', 'NETWORK_MISMATCH'],
    ['an EVM address', '0x9858EfFD232B4033E47d90003D41EC34EcaEda94', 'ADDRESS_INVALID'],
    ['nothing', '', 'ADDRESS_INVALID'],
    ['a novel', 'a'.repeat(10_000), 'ADDRESS_INVALID'],
    ['surrounding space', ' 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2', 'ADDRESS_INVALID'],
  ] as const
  for (const [name, address, code] of refused) {
    it(`refuses ${name} on mainnet`, () => {
      expect(decodeBitcoinAddress(address, 'mainnet')).toMatchObject({
        ok: false,
        refusal: { code },
      })
    })
  }
})

function decodedText(address: string): string {
  return /^bc1/i.test(address) ? address.toLowerCase() : address
}

function encodeTaproot(program: string): string {
  return (
    encodeBitcoinAddress(hex.decode(`5120${program}`), 'mainnet') ??
    'no taproot address was written'
  )
}

describe('script to address and back', () => {
  it('agrees with bitcoinjs-lib for every template on both networks', () => {
    const kinds = fc.constantFrom('p2pkh', 'p2sh', 'p2wpkh', 'p2wsh', 'p2tr')
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 })
    fc.assert(
      fc.property(kinds, bytes, fc.constantFrom('mainnet', 'regtest'), (kind, random, network) => {
        const program =
          kind === 'p2tr'
            ? (ecc.pointFromScalar(random.fill(1, 0, 1), true) ?? new Uint8Array(33)).slice(1)
            : kind === 'p2wsh'
              ? random
              : random.slice(0, 20)
        const script = writeOutputScript(kind, program)
        const address = encodeBitcoinAddress(script, network)
        const peer = network === 'mainnet' ? bitcoin.networks.bitcoin : bitcoin.networks.regtest
        expect(address).toBe(bitcoin.address.fromOutputScript(script, peer))
        expect(decodeBitcoinAddress(address ?? '', network)).toMatchObject({
          ok: true,
          value: { kind, script: hex.encode(script) },
        })
      }),
      { numRuns: 150 },
    )
  })

  it('has no address for OP_RETURN', () => {
    expect(encodeBitcoinAddress(hex.decode('6a0548656c6c6f'), 'mainnet')).toBeUndefined()
  })
})

describe('EIP-55', () => {
  for (const address of [
    '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
    '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
    '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
    '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb',
  ]) {
    it(address, () => {
      expect(checksumEvmAddress(hex.decode(address.slice(2).toLowerCase()))).toBe(address)
    })
  }
})
