import { describe, expect, test } from 'vitest'
import { readAccountCode } from './accountCode.ts'
import { recipientWarnings } from './warnings.ts'

const delegate = '0x63c0c19a282a1B52b07dD5a65b58948A07DAE32B'
const delegation = `0xef0100${delegate.slice(2).toLowerCase()}`

describe('an account’s code', () => {
  test.each([
    ['nothing', '0x', { kind: 'plain' }],
    ['a contract', '0x6080604052', { kind: 'contract' }],
    ['a delegation', delegation, { kind: 'delegated', to: delegate }],
    [
      'a delegation in capitals',
      `0xef0100${delegate.slice(2).toUpperCase()}`,
      { kind: 'delegated', to: delegate },
    ],
    ['a delegation with a byte more', `${delegation}00`, { kind: 'contract' }],
    ['a delegation with a byte less', delegation.slice(0, -2), { kind: 'contract' }],
    ['another version of it', delegation.replace('ef0100', 'ef0101'), { kind: 'contract' }],
  ])('%s', (_, code, expected) => {
    expect(readAccountCode(code)).toEqual(expected)
  })
})

describe('what is warned of', () => {
  const recipient = '0x00000000000000000000000000000000DeaDBeef'
  const own = '0x9858EfFD232B4033E47d90003D41EC34EcaEda94'
  const warn = (recipientCode: string | null, ownCode: string) =>
    recipientWarnings({ recipient, recipientCode, own, ownCode })

  test('nothing, between plain accounts', () => {
    expect(warn('0x', '0x')).toEqual([])
    expect(warn(null, '0x')).toEqual([])
  })

  test('a recipient that is a contract, or obeys one', () => {
    expect(warn('0x60', '0x')).toEqual([
      { key: 'recipientContract', values: { address: recipient } },
    ])
    expect(warn(delegation, '0x')).toEqual([
      { key: 'recipientDelegated', values: { address: recipient, delegate } },
    ])
  })

  test('our own account obeying code, or being replaced by it', () => {
    expect(warn('0x', delegation)).toEqual([
      { key: 'ownAccountDelegated', values: { address: own, delegate } },
    ])
    expect(warn('0x60', '0x60').map(({ key }) => key)).toEqual([
      'ownAccountContract',
      'recipientContract',
    ])
  })
})
