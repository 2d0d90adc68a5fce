import { hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { base64 } from '@scure/base'
import { expect, test } from 'vitest'
import type { InputOf } from '../../shared/contract/method.ts'
import type { messagesDescribe } from '../../shared/contract/methods/messages.ts'
import { type Refusal, ok, refuse } from '../../shared/errors/refusal.ts'
import { testSigner } from '../../shared/transfer/verify/evm.fixture.ts'
import type { VaultAccount } from '../../shared/vault/account.ts'
import { deriveBitcoinAddress } from '../../shared/vault/ownAddress.ts'
import { createCurve } from '../adapters/chain/bitcoin/curve.ts'
import { createTestWallet } from '../simulators/bitcoin/testWallet.ts'
import type { JournalEvent } from './journal.ts'
import { createMessages } from './messages.ts'
import type { DevicePort, DeviceResult, SignedMessage } from './ports.ts'
import type { Vault } from './vault/vault.ts'

const wallet = createTestWallet(`${'abandon '.repeat(11)}about`, 'regtest')
const evm = testSigner('messages')
const btcPath = "m/84'/1'/0'"
const bitcoin = {
  chain: 'bitcoin',
  id: 'btc',
  label: '',
  network: 'regtest',
  path: btcPath,
  xpub: wallet.xpub(btcPath),
  scriptType: 'p2wpkh',
} as const
const accounts: readonly VaultAccount[] = [
  bitcoin,
  { chain: 'evm', id: 'evm', label: '', path: "m/44'/60'/0'/0/0", xpub: '', address: evm.address },
]
const first = deriveBitcoinAddress(bitcoin, { branch: 0, index: 0 })
const btcAddress = first.ok ? first.value.address : ''

type Asked = 'signBitcoinMessage' | 'signEvmMessage' | 'signTypedData'

/** @param answer  what the device says to its one call */
function open(options: {
  readonly answer?: (asked: Asked) => DeviceResult<SignedMessage>
  readonly signer?: 'device' | 'air-gapped'
  readonly blocked?: Refusal<'RECONCILIATION_NEEDED'>
}) {
  const recorded: JournalEvent[] = []
  const calls: Asked[] = []
  const call = (asked: Asked) => () => {
    calls.push(asked)
    // The intent is on disk before the device is asked.
    expect(recorded.at(-1)?.kind).toBe('message.asked')
    return Promise.resolve(
      options.answer?.(asked) ?? refuse('DEVICE_REJECTED', { what: 'message' }),
    )
  }
  const device: Pick<DevicePort, Asked> = {
    signBitcoinMessage: call('signBitcoinMessage'),
    signEvmMessage: call('signEvmMessage'),
    signTypedData: call('signTypedData'),
  }
  const vault: Pick<Vault, 'account'> = {
    account(id) {
      const account = accounts.find((known) => known.id === id)
      const signer =
        options.signer === 'air-gapped'
          ? { kind: 'air-gapped' as const, originKnown: true }
          : {
              kind: 'device' as const,
              deviceId: 'd',
              deviceLabel: '',
              model: 'Pro',
              passphrase: false,
            }
      const held = { fingerprint: '73c5da0a', label: '', addedAt: 0, signer, accounts: [] }
      return account === undefined ? undefined : { wallet: held, account }
    },
  }
  const methods = createMessages({
    mode: 'demo',
    clock: { now: () => 1_760_000_000_000, sleep: () => Promise.resolve() },
    curve: createCurve(),
    device: device as DevicePort,
    journal: {
      record(event) {
        recorded.push(event)
        return ok({ seq: 1, at: 1, kind: event.kind, body: '', hash: '' })
      },
      replay: () => undefined,
    },
    vault: vault as Vault,
    blocked: () => options.blocked ?? null,
  })
  const caller = { kind: 'test' } as const
  type Request = InputOf<typeof messagesDescribe>
  const parse = (request: Request) => ({ ...request, encoding: request.encoding ?? 'text' })
  return {
    recorded,
    calls,
    describe: (request: Request) => methods['messages.describe'](parse(request), caller),
    sign: (request: Request, digest: string) =>
      methods['messages.sign']({ ...parse(request), digest }, caller),
    verify: (claim: { address: string; message: string; signature: string }) =>
      methods['messages.verify']({ encoding: 'text', kind: 'message', ...claim }, caller),
  }
}

const personal = {
  accountId: 'evm',
  path: "m/44'/60'/0'/0/0",
  format: 'personal',
  message: 'I am the owner of this vault',
} as const
const legacy = {
  accountId: 'btc',
  path: `${btcPath}/0/0`,
  format: 'legacy',
  message: 'hello',
} as const

async function digestOf(host: ReturnType<typeof open>, request: InputOf<typeof messagesDescribe>) {
  const described = await host.describe(request)
  if (!described.ok) throw new Error(JSON.stringify(described.refusal))
  return described.value.description.digest
}

function evmSignature(digest: string): string {
  const { parity, r, s } = evm.sign(hexToBytes(digest))
  const word = (value: bigint) => value.toString(16).padStart(64, '0')
  return `0x${word(r)}${word(s)}${(27 + parity).toString(16)}`
}

function legacySignature(message: string, keyPath: string): string {
  const magic = utf8ToBytes('\x18Bitcoin Signed Message:\n')
  const bytes = utf8ToBytes(message)
  const digest = sha256(sha256(Uint8Array.from([...magic, bytes.length, ...bytes])))
  const signed = secp256k1.sign(digest, wallet.privateKey(keyPath), { prehash: false })
  return base64.encode(Uint8Array.from([39 + (signed.recovery ?? 0), ...signed.toBytes('compact')]))
}

test('a personal message is described, asked for once, checked, and written down before and after', async () => {
  let digest = ''
  const host = open({
    answer: () => ok({ address: evm.address, signature: evmSignature(digest) }),
  })
  digest = await digestOf(host, personal)
  const signed = await host.sign(personal, digest)
  expect(signed).toEqual(ok({ address: evm.address, digest, signature: evmSignature(digest) }))
  expect(host.calls).toEqual(['signEvmMessage'])
  expect(host.recorded).toEqual([
    {
      kind: 'message.asked',
      accountId: 'evm',
      address: evm.address,
      format: 'personal',
      digest,
    },
    { kind: 'message.signed', address: evm.address, digest },
  ])
  const claim = { address: evm.address, message: personal.message, signature: evmSignature(digest) }
  expect(await host.verify(claim)).toMatchObject({ value: { verdict: 'valid', form: 'personal' } })
  expect(await host.verify({ ...claim, message: 'another' })).toMatchObject({
    value: { verdict: 'invalid', differences: [{ field: 'signer' }] },
  })
})

test('a message of a bitcoin address is signed in the older form and verified for others', async () => {
  const signature = legacySignature('hello', `${btcPath}/0/0`)
  const host = open({ answer: () => ok({ address: btcAddress, signature }) })
  const signed = await host.sign(legacy, await digestOf(host, legacy))
  expect(signed).toMatchObject({ ok: true, value: { signature } })
  const claim = { address: btcAddress, message: 'hello', signature }
  expect(await host.verify(claim)).toMatchObject({
    value: { verdict: 'valid', form: 'recoverable' },
  })
  expect(await host.verify({ ...claim, address: 'nobody' })).toMatchObject({
    refusal: { code: 'ADDRESS_INVALID' },
  })
  expect(
    await host.verify({ ...claim, address: '1LqBGSKuX5yYUonjxT5qGfpUsXKYYWeabA' }),
  ).toMatchObject({
    refusal: { code: 'NETWORK_MISMATCH' },
  })
})

test.each<readonly [string, DeviceResult<SignedMessage>, string]>([
  [
    'signed by another key',
    ok({ address: btcAddress, signature: legacySignature('hello', `${btcPath}/0/1`) }),
    'SIGNED_MISMATCH',
  ],
  [
    'over another text',
    ok({ address: btcAddress, signature: legacySignature('hello!', `${btcPath}/0/0`) }),
    'SIGNED_MISMATCH',
  ],
  [
    'under another address',
    ok({ address: 'bcrt1qx', signature: legacySignature('hello', `${btcPath}/0/0`) }),
    'DEVICE_ADDRESS_MISMATCH',
  ],
  ['that is none', ok({ address: btcAddress, signature: 'AAAA' }), 'SIGNED_MISMATCH'],
  ['refused on the device', refuse('DEVICE_REJECTED', { what: 'message' }), 'DEVICE_REJECTED'],
])('an answer %s is refused and not asked for again', async (_, answer, code) => {
  const host = open({ answer: () => answer })
  expect(await host.sign(legacy, await digestOf(host, legacy))).toMatchObject({ refusal: { code } })
  expect(host.calls).toHaveLength(1)
  expect(host.recorded.at(-1)).toMatchObject({ kind: 'message.refused', code })
})

test('a signature of the other form is no answer', async () => {
  const request = { ...legacy, format: 'bip322' } as const
  const signature = legacySignature('hello', `${btcPath}/0/0`)
  const host = open({ answer: () => ok({ address: btcAddress, signature }) })
  expect(await host.sign(request, await digestOf(host, request))).toMatchObject({
    refusal: { code: 'SIGNED_MISMATCH', data: { differences: [{ field: 'format' }] } },
  })
})

const permit = JSON.stringify({
  types: {
    EIP712Domain: [
      { name: 'name', type: 'string' },
      { name: 'version', type: 'string' },
      { name: 'chainId', type: 'uint256' },
      { name: 'verifyingContract', type: 'address' },
    ],
    Permit: [
      { name: 'owner', type: 'address' },
      { name: 'spender', type: 'address' },
      { name: 'value', type: 'uint256' },
      { name: 'nonce', type: 'uint256' },
      { name: 'deadline', type: 'uint256' },
    ],
  },
  primaryType: 'Permit',
  domain: {
    name: 'USD Coin',
    version: '2',
    chainId: 1,
    verifyingContract: '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48',
  },
  message: {
    owner: evm.address,
    spender: '0x00000000000000000000000000000000DeaDBeef',
    value: '1000',
    nonce: 0,
    deadline: '1893456000',
  },
})

test.each([
  ['a permit', { ...personal, format: 'typed-data', message: permit }, 'ALLOWANCE_REFUSED'],
  [
    'bytes that nobody can read',
    { ...personal, message: `0x${'fe'.repeat(32)}`, encoding: 'hex' },
    'MESSAGE_REFUSED',
  ],
] as const)(
  '%s is shown, with the reason, and never given to the device',
  async (_, request, code) => {
    const host = open({})
    const described = await host.describe(request)
    expect(described).toMatchObject({ ok: true, value: { refusal: { code } } })
    expect(await host.sign(request, await digestOf(host, request))).toMatchObject({
      refusal: { code },
    })
    expect([host.calls, host.recorded]).toEqual([[], []])
  },
)

test('typed data that is no allowance goes to the device with both its hashes', async () => {
  let digest = ''
  const host = open({
    answer: () => ok({ address: evm.address, signature: evmSignature(digest) }),
  })
  const message = permit.replaceAll('Permit', 'Attest').replaceAll('spender', 'subject')
  const request = { ...personal, format: 'typed-data', message, chainId: 1 } as const
  digest = await digestOf(host, request)
  expect(await host.sign(request, digest)).toMatchObject({ ok: true })
  expect(host.calls).toEqual(['signTypedData'])
})

test.each([
  ['another digest than the one shown', personal, 'ab'.repeat(32), {}, 'PLAN_DIGEST_MISMATCH'],
  ['an account that is only watched', personal, null, { signer: 'air-gapped' }, 'VAULT_NOT_PAIRED'],
  [
    'while all is blocked',
    personal,
    null,
    { blocked: { code: 'RECONCILIATION_NEEDED', data: { reason: '' } } },
    'RECONCILIATION_NEEDED',
  ],
  [
    'a path of somebody else',
    { ...legacy, path: "m/84'/1'/1'/0/0" },
    'ab'.repeat(32),
    {},
    'NOT_FOUND',
  ],
  ['an account of nobody', { ...legacy, accountId: 'x' }, 'ab'.repeat(32), {}, 'NOT_FOUND'],
  [
    'a form that its address has not',
    { ...legacy, format: 'personal' },
    'ab'.repeat(32),
    {},
    'INPUT_INVALID',
  ],
  [
    'a form that the chain has not',
    { ...personal, format: 'legacy' },
    'ab'.repeat(32),
    {},
    'INPUT_INVALID',
  ],
  ['a lone surrogate', { ...legacy, message: '\ud800' }, 'ab'.repeat(32), {}, 'INPUT_INVALID'],
] as const)('%s is refused before the device', async (_, request, digest, options, code) => {
  const host = open(options)
  const shown = digest ?? (await digestOf(host, request))
  expect(await host.sign(request, shown)).toMatchObject({ refusal: { code } })
  expect([host.calls, host.recorded]).toEqual([[], []])
})
