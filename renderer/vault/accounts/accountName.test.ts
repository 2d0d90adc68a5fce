import { createIntl } from 'react-intl'
import { expect, test } from 'vitest'
import { catalogues } from '../../language/messages.ts'
import { makeText } from '../../language/text.ts'
import {
  type AccountView,
  type WalletView,
  accountName,
  findAccount,
  fullAccountName,
  nextNumber,
  walletName,
} from './accountName.ts'

const { t } = makeText(createIntl({ locale: 'en', messages: catalogues.en }))

const bitcoin = (path: string, label = ''): AccountView => ({
  chain: 'bitcoin',
  id: `73c5da0a/${path.slice(2)}`,
  label,
  network: 'regtest',
  path,
  xpub: 'tpub',
  scriptType: path.startsWith("m/86'") ? 'p2tr' : 'p2wpkh',
})

const evm = (number: number): AccountView => ({
  chain: 'evm',
  id: `73c5da0a/44'/60'/0'/0/${number}`,
  label: '',
  path: `m/44'/60'/0'/0/${number}`,
  xpub: 'xpub',
  address: '0x',
})

const wallet = (accounts: readonly AccountView[], passphrase = false): WalletView => ({
  fingerprint: '73c5da0a',
  label: '',
  addedAt: 0,
  signer: { kind: 'device', deviceId: 'd', deviceLabel: 'Le\u202edge', model: 'Pro', passphrase },
  accounts,
})

test.each([
  [bitcoin("m/84'/1'/0'"), 'Native SegWit'],
  [bitcoin("m/84'/1'/2'"), 'Native SegWit 3'],
  [bitcoin("m/86'/1'/0'"), 'Taproot'],
  [bitcoin("m/86'/1'/0'", 'Long \u202eterm'), 'Long ▯term'],
  [evm(0), 'EVM'],
  [evm(4), 'EVM 5'],
])('%o is called %s', (account, name) => {
  expect(accountName(account, t)).toBe(name)
})

test('a wallet is called by its device, a hidden one says so, and names of it are shown as they are', () => {
  expect(walletName(wallet([evm(0)]), t)).toBe('Pro “Le▯dge”')
  expect(walletName(wallet([evm(0)], true), t)).toContain('hidden wallet')
})

test('the wallet stands before the account only where there are several', () => {
  const first = wallet([bitcoin("m/84'/1'/0'")])
  const second = { ...wallet([evm(0)]), fingerprint: 'b5d1f042', label: 'Desk' }
  const found = findAccount({ wallets: [first, second] }, evm(0).id)
  if (found === undefined) throw new Error('not found')
  expect(fullAccountName({ wallets: [second] }, found, t)).toBe('EVM')
  expect(fullAccountName({ wallets: [first, second] }, found, t)).toBe('Desk · EVM')
  expect(findAccount({ wallets: [first] }, evm(0).id)).toBeUndefined()
})

test('the next number is the first free one of its kind', () => {
  const held = wallet([bitcoin("m/84'/1'/0'"), bitcoin("m/84'/1'/2'"), evm(0), evm(1)])
  expect(nextNumber(held, 'bitcoin', 'p2wpkh')).toBe(1)
  expect(nextNumber(held, 'bitcoin', 'p2tr')).toBe(0)
  expect(nextNumber(held, 'evm', 'evm')).toBe(2)
})
