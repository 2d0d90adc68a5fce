import { expect, test } from 'vitest'
import { type Result, ok, refuse } from '../../../shared/errors/refusal.ts'
import { defaultPolicy } from '../../../shared/risk/defaultPolicy.ts'
import type { VaultRecord } from '../../../shared/vault/account.ts'
import type { ChainResult } from '../ports.ts'
import { createPaymentHints } from './paymentHints.ts'

const own = 'bcrt1qcr8te4kr609gcawutmrza0j4xv80jy8zeqchgx'
const other = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'

const record: VaultRecord = {
  wallets: [
    {
      fingerprint: '73c5da0a',
      label: '',
      addedAt: 0,
      signer: { kind: 'air-gapped', originKnown: true },
      accounts: [
        {
          chain: 'bitcoin',
          id: "73c5da0a/84'/1'/0'",
          label: '',
          network: 'regtest',
          path: "m/84'/1'/0'",
          xpub: 'tpub',
          scriptType: 'p2wpkh',
        },
      ],
    },
  ],
  destinations: { bitcoin: null, evm: null },
}

function hints(readFeeRate: (blocks: number) => ChainResult<number>, vault = record) {
  return createPaymentHints({
    bitcoin: { source: 'test', readFeeRate: (blocks) => Promise.resolve(readFeeRate(blocks)) },
    vault: { record: () => vault, ownAddresses: () => [own] },
    policy: () => defaultPolicy,
    transfers: () => [],
  })
}

const unreachable = refuse('CHAIN_UNREACHABLE', { chain: 'bitcoin', reason: 'timeout' })
const caller = { kind: 'renderer' } as const

test('rates that the server knows are said, those it does not know are unknown', async () => {
  const read = hints((blocks) => (blocks === 1 ? unreachable : ok(blocks)))
  expect(await read['payment.feeRates']({}, caller)).toEqual(
    ok({
      fast: null,
      normal: 6,
      slow: 24,
      capSatPerVb: defaultPolicy.feeCapSatPerVb,
      source: 'test',
    }),
  )
  expect(await hints(() => unreachable)['payment.feeRates']({}, caller)).toEqual(unreachable)
})

test.each([
  { chain: 'bitcoin', address: ` ${own.toUpperCase()} `, expected: { known: 'own', address: own } },
  { chain: 'bitcoin', address: other, expected: { known: 'new', address: other } },
  {
    chain: 'evm:1',
    address: '0x70997970c51812dc3a010c7d01b50e0d17dc79c8',
    expected: { known: 'new', address: '0x70997970C51812dc3A010C7d01b50e0d17dc79C8' },
  },
])('$address of $chain can be paid', async ({ chain, address, expected }) => {
  const check = hints(() => unreachable)['payment.checkAddress']
  expect(await check({ chain, address }, caller)).toMatchObject({ ok: true, value: expected })
})

test.each([
  {
    name: 'one letter mistyped',
    chain: 'bitcoin',
    address: other.replace('d6', 'd7'),
    code: 'ADDRESS_INVALID',
  },
  {
    name: 'another network',
    chain: 'bitcoin',
    address: 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
    code: 'NETWORK_MISMATCH',
  },
  {
    name: 'a checksum in the wrong case',
    chain: 'evm:1',
    address: '0x70997970c51812dc3A010C7d01b50e0d17dc79C8',
    code: 'ADDRESS_INVALID',
  },
])('$name cannot', async ({ chain, address, code }) => {
  const check = hints(() => unreachable)['payment.checkAddress']
  const answer: Result<unknown> = await check({ chain, address }, caller)
  expect(answer).toMatchObject({ ok: false, refusal: { code } })
})

test('without a bitcoin account nobody knows the network', async () => {
  const check = hints(() => unreachable, { ...record, wallets: [] })['payment.checkAddress']
  expect(await check({ chain: 'bitcoin', address: other }, caller)).toMatchObject({
    ok: false,
    refusal: { code: 'VAULT_NOT_PAIRED' },
  })
})
