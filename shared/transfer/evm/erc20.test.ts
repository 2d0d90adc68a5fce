import { Interface } from 'ethers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checksumEvmAddress } from '../../vault/evmAddress.ts'
import { decodeTransferCall, encodeTransferCall } from './erc20.ts'

const erc20 = new Interface(['function transfer(address,uint256)'])
const someone = checksumEvmAddress(new Uint8Array(20).fill(0x11))
const address = fc.uint8Array({ minLength: 20, maxLength: 20 }).map(checksumEvmAddress)
const units = fc.bigInt({ min: 0n, max: (1n << 256n) - 1n })

describe('transfer(address,uint256)', () => {
  test('is written as ethers writes it, and reads back', () => {
    fc.assert(
      fc.property(address, units, (recipient, value) => {
        const data = encodeTransferCall(recipient, value)
        expect(`0x${data}`).toBe(erc20.encodeFunctionData('transfer', [recipient, value]))
        expect(decodeTransferCall(data)).toEqual({ recipient, units: value })
      }),
    )
  })

  const good = encodeTransferCall(someone, 5n)
  const rows: readonly [string, string][] = [
    ['nothing', ''],
    ['the selector alone', 'a9059cbb'],
    ['another function (approve)', `095ea7b3${good.slice(8)}`],
    ['another function (transferFrom)', `23b872dd${good.slice(8)}`],
    ['dirty padding before the address', `a9059cbb01${good.slice(10)}`],
    ['a byte behind', `${good}00`],
    ['a byte less', good.slice(0, -2)],
    ['upper case', good.toUpperCase()],
    ['a prefix', `0x${good}`],
  ]
  test.each(rows)('%s is no transfer', (_, data) => {
    expect(decodeTransferCall(data)).toBeUndefined()
  })

  test('what cannot be written throws', () => {
    expect(() => encodeTransferCall('0x1', 1n)).toThrow(TypeError)
    expect(() => encodeTransferCall(someone, -1n)).toThrow(RangeError)
    expect(() => encodeTransferCall(someone, 1n << 256n)).toThrow(RangeError)
  })
})
