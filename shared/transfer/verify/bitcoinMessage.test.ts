import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { base64, hex } from '@scure/base'
import { Transaction } from 'bitcoinjs-lib'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createCurve } from '../../../electron/adapters/chain/bitcoin/curve.ts'
import { createTestWallet } from '../../../electron/simulators/bitcoin/testWallet.ts'
import { accountScript, decodeBitcoinAddress, encodeBitcoinAddress } from '../../vault/address.ts'
import { pureDerivationMath } from '../../vault/derive.ts'
import { taggedHash } from '../../vault/hash.ts'
import { bip322Transactions, verifyBitcoinMessage } from './bitcoinMessage.ts'

const curve = createCurve()
const data =
  process.env['BULKHEAD_DATA'] ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url))
const path = `${data}/vectors/bip-0322_basic-test-vectors.json`
const text = existsSync(path) ? readFileSync(path, 'utf8') : undefined
if (text === undefined) console.log(`SKIPPED: no ${path}`)

const vectorsSchema = z.object({
  tx_hashes: z.array(
    z.object({
      message: z.string(),
      address: z.string(),
      message_hash: z.string(),
      to_spend_tx_hash: z.string(),
      to_sign_tx_hash: z.string(),
    }),
  ),
  simple: z.array(
    z.object({
      message: z.string(),
      address: z.string(),
      type: z.string(),
      bip322_signatures: z.array(z.string()),
    }),
  ),
  error: z.array(z.object({ message: z.string(), address: z.string(), signature: z.string() })),
})

function verify(address: string, message: string, signature: string): string {
  const network = address.startsWith('bcrt') ? 'regtest' : 'mainnet'
  const result = verifyBitcoinMessage({ address, network, message, signature, curve })
  return result.ok ? result.value.form : result.refusal.code
}

describe.skipIf(text === undefined)('BIP322 test vectors', () => {
  const vectors = text === undefined ? undefined : vectorsSchema.parse(JSON.parse(text))

  it('the message hash and both virtual transactions', () => {
    expect(vectors?.tx_hashes.length).toBe(3)
    for (const row of vectors?.tx_hashes ?? []) {
      const tagged = taggedHash('BIP0322-signed-message', new TextEncoder().encode(row.message))
      expect(hex.encode(tagged)).toBe(row.message_hash)
      const address = decodeBitcoinAddress(row.address, 'mainnet')
      if (!address.ok) throw new Error(address.refusal.code)
      const built = bip322Transactions(hex.decode(address.value.script), row.message)
      expect(built.toSpend.txid).toBe(row.to_spend_tx_hash)
      expect(built.toSign.txid).toBe(row.to_sign_tx_hash)
    }
  })

  it('key signatures are valid; a multisig script is not judged, so not believed', () => {
    const single = { p2wpkh: 0, p2tr: 0, other: 0 }
    for (const row of vectors?.simple ?? []) {
      const isKey = row.type === 'p2wpkh' || row.type === 'p2tr'
      for (const signature of row.bip322_signatures) {
        const expected = isKey ? 'bip322-simple' : 'SIGNED_MISMATCH'
        expect(`${row.type} ${verify(row.address, row.message, signature)}`).toBe(
          `${row.type} ${expected}`,
        )
        expect(verify(row.address, `${row.message}.`, signature)).toBe('SIGNED_MISMATCH')
      }
      single[row.type === 'p2wpkh' ? 'p2wpkh' : row.type === 'p2tr' ? 'p2tr' : 'other'] += 1
    }
    expect(single.p2wpkh).toBeGreaterThan(0)
    expect(single.p2tr).toBeGreaterThan(0)
  })

  it('every error row is refused', () => {
    expect(vectors?.error.length).toBeGreaterThan(5)
    for (const row of vectors?.error ?? []) {
      expect(verify(row.address, row.message, row.signature)).toBe('SIGNED_MISMATCH')
    }
  })
})

