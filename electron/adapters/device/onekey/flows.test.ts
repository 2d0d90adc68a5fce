/** Every flow on every model through both links: keys, addresses and transactions of the four kinds, EVM
 *  transactions of both types, texts and typed data. What the device signs is judged by the product's own
 *  verifier, with native libsecp256k1; so are the lies of a device whose signatures are valid. */
import { HDKey } from '@scure/bip32'
import { mnemonicToSeedSync } from '@scure/bip39'
import { Transaction, address as addresses, networks } from 'bitcoinjs-lib'
import { Transaction as EvmTransaction, hashMessage, recoverAddress } from 'ethers'
import { afterEach, describe, expect, it } from 'vitest'
import { hashTypedData, typedDataSchema } from '../../../../shared/transfer/evm/typedData.ts'
import type {
  BitcoinTransactionPlan,
  EvmTransactionPlan,
} from '../../../../shared/transfer/plan.ts'
import { verifyBitcoin } from '../../../../shared/transfer/verify/bitcoin.ts'
import { verifyBitcoinMessage } from '../../../../shared/transfer/verify/bitcoinMessage.ts'
import type { LegacyEvmTransactionPlan } from '../../../../shared/transfer/verify/evm.ts'
import { verifyEvmMessage } from '../../../../shared/transfer/verify/evmMessage.ts'
import type { PinnedBitcoinAccount } from '../../../../shared/vault/account.ts'
import { openAccount } from '../../../../shared/vault/derive.ts'
import { ownAddress } from '../../../../shared/vault/ownAddress.ts'
import type { DevicePort, WalletRef } from '../../../host/ports.ts'
import type { Lie } from '../../../simulators/onekey/fault.ts'
import type { DeviceModel } from '../../../simulators/onekey/model.ts'
import { type SoftwareOneKey, serveSoftwareOneKey } from '../../../simulators/onekey/serve.ts'
import { createCurve } from '../../chain/bitcoin/curve.ts'
import { createOneKeyDevice } from './device.ts'
import { forkFakeUsb } from './forkFakeUsb.fixture.ts'

const MNEMONIC =
  'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about'
const TIMEOUT = 60_000
const FINGERPRINT = '73c5da0a'
const RECIPIENTS = [
  'bcrt1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqdku202',
  'mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn',
]
const KINDS = [
  [44, 'p2pkh'],
  [49, 'p2sh-p2wpkh'],
  [84, 'p2wpkh'],
  [86, 'p2tr'],
] as const
const EVM_ACCOUNT = "m/44'/60'/0'"
const EVM_PATH = `${EVM_ACCOUNT}/0/0`
const EVM_ADDRESS = '0x9858EfFD232B4033E47d90003D41EC34EcaEda94'
const curve = createCurve()
const signal = new AbortController().signal
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

type Link = 'tcp' | 'usb'
const ALL: readonly (readonly [DeviceModel, Link])[] = [
  ['classic1s', 'tcp'],
  ['touch', 'usb'],
  ['pro', 'tcp'],
  ['classic1s', 'usb'],
  ['touch', 'tcp'],
  ['pro', 'usb'],
]
// Each model and each link once; all six in the deep run.
const CASES = process.env['BULKHEAD_DEEP'] === '1' ? ALL : ALL.slice(0, 3)

const seed = HDKey.fromMasterSeed(mnemonicToSeedSync(MNEMONIC), {
  private: 0x04358394,
  public: 0x043587cf,
})

function accountOf(purpose: number, scriptType: PinnedBitcoinAccount['scriptType']) {
  const path = `m/${purpose}'/1'/0'`
  const account: PinnedBitcoinAccount = {
    chain: 'bitcoin',
    id: path,
    network: 'regtest',
    path,
    xpub: seed.derive(path).publicExtendedKey,
    scriptType,
  }
  const keys = openAccount(account)
  if (!keys.ok) throw new Error('no account')
  const own = (branch: 0 | 1, index: number) => ownAddress(account, keys.value, { branch, index })
  return { account, own }
}

/** Two coins of this account to two recipients, with change. */
function planOf({ own }: ReturnType<typeof accountOf>): BitcoinTransactionPlan {
  const inputs = [0, 1].map((index) => {
    const owner = own(0, index)
    const previous = new Transaction()
    previous.version = 2
    previous.addInput(Buffer.alloc(32, index + 1), index, 0xfffffffd, Buffer.from([0x51]))
    previous.addOutput(Buffer.from([0x51]), 500n)
    previous.addOutput(Buffer.from(owner.script, 'hex'), 60_000n)
    return {
      txid: previous.getId(),
      vout: 1,
      value: 60_000n,
      script: owner.script,
      path: owner.path,
      publicKey: owner.publicKey,
      sequence: 0xfffffffd,
      previousTransaction: previous.toHex(),
    }
  })
  const change = own(1, 3)
  const paid = RECIPIENTS.map((address, i) => ({
    role: 'recipient' as const,
    address,
    script: hex(addresses.toOutputScript(address, networks.regtest)),
    value: 30_000n + BigInt(i),
    path: null,
  }))
  const { address, script, path } = change
  return {
    kind: 'bitcoin',
    network: 'regtest',
    version: 2,
    locktime: 101,
    inputs,
    outputs: [...paid, { role: 'change', address, script, path, value: 58_000n }],
    fee: 120_000n - 60_001n - 58_000n,
    feeRateSatPerVb: 5,
    virtualSize: 420,
  }
}

