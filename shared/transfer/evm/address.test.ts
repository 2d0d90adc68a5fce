import { getAddress, hexlify } from 'ethers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseEvmAddress } from './address.ts'

/** From the text of EIP-55. */
const official = [
  '0x52908400098527886E0F7030069857D2E4169EE7',
  '0x8617E340B3D01FA5F11F306F4090FD50E238070D',
  '0xde709f2102306220921060314715629080e2fb77',
  '0x27b1fdb04752bbc536007a920d24acb045561c26',
  '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
  '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
  '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
  '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb',
]

describe('EIP-55', () => {
  test.each(official)('%s is read in any case without checksum, and as it is', (address) => {
    expect(parseEvmAddress(address)).toEqual({ ok: true, value: address })
    const digits = address.slice(2)
    expect(parseEvmAddress(`0x${digits.toLowerCase()}`)).toEqual({ ok: true, value: address })
    expect(parseEvmAddress(`0x${digits.toUpperCase()}`)).toEqual({ ok: true, value: address })
  })

  test('one letter in the wrong case is refused', () => {
    const address = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD'
    const data = { address, reason: 'checksum' }
    expect(parseEvmAddress(address)).toEqual({
      ok: false,
      refusal: { code: 'ADDRESS_INVALID', data },
    })
  })

  const malformed: readonly [string, string][] = [
    ['nothing', ''],
    ['no prefix', '5aaeb6053f3e94c9b9a09f33669435e7ef1beaed'],
    ['an upper-case prefix', '0X5aaeb6053f3e94c9b9a09f33669435e7ef1beaed'],
    ['39 digits', `0x${'a'.repeat(39)}`],
    ['41 digits', `0x${'a'.repeat(41)}`],
    ['another letter', `0x${'g'.repeat(40)}`],
    ['a space behind', `0x${'a'.repeat(40)} `],
    ['a line behind', `0x${'a'.repeat(40)}\n`],
    ['an ENS name', 'vault.eth'],
    ['a look-alike letter', `0x${'а'.repeat(40)}`],
    ['a Bitcoin address', 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu'],
  ]
  test.each(malformed)('%s is malformed', (_, address) => {
    expect(parseEvmAddress(address)).toMatchObject({ refusal: { data: { reason: 'malformed' } } })
  })

  test('any address is written as ethers writes it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), (bytes) => {
        const address = getAddress(hexlify(bytes))
        expect(parseEvmAddress(hexlify(bytes))).toEqual({ ok: true, value: address })
        expect(parseEvmAddress(address)).toEqual({ ok: true, value: address })
      }),
    )
  })
})
