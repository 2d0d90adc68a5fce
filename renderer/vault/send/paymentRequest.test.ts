import { expect, test } from 'vitest'
import { addressShape, parsePaymentRequest } from './paymentRequest.ts'

const segwit = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
const evm = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'

test.each([
  [` ${segwit}\n`, { address: segwit, chain: null, amount: null, label: null }],
  // The examples of BIP21.
  [
    'bitcoin:175tWpb8K1S7NmH4Zx6rewF9WQrcZv245W?amount=20.3&label=Luke-Jr',
    {
      address: '175tWpb8K1S7NmH4Zx6rewF9WQrcZv245W',
      chain: 'bitcoin',
      amount: '20.3',
      label: 'Luke-Jr',
    },
  ],
  [
    'BITCOIN:175tWpb8K1S7NmH4Zx6rewF9WQrcZv245W?amount=1e9&label=%20',
    {
      address: '175tWpb8K1S7NmH4Zx6rewF9WQrcZv245W',
      chain: 'bitcoin',
      amount: null,
      label: null,
    },
  ],
  // The example of EIP-681.
  [
    'ethereum:0xfb6916095ca1df60bb79Ce92ce3ea74c37c5d359?value=2.014e18',
    {
      address: '0xfb6916095ca1df60bb79Ce92ce3ea74c37c5d359',
      chain: 'evm:1',
      amount: '2.014',
      label: null,
    },
  ],
  [
    `ethereum:${evm}@31337?value=1`,
    { address: evm, chain: 'evm:31337', amount: '0.000000000000000001', label: null },
  ],
  [`ethereum:pay-${evm}?value=3e18`, { address: evm, chain: 'evm:1', amount: '3', label: null }],
])('%j is read as what it says', (text, expected) => {
  expect(parsePaymentRequest(text)).toEqual(expected)
})

test('a request to call a contract is not taken for a payment to it', () => {
  const text = `ethereum:${evm}/transfer?address=0x8e23ee67d1332ad560396262c48ffbb01f93d052&uint256=1`
  expect(parsePaymentRequest(text)).toMatchObject({ chain: null, amount: null, address: text })
})

test.each([
  ['', 'bitcoin', 'empty'],
  [segwit, 'bitcoin', 'plausible'],
  [segwit.toUpperCase(), 'bitcoin', 'plausible'],
  ['3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy', 'bitcoin', 'plausible'],
  [evm, 'evm:1', 'plausible'],
  [evm, 'bitcoin', 'other-chain'],
  [segwit, 'evm:1', 'other-chain'],
  ['bc1qw50', 'bitcoin', 'unfinished'],
  ['0x7099', 'evm:1', 'unfinished'],
  ['hello there', 'bitcoin', 'not-an-address'],
  ['vitalik.eth', 'evm:1', 'name'],
  ['vitalik.eth', 'bitcoin', 'not-an-address'],
  ['bc1qw508b6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', 'bitcoin', 'unfinished'],
] as const)('"%s" on %s looks %s', (address, chain, expected) => {
  expect(addressShape(address, chain)).toBe(expected)
})