const evmFields = {
  kind: 'evm' as const,
  chainId: 31337,
  from: EVM_ADDRESS,
  path: EVM_PATH,
  nonce: 7,
  to: '0x000000000000000000000000000000000000dEaD',
  value: 10n ** 17n,
  data: 'c0ffee',
  gasLimit: 60_000n,
  token: null,
}
const evmPlans: readonly (EvmTransactionPlan | LegacyEvmTransactionPlan)[] = [
  { ...evmFields, type: 2, maxFeePerGas: 30n * 10n ** 9n, maxPriorityFeePerGas: 10n ** 9n },
  { ...evmFields, type: 0, gasPrice: 20n * 10n ** 9n },
]

function evmSigner(
  plan: EvmTransactionPlan | LegacyEvmTransactionPlan,
  { v, r, s }: { readonly v: string; readonly r: string; readonly s: string },
): string | null {
  const { chainId, nonce, to, value, gasLimit, type } = plan
  const fees =
    plan.type === 0
      ? { gasPrice: plan.gasPrice }
      : { maxFeePerGas: plan.maxFeePerGas, maxPriorityFeePerGas: plan.maxPriorityFeePerGas }
  const unsigned = { chainId, nonce, to, value, gasLimit, type, data: `0x${plan.data}`, ...fees }
  return EvmTransaction.from({ ...unsigned, signature: { r, s, v: Number(v) } }).from
}

/** The mail of EIP-712, with a list, numbers of both signs and bytes. */
const typed = typedDataSchema.parse({
  types: {
    EIP712Domain: [
      { name: 'name', type: 'string' },
      { name: 'version', type: 'string' },
      { name: 'chainId', type: 'uint256' },
      { name: 'verifyingContract', type: 'address' },
    ],
    Person: [
      { name: 'name', type: 'string' },
      { name: 'wallet', type: 'address' },
    ],
    Mail: [
      { name: 'from', type: 'Person' },
      { name: 'to', type: 'Person[]' },
      { name: 'contents', type: 'string' },
      { name: 'change', type: 'int64' },
      { name: 'tag', type: 'bytes4' },
      { name: 'urgent', type: 'bool' },
    ],
  },
  primaryType: 'Mail',
  domain: {
    name: 'Ether Mail',
    version: '1',
    chainId: 31337,
    verifyingContract: '0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC',
  },
  message: {
    from: { name: 'Cow', wallet: '0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826' },
    to: [
      { name: 'Bob', wallet: '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB' },
      { name: '牛', wallet: '0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826' },
    ],
    contents: 'Hello, Bob!',
    change: '-12345',
    tag: '0xdeadbeef',
    urgent: true,
  },
})

function hashesOf() {
  const hashes = hashTypedData(typed)
  if (!hashes.ok) throw new Error(hashes.refusal.data.problem)
  const { domainHash, messageHash, digest } = hashes.value
  return { domainHash: `0x${hex(domainHash)}`, messageHash: `0x${hex(messageHash)}`, digest }
}

function value<T>(result: { ok: true; value: T } | { ok: false; refusal: unknown }): T {
  if (!result.ok) throw new Error(JSON.stringify(result.refusal))
  return result.value
}

let software: SoftwareOneKey | null = null
let device: DevicePort | null = null

afterEach(async () => {
  await device?.close()
  await software?.close()
})

async function start(model: DeviceModel, link: Link) {
  const one = await serveSoftwareOneKey({ mnemonic: MNEMONIC, model })
  software = one
  const port = createOneKeyDevice(
    link === 'tcp'
      ? { link: { kind: 'tcp', port: one.linkPort } }
      : { link: { kind: 'usb' }, startChild: () => forkFakeUsb(`${one.linkPort}`, '') },
  )
  device = port
  one.pressAutomatically('confirm')
  const { deviceId } = one.condition()
  const wallet: WalletRef = { deviceId, fingerprint: FINGERPRINT, passphrase: false }
  return { one, port, wallet }
}

