import { HDKey } from '@scure/bip32'
import { mnemonicToSeedSync } from '@scure/bip39'
import { hex } from '@scure/base'
import { describe, expect, it } from 'vitest'
import { accountStep, deriveChild, openAccount } from './derive.ts'
import { parseExtendedKey, toPlainXpub, writeExtendedKey } from './extendedKey.ts'
import { deriveBitcoinAddress, deriveEvmAddress } from './ownAddress.ts'

const ABANDON = `${'abandon '.repeat(11)}about`
const seed = mnemonicToSeedSync(ABANDON)
const REGTEST_VERSIONS = { private: 0x04358394, public: 0x043587cf }

function value<T>(
  result:
    | { readonly ok: true; readonly value: T }
    | { readonly ok: false; readonly refusal: object },
): T {
  if (!result.ok) throw new Error(JSON.stringify(result.refusal))
  return result.value
}

function accountXpub(path: string, network: 'mainnet' | 'regtest'): string {
  const root =
    network === 'mainnet'
      ? HDKey.fromMasterSeed(seed)
      : HDKey.fromMasterSeed(seed, REGTEST_VERSIONS)
  return root.derive(path).publicExtendedKey
}

describe('BIP32 test vectors, public derivation', () => {
  // BIP32 test vectors 1 (m/0H → m/0H/1) and 2 (m → m/0) and 4's chain, public halves.
  const rows = [
    {
      name: 'vector 1, m/0H to m/0H/1',
      parent:
        'xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg55crXYuXoQRKfDBFA1WEjWgP6LHhwBZeNK1VTsfTFUHCdrfp1bgwQ9xv5ski8PX9rL2dZXvgGDnw',
      index: 1,
      child:
        'xpub6ASuArnXKPbfEwhqN6e3mwBcDTgzisQN1wXN9BJcM47sSikHjJf3UFHKkNAWbWMiGj7Wf5uMash7SyYq527Hqck2AxYysAA7xmALppuCkwQ',
    },
    {
      name: 'vector 2, m to m/0',
      parent:
        'xpub661MyMwAqRbcFW31YEwpkMuc5THy2PSt5bDMsktWQcFF8syAmRUapSCGu8ED9W6oDMSgv6Zz8idoc4a6mr8BDzTJY47LJhkJ8UB7WEGuduB',
      index: 0,
      child:
        'xpub69H7F5d8KSRgmmdJg2KhpAK8SR3DjMwAdkxj3ZuxV27CprR9LgpeyGmXUbC6wb7ERfvrnKZjXoUmmDznezpbZb7ap6r1D3tgFxHmwMkQTPH',
    },
  ]
  for (const row of rows) {
    it(row.name, () => {
      const child = deriveChild(value(parseExtendedKey(row.parent)), row.index)
      expect(child && writeExtendedKey(child)).toBe(row.child)
    })
  }

  // BIP32 test vector 5: each of these must be refused.
  const invalid = [
    'xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6LBpB85b3D2yc8sfvZU521AAwdZafEz7mnzBBsz4wKY5fTtTQBm',
    'xprv9s21ZrQH143K24Mfq5zL5MhWK9hUhhGbd45hLXo2Pq2oqzMMo63oStZzFGTQQD3dC4H2D5GBj7vWvSQaaBv5cxi9gafk7NF3pnBju6dwKvH',
    'xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6Txnt3siSujt9RCVYsx4qHZGc62TG4McvMGcAUjeuwZdduYEvFn',
    'xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6N8ZMMXctdiCjxTNq964yKkwrkBJJwpzZS4HS2fxvyYUA4q2Xe4',
    'xpub661no6RGEX3uJkY4bNnPcw4URcQTrSibUZ4NqJEw5eBkv7ovTwgiT91XX27VbEXGENhYRCf7hyEbWrR3FewATdCEebj6znwMfQkhRYHRLpJ',
    'xpub661MyMwAuDcm6CRQ5N4qiHKrJ39Xe1R1NyfouMKTTWcguwVcfrZJaNvhpebzGerh7gucBvzEQWRugZDuDXjNDRmXzSZe4c7mnTK97pTvGS8',
    'DMwo58pR1QLEFihHiXPVykYB6fJmsTeHvyTp7hRThAtCX8CvYzgPcn8XnmdfHGMQzT7ayAmfo4z3gY5KfbrZWZ6St24UVf2Qgo6oujFktLHdHY4',
    'xpub661MyMwAqRbcEYS8w7XLSVeEsBXy79zSzH1J8vCdxAZningWLdN3zgtU6Q5JXayek4PRsn35jii4veMimro1xefsM58PgBMrvdYre8QyULY',
    '',
    'x'.repeat(5000),
  ]
  for (const text of invalid) {
    it(`refuses ${text.slice(0, 24)}…`, () => {
      expect(parseExtendedKey(text)).toMatchObject({
        ok: false,
        refusal: { code: 'INPUT_INVALID' },
      })
    })
  }
})

