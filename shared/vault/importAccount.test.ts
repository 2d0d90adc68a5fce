import { HDKey } from '@scure/bip32'
import { mnemonicToSeedSync } from '@scure/bip39'
import { describe, expect, test } from 'vitest'
import { writeDescriptor } from './descriptor.ts'
import { importAccount } from './importAccount.ts'
import { firstAddress } from './ownAddress.ts'

const seed = mnemonicToSeedSync(`${'abandon '.repeat(11)}about`)
const root = HDKey.fromMasterSeed(seed)
/** The document's own account key. Source: BIP84, test vectors. */
const zpub =
  'zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs'
const mainnet = 'mainnet' as const

function imported(request: Parameters<typeof importAccount>[0]) {
  const result = importAccount(request)
  if (!result.ok) throw new Error(JSON.stringify(result.refusal))
  return result.value
}

describe('an account to watch', () => {
  test('the zpub of BIP84 gives the addresses of BIP84, under a stand-in for its wallet', () => {
    const { account, originKnown, fingerprint } = imported({ text: ` ${zpub}\n`, network: mainnet })
    expect(firstAddress(account)).toMatchObject({
      path: "m/84'/0'/0'/0/0",
      address: 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu',
    })
    expect(originKnown).toBe(false)
    expect(fingerprint).toBe(root.derive("m/84'/0'/0'").fingerprint.toString(16).padStart(8, '0'))
  })

  // Source: BIP86 (first address), BIP49 by its own path on mainnet, BIP44.
  test.each([
    {
      scriptType: 'p2tr' as const,
      path: "m/86'/0'/0'",
      address: 'bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr',
    },
    {
      scriptType: 'p2sh-p2wpkh' as const,
      path: "m/49'/0'/0'",
      address: '37VucYSaXLCAsxYyAPfbSi9eh4iEcbShgf',
    },
    {
      scriptType: 'p2pkh' as const,
      path: "m/44'/0'/0'",
      address: '1LqBGSKuX5yYUonjxT5qGfpUsXKYYWeabA',
    },
  ])('a plain xpub is an account of the kind that is said: $scriptType', (row) => {
    const text = root.derive(row.path).publicExtendedKey
    const { account } = imported({ text, network: mainnet, scriptType: row.scriptType })
    expect(account.path).toBe(row.path)
    expect(firstAddress(account).address).toBe(row.address)
    const descriptor = writeDescriptor(account, '73c5da0a')
    expect(imported({ text: descriptor, network: mainnet })).toMatchObject({
      originKnown: true,
      fingerprint: '73c5da0a',
      account: { path: row.path, xpub: account.xpub, scriptType: row.scriptType },
    })
  })

  test.each([
    { name: 'a plain xpub without a kind', text: root.derive("m/84'/0'/0'").publicExtendedKey },
    { name: 'another kind than the key’s own', text: zpub, scriptType: 'p2tr' as const },
    { name: 'a private key', text: root.derive("m/84'/0'/0'").privateExtendedKey },
    {
      name: 'a key above the account',
      text: root.derive("m/84'/0'").publicExtendedKey,
      scriptType: 'p2wpkh' as const,
    },
    {
      name: 'a key below it',
      text: root.derive("m/84'/0'/0'/0").publicExtendedKey,
      scriptType: 'p2wpkh' as const,
    },
    { name: 'a key of another network', text: zpub, network: 'regtest' as const },
    {
      name: 'a descriptor whose checksum is another’s',
      text: `wpkh([73c5da0a/84h/0h/0h]${zpub}/<0;1>/*)#aaaaaaaa`,
    },
    { name: 'a descriptor of several keys', text: `wsh(multi(1,${zpub},${zpub}))` },
    { name: 'nothing', text: '' },
  ])('is refused: $name', ({ text, scriptType, network = mainnet }) => {
    expect(importAccount({ text, network, scriptType })).toMatchObject({
      ok: false,
      refusal: { code: 'INPUT_INVALID' },
    })
  })
})
