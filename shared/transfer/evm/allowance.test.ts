import { id, Interface, MaxUint256 } from 'ethers'
import { describe, expect, test } from 'vitest'
import { allowanceSelectors, readCallAllowance, readTypedAllowance } from './allowance.ts'
import { encodeTransferCall } from './erc20.ts'
import type { TypedData } from './typedData.ts'

const thief = '0x1111111111111111111111111111111111111111'
const owner = '0x2222222222222222222222222222222222222222'
const token = '0x3333333333333333333333333333333333333333'
const word = `0x${'00'.repeat(32)}`
const max160 = (1n << 160n) - 1n

function call(signature: string, values: readonly unknown[]): string {
  const contract = new Interface([`function ${signature}`])
  const name = signature.slice(0, signature.indexOf('('))
  return contract.encodeFunctionData(name, values).slice(2)
}

describe('calldata', () => {
  test.each(Object.entries(allowanceSelectors))(
    '%s is the selector of its signature',
    (selector, { signature }) => {
      expect(id(signature).slice(2, 10)).toBe(selector)
    },
  )

  const details = (amount: bigint): readonly unknown[] => [token, amount, 0, 0]
  const signed = [0, 27, word, word]
  const rows: readonly [string, string, object][] = [
    [
      'a limited approval',
      call('approve(address,uint256)', [thief, 5n]),
      { kind: 'approval', spender: thief, amount: { kind: 'limited', units: 5n } },
    ],
    [
      'an unlimited approval',
      call('approve(address,uint256)', [thief, MaxUint256]),
      { kind: 'approval', spender: thief, amount: { kind: 'unlimited' } },
    ],
    [
      'the largest 96-bit amount',
      call('approve(address,uint256)', [thief, (1n << 96n) - 1n]),
      { amount: { kind: 'unlimited' } },
    ],
    [
      'an approval taken back',
      call('approve(address,uint256)', [thief, 0n]),
      { amount: { kind: 'limited', units: 0n } },
    ],
    [
      'a raised approval',
      call('increaseAllowance(address,uint256)', [thief, MaxUint256]),
      { kind: 'approval', amount: { kind: 'unlimited' } },
    ],
    [
      'all NFTs',
      call('setApprovalForAll(address,bool)', [thief, true]),
      { kind: 'approval', spender: thief, amount: { kind: 'unlimited' } },
    ],
    [
      'no NFTs',
      call('setApprovalForAll(address,bool)', [thief, false]),
      { amount: { kind: 'limited', units: 0n } },
    ],
    [
      'an EIP-2612 permit',
      call('permit(address,address,uint256,uint256,uint8,bytes32,bytes32)', [
        owner,
        thief,
        7n,
        ...signed,
      ]),
      { kind: 'permit', spender: thief, amount: { kind: 'limited', units: 7n } },
    ],
    [
      'a DAI permit',
      call('permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)', [
        owner,
        thief,
        0,
        0,
        true,
        27,
        word,
        word,
      ]),
      { kind: 'permit', spender: thief, amount: { kind: 'unlimited' } },
    ],
    [
      'a Permit2 approval',
      call('approve(address,address,uint160,uint48)', [token, thief, max160, 0]),
      { kind: 'permit2', spender: thief, amount: { kind: 'unlimited' } },
    ],
    [
      'a Permit2 permit',
      call('permit(address,((address,uint160,uint48,uint48),address,uint256),bytes)', [
        owner,
        [details(9n), thief, 0],
        '0x',
      ]),
      { kind: 'permit2', spender: thief, amount: { kind: 'limited', units: 9n } },
    ],
    [
      'a Permit2 batch',
      call('permit(address,((address,uint160,uint48,uint48)[],address,uint256),bytes)', [
        owner,
        [[details(9n)], thief, 0],
        '0x',
      ]),
      { kind: 'permit2', spender: null, amount: { kind: 'unknown' } },
    ],
    [
      'an EIP-3009 transfer',
      call(
        'transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)',
        [owner, thief, 3n, 0, 0, word, 27, word, word],
      ),
      { kind: 'transfer-authorisation', spender: thief, amount: { kind: 'limited', units: 3n } },
    ],
    [
      'an approval that is cut off',
      call('approve(address,uint256)', [thief, 5n]).slice(0, 100),
      { kind: 'approval', spender: thief, amount: { kind: 'unknown' } },
    ],
    [
      'an approval of nothing but its selector',
      '095ea7b3',
      { kind: 'approval', spender: null, amount: { kind: 'unknown' } },
    ],
    ['a transfer', encodeTransferCall(thief, 5n), { kind: 'none' }],
    ['no calldata', '', { kind: 'none' }],
  ]
  test.each(rows)('%s', (_, data, expected) => {
    expect(readCallAllowance(data)).toMatchObject(expected)
  })
})

describe('typed data', () => {
  function typed(
    primaryType: string,
    message: Record<string, unknown>,
    contract = token,
  ): TypedData {
    return { types: {}, primaryType, domain: { verifyingContract: contract }, message }
  }
  const permit2 = '0x000000000022D473030F116dDEE9F6B43aC78BA3'
  const rows: readonly [string, TypedData, object][] = [
    [
      'an EIP-2612 permit',
      typed('Permit', { owner, spender: thief, value: MaxUint256.toString() }),
      { kind: 'permit', spender: thief, amount: { kind: 'unlimited' } },
    ],
    [
      'a limited one, in hex',
      typed('Permit', { owner, spender: thief, value: '0x10' }),
      { amount: { kind: 'limited', units: 16n } },
    ],
    [
      'a DAI permit',
      typed('Permit', { holder: owner, spender: thief, allowed: true }),
      { kind: 'permit', amount: { kind: 'unlimited' } },
    ],
    [
      'a permit under another name',
      typed('Login', { session: { spender: thief, value: 1 } }),
      { kind: 'permit', spender: thief, amount: { kind: 'limited', units: 1n } },
    ],
    [
      'a Permit2 single',
      typed('PermitSingle', { details: { token, amount: `${max160}` }, spender: thief }, permit2),
      { kind: 'permit2', spender: thief, amount: { kind: 'unlimited' } },
    ],
    [
      'anything for Permit2',
      typed('Order', {}, permit2),
      { kind: 'permit2', spender: null, amount: { kind: 'unknown' } },
    ],
    [
      'a Permit2 batch of different amounts',
      typed('PermitBatch', { details: [{ amount: 1 }, { amount: 2 }], spender: thief }),
      { kind: 'permit2', amount: { kind: 'unknown' } },
    ],
    [
      'two different spenders',
      typed('Permit', { a: { spender: thief }, b: { spender: owner } }),
      { kind: 'permit', spender: null },
    ],
    [
      'an EIP-3009 transfer',
      typed('TransferWithAuthorization', { from: owner, to: thief, value: '5' }),
      { kind: 'transfer-authorisation', spender: thief, amount: { kind: 'limited', units: 5n } },
    ],
    [
      'an amount that is no number',
      typed('Permit', { spender: thief, value: 'all' }),
      { amount: { kind: 'unknown' } },
    ],
    ['a letter', typed('Mail', { from: owner, to: thief, contents: 'Hello' }), { kind: 'none' }],
    ['an inherited name', typed('constructor', {}), { kind: 'none' }],
  ]
  test.each(rows)('%s', (_, data, expected) => {
    expect(readTypedAllowance(data)).toMatchObject(expected)
  })
})