describe('derivation against another implementation', () => {
  it('agrees with @scure/bip32 over 40 addresses of both branches', () => {
    const path = "m/84'/1'/0'"
    const xpub = accountXpub(path, 'regtest')
    const keys = value(openAccount({ network: 'regtest', path, xpub, scriptType: 'p2wpkh' }))
    const peer = HDKey.fromExtendedKey(xpub, REGTEST_VERSIONS)
    for (const branch of [0, 1] as const) {
      for (let index = 0; index < 20; index++) {
        const expected = peer.deriveChild(branch).deriveChild(index).publicKey
        expect(hex.encode(keys.publicKey({ branch, index }))).toBe(expected && hex.encode(expected))
      }
    }
  })
})

describe('SLIP-132', () => {
  // Account key and first address from the BIP84 document.
  const zpub =
    'zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs'

  it('turns the zpub of BIP84 into the xpub that BIP32 gives', () => {
    expect(value(toPlainXpub(zpub))).toBe(accountXpub("m/84'/0'/0'", 'mainnet'))
  })

  it('writes it back unchanged', () => {
    expect(writeExtendedKey(value(parseExtendedKey(zpub)))).toBe(zpub)
  })

  it('reads the ypub, upub and vpub forms of one key as that key', () => {
    const key = value(parseExtendedKey(zpub))
    const regtest = { ...key, network: 'regtest' as const }
    for (const [source, purpose, prefix] of [
      [key, 'p2sh-p2wpkh', 'ypub'],
      [regtest, 'p2sh-p2wpkh', 'upub'],
      [regtest, 'p2wpkh', 'vpub'],
      [regtest, 'any', 'tpub'],
    ] as const) {
      const text = writeExtendedKey(source, purpose)
      expect(text.slice(0, 4)).toBe(prefix)
      const back = value(parseExtendedKey(text))
      expect(hex.encode(back.publicKey)).toBe(hex.encode(key.publicKey))
      expect(back.network).toBe(source.network)
    }
  })
})