describe('BIP322 simple by a wallet of ours', () => {
  const wallet = createTestWallet(`${'abandon '.repeat(11)}about`, 'regtest')
  const message = 'Bulkhead 舱壁'

  /** Signs BIP322's virtual transaction with another implementation than the verifier's. */
  function sign(keyPath: string, script: Uint8Array, hashType?: number): string {
    const { toSpend } = bip322Transactions(script, message)
    const transaction = new Transaction()
    transaction.version = 0
    transaction.addInput(Buffer.from(toSpend.txid, 'hex').reverse(), 0, 0)
    transaction.addOutput(Uint8Array.of(0x6a), 0n)
    const spend = { script: hex.encode(script), value: 0n, path: keyPath }
    wallet.sign(transaction, [spend], hashType)
    const stack = transaction.ins[0]?.witness ?? []
    const parts = stack.flatMap((item) => [Uint8Array.of(item.length), item])
    return base64.encode(Uint8Array.from(Buffer.concat([Uint8Array.of(stack.length), ...parts])))
  }

  const kinds = [
    { type: 'p2wpkh', keyPath: "m/84'/1'/0'/0/0", good: [1], bad: [2, 3, 0x81] },
    { type: 'p2tr', keyPath: "m/86'/1'/0'/0/0", good: [0, 1], bad: [2, 3, 0x81] },
  ] as const
  for (const { type, keyPath, good, bad } of kinds) {
    it(`${type}: ALL is believed, weaker hash types are not`, () => {
      const script = accountScript(type, wallet.publicKey(keyPath), pureDerivationMath)
      const address = encodeBitcoinAddress(script, 'regtest') ?? ''
      for (const hashType of good) {
        const signature = sign(keyPath, script, hashType)
        expect(verify(address, message, signature)).toBe('bip322-simple')
        expect(verify(address, message, `smp${signature}`)).toBe('bip322-simple')
        expect(verify(address, 'another', signature)).toBe('SIGNED_MISMATCH')
      }
      for (const hashType of bad) {
        expect(verify(address, message, sign(keyPath, script, hashType))).toBe('SIGNED_MISMATCH')
      }
      const other = accountScript(type, wallet.publicKey(`${keyPath}1`), pureDerivationMath)
      const otherAddress = encodeBitcoinAddress(other, 'regtest') ?? ''
      expect(verify(otherAddress, message, sign(keyPath, script))).toBe('SIGNED_MISMATCH')
    })
  }
})

describe('recoverable message signatures', () => {
  const key = sha256(new TextEncoder().encode('a test key'))
  const message = 'Bulkhead 舱壁'

  function sign(headerBase: number): string {
    const bytes = new TextEncoder().encode(message)
    const magic = new TextEncoder().encode('\x18Bitcoin Signed Message:\n')
    const digest = sha256(sha256(Uint8Array.from([...magic, bytes.length, ...bytes])))
    const signature = secp256k1.sign(digest, key, { prehash: false })
    return base64.encode(
      Uint8Array.from([headerBase + (signature.recovery ?? 0), ...signature.toBytes('compact')]),
    )
  }

  const publicKey = secp256k1.getPublicKey(key, true)
  const rows = [
    ['p2pkh', 31],
    ['p2sh-p2wpkh', 31],
    ['p2sh-p2wpkh', 35],
    ['p2wpkh', 31],
    ['p2wpkh', 39],
  ] as const
  for (const [type, header] of rows) {
    it(`${type} with header ${header}`, () => {
      const script = accountScript(type, publicKey, pureDerivationMath)
      const address = encodeBitcoinAddress(script, 'mainnet') ?? ''
      expect(verify(address, message, sign(header))).toBe('recoverable')
      expect(verify(address, `${message}!`, sign(header))).toBe('SIGNED_MISMATCH')
    })
  }

  it('taproot has none, an uncompressed key owns no segwit address', () => {
    const taproot = accountScript('p2tr', publicKey, pureDerivationMath)
    expect(verify(encodeBitcoinAddress(taproot, 'mainnet') ?? '', message, sign(31))).toBe(
      'SIGNED_MISMATCH',
    )
    const segwit = accountScript('p2wpkh', publicKey, pureDerivationMath)
    expect(verify(encodeBitcoinAddress(segwit, 'mainnet') ?? '', message, sign(27))).toBe(
      'SIGNED_MISMATCH',
    )
  })

  it('an address of another network and no address are refused as such', () => {
    const result = (address: string) =>
      verifyBitcoinMessage({ address, network: 'regtest', message, signature: sign(31), curve })
    expect(result('1LqBGSKuX5yYUonjxT5qGfpUsXKYYWeabA')).toMatchObject({
      refusal: { code: 'NETWORK_MISMATCH' },
    })
    expect(result('nobody')).toMatchObject({ refusal: { code: 'ADDRESS_INVALID' } })
  })
})