describe.each(CASES)('%s over %s', (model, link) => {
  it(
    'does all that is asked of it, and every lie is noticed',
    async () => {
      const { one, port, wallet } = await start(model, link)
      const paths = [...KINDS.map(([purpose]) => `m/${purpose}'/1'/0'`), EVM_ACCOUNT]
      const read = value(
        await port.readKeys({ paths, network: 'regtest', passphrase: false }, signal),
      )
      expect(read.fingerprint).toBe(FINGERPRINT)
      expect(read.xpubs.slice(0, 4)).toEqual(
        KINDS.map(([purpose, kind]) => accountOf(purpose, kind).account.xpub),
      )

      for (const [purpose, scriptType] of KINDS) {
        const kind = accountOf(purpose, scriptType)
        const first = kind.own(0, 0)
        const ask = { path: first.path, network: 'regtest', wallet } as const
        expect(await port.showBitcoinAddress(ask, signal)).toEqual({
          ok: true,
          value: { address: first.address },
        })
        const plan = planOf(kind)
        const judge = async () => {
          const { rawHex } = value(await port.signBitcoin({ plan, wallet }, signal))
          const checked = verifyBitcoin({ plan, digest: '', rawHex, account: kind.account, curve })
          return checked.ok ? 'match' : checked.refusal.code
        }
        expect(await judge(), scriptType).toBe('match')
        const lies: readonly Lie[] = ['recipient', 'amount', 'change', 'hash-type', 'other-key']
        for (const about of lies) {
          one.fail({ kind: 'lie', about })
          expect(await judge(), `${scriptType} ${about}`).toBe('SIGNED_MISMATCH')
        }

        const formats = scriptType === 'p2wpkh' ? (['legacy', 'bip322'] as const) : []
        const own = { p2pkh: ['legacy'], 'p2sh-p2wpkh': ['legacy'], p2tr: ['bip322'] } as const
        for (const format of scriptType === 'p2wpkh' ? formats : own[scriptType]) {
          const message = 'I hold this. 这是我的。'
          const judgeText = async () => {
            const signed = value(await port.signBitcoinMessage({ ...ask, message, format }, signal))
            expect(signed.address).toBe(first.address)
            const { signature } = signed
            const { address } = first
            const request = { address, network: 'regtest', message, signature, curve } as const
            const checked = verifyBitcoinMessage(request)
            return checked.ok ? checked.value.form : checked.refusal.code
          }
          const form = format === 'legacy' ? 'recoverable' : 'bip322-simple'
          expect(await judgeText(), `${scriptType} ${format}`).toBe(form)
          for (const about of ['message', 'message-key'] as const) {
            one.fail({ kind: 'lie', about })
            expect(await judgeText(), `${scriptType} ${format} ${about}`).toBe('SIGNED_MISMATCH')
          }
        }
      }

      const evm = { path: EVM_PATH, chainId: 31337, wallet }
      expect(value(await port.showEvmAddress(evm, signal)).address).toBe(EVM_ADDRESS)
      for (const plan of evmPlans) {
        const sign = async () =>
          evmSigner(plan, value(await port.signEvm({ plan, wallet }, signal)))
        expect(await sign(), `type ${plan.type}`).toBe(EVM_ADDRESS)
        for (const about of ['evm-recipient', 'evm-amount', 'evm-nonce'] as const) {
          one.fail({ kind: 'lie', about })
          expect(await sign(), `type ${plan.type} ${about}`).not.toBe(EVM_ADDRESS)
        }
      }

      const message = hex(Buffer.from('Sign in. 登录。'))
      const { digest, domainHash, messageHash } = hashesOf()
      const personalDigest = Buffer.from(hashMessage(Buffer.from(message, 'hex')).slice(2), 'hex')
      const personal = async () => value(await port.signEvmMessage({ ...evm, message }, signal))
      const data = async () =>
        value(
          await port.signTypedData({ ...evm, typedData: typed, domainHash, messageHash }, signal),
        )
      for (const [what, sign, signed] of [
        ['personal', personal, personalDigest],
        ['typed', data, digest],
      ] as const) {
        const honest = await sign()
        expect(honest.address).toBe(EVM_ADDRESS)
        expect(recoverAddress(signed, honest.signature), what).toBe(EVM_ADDRESS)
        const judgeText = async () => {
          const { signature } = await sign()
          return verifyEvmMessage({ digest: signed, signer: EVM_ADDRESS, signature, curve }).ok
        }
        expect(await judgeText()).toBe(true)
        for (const about of ['message', 'message-key'] as const) {
          one.fail({ kind: 'lie', about })
          expect(await judgeText(), `${what} ${about}`).toBe(false)
        }
      }
    },
    TIMEOUT,
  )
})

it(
  'shows typed data value by value where the model can read it, and its two hashes where it cannot',
  async () => {
    for (const model of ['classic1s', 'pro'] as const) {
      const { one, port, wallet } = await start(model, 'tcp')
      const seen: string[] = []
      one.onScreen((screen) => {
        if (screen.kind === 'showing') for (const line of screen.lines) seen.push(line.value)
      })
      const { domainHash, messageHash } = hashesOf()
      const ask = { path: EVM_PATH, chainId: 31337, wallet, typedData: typed }
      value(await port.signTypedData({ ...ask, domainHash, messageHash }, signal))
      if (model === 'pro') expect(seen).toEqual(expect.arrayContaining(['Hello, Bob!', '-12345']))
      else expect(seen).toEqual([EVM_ADDRESS, domainHash, messageHash])
      await port.close()
      await one.close()
    }
  },
  TIMEOUT,
)