describe('addresses of the public test mnemonic', () => {
  const rows = [
    {
      name: 'BIP84 first receive',
      type: 'p2wpkh',
      path: "m/84'/0'/0'",
      branch: 0,
      index: 0,
      address: 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu',
    },
    {
      name: 'BIP84 second receive',
      type: 'p2wpkh',
      path: "m/84'/0'/0'",
      branch: 0,
      index: 1,
      address: 'bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g',
    },
    {
      name: 'BIP84 first change',
      type: 'p2wpkh',
      path: "m/84'/0'/0'",
      branch: 1,
      index: 0,
      address: 'bc1q8c6fshw2dlwun7ekn9qwf37cu2rn755upcp6el',
    },
    {
      name: 'BIP86 first receive',
      type: 'p2tr',
      path: "m/86'/0'/0'",
      branch: 0,
      index: 0,
      address: 'bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr',
    },
    {
      name: 'BIP86 second receive',
      type: 'p2tr',
      path: "m/86'/0'/0'",
      branch: 0,
      index: 1,
      address: 'bc1p4qhjn9zdvkux4e44uhx8tc55attvtyu358kutcqkudyccelu0was9fqzwh',
    },
    {
      name: 'BIP86 first change',
      type: 'p2tr',
      path: "m/86'/0'/0'",
      branch: 1,
      index: 0,
      address: 'bc1p3qkhfews2uk44qtvauqyr2ttdsw7svhkl9nkm9s9c3x4ax5h60wqwruhk7',
    },
    {
      name: 'BIP49 first receive',
      type: 'p2sh-p2wpkh',
      path: "m/49'/0'/0'",
      branch: 0,
      index: 0,
      address: '37VucYSaXLCAsxYyAPfbSi9eh4iEcbShgf',
    },
    {
      name: 'BIP44 first receive',
      type: 'p2pkh',
      path: "m/44'/0'/0'",
      branch: 0,
      index: 0,
      address: '1LqBGSKuX5yYUonjxT5qGfpUsXKYYWeabA',
    },
  ] as const
  for (const row of rows) {
    it(row.name, () => {
      const account = {
        chain: 'bitcoin' as const,
        id: 'vault',
        network: 'mainnet' as const,
        path: row.path,
        xpub: accountXpub(row.path, 'mainnet'),
        scriptType: row.type,
      }
      const own = value(deriveBitcoinAddress(account, { branch: row.branch, index: row.index }))
      expect(own.address).toBe(row.address)
      expect(own.path).toBe(`${row.path}/${row.branch}/${row.index}`)
    })
  }

  it('the EVM address at the first index', () => {
    expect(value(deriveEvmAddress(accountXpub("m/44'/60'/0'", 'mainnet')))).toBe(
      '0x9858EfFD232B4033E47d90003D41EC34EcaEda94',
    )
  })

  it('refuses an EVM key that is not at the account level', () => {
    const deep = HDKey.fromMasterSeed(seed).derive("m/44'/60'/0'/0").publicExtendedKey
    expect(deriveEvmAddress(deep)).toMatchObject({ ok: false, refusal: { code: 'INPUT_INVALID' } })
  })
})

describe('a pinned account that lies about itself is not opened', () => {
  const xpub = accountXpub("m/84'/0'/0'", 'mainnet')
  const rows = [
    { name: 'a mainnet key on regtest', network: 'regtest', path: "m/84'/1'/0'", xpub },
    { name: 'another account number', network: 'mainnet', path: "m/84'/0'/1'", xpub },
    {
      name: 'the purpose of another script type',
      network: 'mainnet',
      path: "m/86'/0'/0'",
      xpub: HDKey.fromMasterSeed(seed).derive("m/86'/0'/0'").publicExtendedKey,
    },
    { name: 'another coin type', network: 'mainnet', path: "m/84'/1'/0'", xpub },
    { name: 'a path below the account', network: 'mainnet', path: "m/84'/0'/0'/0", xpub },
    {
      name: 'a key below the account',
      network: 'mainnet',
      path: "m/84'/0'/0'",
      xpub: HDKey.fromMasterSeed(seed).derive("m/84'/0'/0'/0").publicExtendedKey,
    },
  ] as const
  for (const row of rows) {
    it(row.name, () => {
      expect(openAccount({ scriptType: 'p2wpkh', ...row })).toMatchObject({
        ok: false,
        refusal: { code: 'INPUT_INVALID' },
      })
    })
  }
})

describe('steps of a path', () => {
  it('reads branch and index below the account', () => {
    expect(accountStep("m/84'/1'/0'", "m/84'/1'/0'/1/7")).toEqual({ branch: 1, index: 7 })
  })
  const foreign = [
    "m/84'/1'/1'/1/7",
    "m/84'/1'/0'/2/7",
    "m/84'/1'/0'/1/07",
    "m/84'/1'/0'/1/7'",
    "m/84'/1'/0'/1",
    "m/84'/1'/0'/1/7/3",
    "m/84'/1'/0'/0/2147483648",
    "m/84'/1'/0'",
  ]
  for (const path of foreign) {
    it(`does not own ${path}`, () => {
      expect(accountStep("m/84'/1'/0'", path)).toBeUndefined()
    })
  }
})
