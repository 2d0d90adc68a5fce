import { HDKey } from '@scure/bip32'
import { mnemonicToSeedSync } from '@scure/bip39'
import { describe, expect, it } from 'vitest'
import type { PinnedBitcoinAccount } from './account.ts'
import { descriptorChecksum, parseDescriptor, writeDescriptor } from './descriptor.ts'

const root = HDKey.fromMasterSeed(mnemonicToSeedSync(`${'abandon '.repeat(11)}about`))
const FINGERPRINT = '73c5da0a'

function accountOf(scriptType: PinnedBitcoinAccount['scriptType'], purpose: number) {
  const path = `m/${purpose}'/0'/0'`
  const xpub = root.derive(path).publicExtendedKey
  return { chain: 'bitcoin', id: 'vault', network: 'mainnet', path, xpub, scriptType } as const
}

describe('descriptor checksums', () => {
  it('the examples of BIP380', () => {
    expect(descriptorChecksum('raw(deadbeef)')).toBe('89f8spxm')
    expect(descriptorChecksum('Ü')).toBeUndefined()
  })
})

describe('an account as descriptor', () => {
  const kinds = [
    ['p2pkh', 44, 'pkh([73c5da0a/44h/0h/0h]xpub'],
    ['p2sh-p2wpkh', 49, 'sh(wpkh([73c5da0a/49h/0h/0h]xpub'],
    ['p2wpkh', 84, 'wpkh([73c5da0a/84h/0h/0h]xpub'],
    ['p2tr', 86, 'tr([73c5da0a/86h/0h/0h]xpub'],
  ] as const
  for (const [scriptType, purpose, start] of kinds) {
    it(`${scriptType} is written and read back`, () => {
      const account = accountOf(scriptType, purpose)
      const text = writeDescriptor(account, FINGERPRINT)
      expect(text.startsWith(start)).toBe(true)
      expect(parseDescriptor(text, 'mainnet', 'vault')).toEqual({
        ok: true,
        value: { account, fingerprint: FINGERPRINT },
      })
    })
  }

  const text = writeDescriptor(accountOf('p2wpkh', 84), FINGERPRINT)
  const body = text.split('#')[0] ?? ''

  it('is read without checksum, with apostrophes and with the receive branch alone', () => {
    for (const variant of [
      body,
      body.replaceAll('h/', "'/").replace('0h]', "0']"),
      body.replace('<0;1>', '0'),
      body.replace('/<0;1>/*', ''),
    ]) {
      expect(parseDescriptor(variant, 'mainnet', 'vault')).toMatchObject({ ok: true })
    }
  })

  it('writes a zpub as xpub', () => {
    const zpub =
      'zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs'
    expect(writeDescriptor({ ...accountOf('p2wpkh', 84), xpub: zpub }, FINGERPRINT)).toBe(text)
  })

  const refused = [
    ['a wrong checksum', `${body}#qqqqqqqq`],
    ['a changed character under its old checksum', text.replace('84h', '49h')],
    ['two checksums', `${text}#aaaaaaaa`],
    ['no origin', body.replace(/\[.*?\]/, '')],
    ['a private key', body.replace(/xpub\w+/, root.derive("m/84'/0'/0'").privateExtendedKey)],
    ['a script', 'wsh(multi(1,02aa))'],
    ['the change branch alone', body.replace('<0;1>', '1')],
    ['a fixed index', body.replace('*', '7')],
    ['the wrapper of another purpose', body.replace('wpkh(', 'tr(')],
    ['an origin of another account', body.replace('/0h]', '/1h]')],
    ['nothing', ''],
  ] as const
  for (const [name, bad] of refused) {
    it(`refuses ${name}`, () => {
      expect(parseDescriptor(bad, 'mainnet', 'vault')).toMatchObject({
        ok: false,
        refusal: { code: 'INPUT_INVALID' },
      })
    })
  }

  it('refuses a mainnet key on regtest', () => {
    expect(parseDescriptor(text, 'regtest', 'vault')).toMatchObject({ ok: false })
  })
})
