/** ethers' own transactions, recorded: read like ethers reads them, compared field by field. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bytesToHex } from '@noble/hashes/utils.js'
import { Transaction } from 'ethers'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { parseSignedEvm } from '../evm/parse.ts'
import type { EvmTransactionPlan } from '../plan.ts'
import { verifyEvm } from './evm.ts'
import { testCurve, testSigner } from './evm.fixture.ts'

/** The fields that differ, sorted; none when verified. */
function differs(plan: EvmTransactionPlan, rawHex: string): readonly string[] {
  const result = verifyEvm({ plan, digest: '', rawHex, curve: testCurve })
  return result.ok ? [] : result.refusal.data.differences.map(({ field }) => field).sort()
}

const data =
  process.env['BULKHEAD_DATA'] ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url))
const vectorsPath = `${data}/vectors/ethers-transactions.json`
const haveVectors = existsSync(vectorsPath)
if (!haveVectors) console.log(`SKIPPED: ethers transaction vectors, no ${vectorsPath}`)

const vectorSchema = z.object({
  name: z.string(),
  privateKey: z.string(),
  transaction: z.object({
    to: z.string().nullish(),
    nonce: z.union([z.number(), z.string()]).nullish(),
    accessList: z.array(z.unknown()).nullish(),
  }),
  signedLegacy: z.string(),
  signedEip155: z.string(),
  signedBerlin: z.string(),
  signedLondon: z.string(),
  signedCancun: z.string(),
})

describe.skipIf(!haveVectors)('recorded ethers transactions', () => {
  const vectors = haveVectors
    ? z.array(vectorSchema).parse(JSON.parse(readFileSync(vectorsPath, 'utf8')))
    : []

  test(`all ${vectors.length} rows are read like ethers reads them, other types refused`, () => {
    expect(vectors.length).toBeGreaterThan(0)
    let london = 0
    let eip155 = 0
    for (const row of vectors) {
      for (const raw of [row.signedLondon, row.signedEip155]) {
        // The rows without a chain id have no EIP-155 form.
        if (raw === '') continue
        const theirs = Transaction.from(raw)
        const reading = parseSignedEvm(raw.slice(2))
        if (!reading.ok) throw new Error(`${row.name}: ${reading.field} ${reading.problem}`)
        const ours = reading.transaction
        expect(ours.txid, row.name).toBe(theirs.hash)
        expect(bytesToHex(ours.signingHash), row.name).toBe(theirs.unsignedHash.slice(2))
        expect(ours.to, row.name).toBe(theirs.to)
        expect(ours.chainId, row.name).toBe(theirs.chainId)
        if (ours.type === 2) london += 1
        else eip155 += 1
        if (ours.type === 2) expect(ours.accessList).toBe(theirs.accessList?.length)
      }
      for (const [raw, field] of [
        [row.signedBerlin, 'type'],
        [row.signedCancun, 'type'],
        [row.signedLegacy, 'chainId'],
      ] as const) {
        if (raw === '') continue
        const reading = parseSignedEvm(raw.slice(2))
        expect(reading.ok ? 'read' : reading.field, row.name).toBe(field)
      }
    }
    expect(london).toBe(vectors.length)
    expect(eip155).toBe(vectors.filter((row) => row.signedEip155 !== '').length)
    console.log(`ethers vectors: ${london} of type 2 and ${eip155} of EIP-155 read alike`)
  })

  test('each type 2 row is compared field by field; contract creations are refused', () => {
    let verified = 0
    for (const row of vectors) {
      const theirs = Transaction.from(row.signedLondon)
      const plan: EvmTransactionPlan = {
        kind: 'evm',
        chainId: Number(theirs.chainId),
        type: 2,
        from: theirs.from ?? '',
        path: '',
        nonce: theirs.nonce,
        to: theirs.to ?? testSigner('nobody').address,
        value: theirs.value,
        data: theirs.data.slice(2),
        gasLimit: theirs.gasLimit,
        maxFeePerGas: theirs.maxFeePerGas ?? 0n,
        maxPriorityFeePerGas: theirs.maxPriorityFeePerGas ?? 0n,
        token: null,
      }
      const expected = [
        ...(theirs.to === null ? ['to'] : []),
        ...((theirs.accessList?.length ?? 0) > 0 ? ['accessList'] : []),
        // Arbitrary calldata is no transfer; those rows differ in exactly that.
        ...(plan.data === '' ? [] : ['data']),
      ]
      expect(differs(plan, row.signedLondon.slice(2)), row.name).toEqual(expected.sort())
      if (expected.length === 0) verified += 1
    }
    console.log(`ethers vectors: ${vectors.length} compared field by field, ${verified} verified`)
  })
})
