import { describe, expect, it } from 'vitest'
import type { MessageClaim } from '../../../shared/transfer/verifyMessage.ts'
import { createCurve } from '../../adapters/chain/bitcoin/curve.ts'
import { checkMessage } from './messageVerify.ts'

const curve = createCurve()
const claim = (rest: Partial<MessageClaim>): MessageClaim => ({
  address: '',
  message: 'Hello World',
  encoding: 'text',
  kind: 'message',
  signature: '',
  ...rest,
})

/** BIP322's own example: P2WPKH, "Hello World". */
const bip322 = claim({
  address: 'bc1q9vza2e8x573nczrlzms0wvx3gsqjx7vavgkx0l',
  signature:
    'AkcwRAIgZRfIY3p7/DoVTty6YZbWS71bc5Vct9p9Fia83eRmw2QCICK/ENGfwLtptFluMGs2KsqoNSk89pO7F29zJLUx9a/sASECx/EgAxlkQpQ9hYjgGu6EBCPMVPwVIVJqO4XCsMvViHI=',
})
/** EIP-191 by the key that anvil and every tutorial publish as its first. */
const personal = claim({
  address: '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266',
  message: 'Hello World',
  signature: '0x',
})

describe('message verify', () => {
  it('says that an address signed, in which form, with exit 0', () => {
    expect(checkMessage(bip322, curve)).toMatchObject({
      exitCode: 0,
      json: '{"verdict":"valid","form":"bip322-simple","differences":[]}',
      text: expect.stringMatching(/^valid: bc1q9vza2/),
    })
  })

  it.each([
    ['another text', { ...bip322, message: 'Hello World.' }, /signature/],
    [
      'another address',
      { ...bip322, address: 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu' },
      /signedBy/,
    ],
    ['no signature of 65 bytes', personal, /signature: expected 65 bytes/],
  ])('says that it did not: %s, with exit 1', (_, wrong, reason) => {
    const checked = checkMessage(wrong, curve)
    expect(checked).toMatchObject({ exitCode: 1, text: expect.stringMatching(/^NOT VALID/) })
    expect(checked.text).toMatch(reason)
  })

  it.each([
    ['no address', { ...bip322, address: 'nobody' }, 'ADDRESS_INVALID'],
    ['bytes for bitcoin', { ...bip322, encoding: 'hex' as const }, 'INPUT_INVALID'],
    ['typed data that is none', { ...personal, kind: 'typed-data' as const }, 'INPUT_INVALID'],
    [
      'bytes that are none',
      { ...personal, encoding: 'hex' as const, message: 'x' },
      'INPUT_INVALID',
    ],
    ['a lone surrogate', { ...bip322, message: '\ud800' }, 'INPUT_INVALID'],
  ])('refuses what cannot be checked: %s, with exit 2', (_, wrong, code) => {
    expect(checkMessage(wrong, curve)).toMatchObject({
      exitCode: 2,
      text: expect.stringContaining(code),
    })
  })

  it('takes regtest addresses for what they are', () => {
    const address = 'bcrt1q9vza2e8x573nczrlzms0wvx3gsqjx7vay85cr9'
    expect(checkMessage({ ...bip322, address }, curve).exitCode).toBe(0)
  })
})
