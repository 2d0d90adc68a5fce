/** The OneKey adapter end to end: host call → SDK in its process → TCP cable → software device, with the
 *  public "abandon … about" vector. EVM signatures are checked with ethers, which neither side uses. */
import { Transaction, getAddress } from 'ethers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { EvmTransactionPlan } from '../../../../shared/transfer/plan.ts'
import type { DevicePort, DeviceState, WalletRef } from '../../../host/ports.ts'
import { nextScreen, pressThrough } from '../../../simulators/onekey/rehearse.ts'
import { type SoftwareOneKey, serveSoftwareOneKey } from '../../../simulators/onekey/serve.ts'
import { createOneKeyDevice } from './device.ts'

const MNEMONIC =
  'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about'
const EVM_ADDRESS = '0x9858EfFD232B4033E47d90003D41EC34EcaEda94'
const EVM_PATH = "m/44'/60'/0'/0/0"
const RECIPIENT = '0x000000000000000000000000000000000000dEaD'
const USDC = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'
const TIMEOUT = 15_000

const plan: EvmTransactionPlan = {
  kind: 'evm',
  chainId: 31337,
  type: 2,
  from: EVM_ADDRESS,
  path: EVM_PATH,
  nonce: 7,
  to: RECIPIENT,
  value: 10n ** 17n,
  data: '',
  gasLimit: 21_000n,
  maxFeePerGas: 30n * 10n ** 9n,
  maxPriorityFeePerGas: 10n ** 9n,
  token: null,
}

const transfer = (units: bigint): string =>
  `a9059cbb${RECIPIENT.slice(2).toLowerCase().padStart(64, '0')}${units.toString(16).padStart(64, '0')}`

interface Signature {
  readonly v: string
  readonly r: string
  readonly s: string
}

/** Who signed, if this is what was signed. */
function signerOf(signed: EvmTransactionPlan, { v, r, s }: Signature): string | null {
  return Transaction.from({
    type: 2,
    chainId: signed.chainId,
    nonce: signed.nonce,
    to: signed.to,
    value: signed.value,
    data: `0x${signed.data}`,
    gasLimit: signed.gasLimit,
    maxFeePerGas: signed.maxFeePerGas,
    maxPriorityFeePerGas: signed.maxPriorityFeePerGas,
    signature: { r, s, yParity: v === '0x1' ? 1 : 0 },
  }).from
}

const never = (): AbortSignal => new AbortController().signal

async function reached(
  device: DevicePort,
  wanted: (state: DeviceState) => boolean,
  timeoutMs = 20_000,
): Promise<DeviceState> {
  const deadline = Date.now() + timeoutMs
  while (!wanted(device.state())) {
    if (Date.now() > deadline) throw new Error(`stuck in ${JSON.stringify(device.state())}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return device.state()
}

const kind = (wanted: DeviceState['kind']) => (state: DeviceState) => state.kind === wanted

let software: SoftwareOneKey
let device: DevicePort
let deviceId: string
let wallet: WalletRef
const late: { what: string; deviceId: string }[] = []

beforeAll(async () => {
  software = await serveSoftwareOneKey({
    mnemonic: MNEMONIC,
    label: 'Ledge',
    networks: [{ chainId: 31337, name: 'Anvil', symbol: 'ETH' }],
    tokens: [{ chainId: 31337, contract: USDC, symbol: 'USDC', decimals: 6 }],
  })
  deviceId = software.condition().deviceId
  wallet = { deviceId, fingerprint: '73c5da0a', passphrase: false }
  device = createOneKeyDevice({
    link: { kind: 'tcp', port: software.linkPort },
  })
  device.onLateSignature((one) => late.push(one))
  await reached(device, kind('ready'))
}, TIMEOUT)

afterEach(() => {
  software.fail(null)
  software.pressAutomatically(null)
})

afterAll(async () => {
  await device?.close()
  await software?.close()
})

describe('keys and addresses', () => {
  it(
    'reads the account keys of the public vector, as xpub whatever the path',
    async () => {
      const read = await device.readKeys(
        { paths: ["m/44'/60'/0'", "m/84'/0'/0'"], network: 'mainnet', passphrase: false },
        never(),
      )
      expect(read).toMatchObject({
        ok: true,
        value: {
          fingerprint: '73c5da0a',
          device: { deviceId, label: 'Ledge', model: 'OneKey Pro' },
        },
      })
      // BIP84 gives the account as zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs.
      expect(read.ok && read.value.xpubs[1]).toBe(
        'xpub6CatWdiZiodmUeTDp8LT5or8nmbKNcuyvz7WyksVFkKB4RHwCD3XyuvPEbvqAQY3rAPshWcMLoP2fMFMKHPJ4ZeZXYVUhLv1VMrjPC7PW6V',
      )
      expect(read.ok && read.value.xpubs[0]).toMatch(/^xpub6D/)
    },
    TIMEOUT,
  )

  it(
    'reads the regtest account as tpub and the EVM account as xpub',
    async () => {
      const read = await device.readKeys(
        { paths: ["m/84'/1'/0'", "m/44'/60'/0'"], network: 'regtest', passphrase: false },
        never(),
      )
      expect(read.ok && read.value.xpubs.map((key) => key.slice(0, 4))).toEqual(['tpub', 'xpub'])
      expect(read.ok && read.value.fingerprint).toBe('73c5da0a')
    },
    TIMEOUT,
  )

  it(
    'shows the first BIP84 address in full and returns it once its button was pressed',
    async () => {
      const shown = device.showBitcoinAddress(
        { path: "m/84'/0'/0'/0/0", network: 'mainnet', wallet },
        never(),
      )
      const screen = await nextScreen(software, TIMEOUT)
      await reached(device, kind('waiting'))
      software.press('confirm')
      const address = 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu'
      expect(await shown).toEqual({ ok: true, value: { address } })
      expect(screen.title).toBe('Bitcoin Address')
      expect(screen.lines).toEqual([
        { label: 'Address', value: address },
        { label: 'Path', value: "m/84'/0'/0'/0/0" },
      ])
    },
    TIMEOUT,
  )

  it(
    'shows a regtest address as bcrt1',
    async () => {
      const path = "m/84'/1'/0'/0/3"
      const shown = device.showBitcoinAddress({ path, network: 'regtest', wallet }, never())
      await pressThrough(software, 'confirm', 1)
      const address = software.bitcoinAddress(path, 'Regtest')
      expect(address).toMatch(/^bcrt1q/)
      expect(await shown).toEqual({ ok: true, value: { address } })
    },
    TIMEOUT,
  )

  it(
    'shows the EVM address of the public vector',
    async () => {
      const shown = device.showEvmAddress({ path: EVM_PATH, chainId: 31337, wallet }, never())
      const [screen] = await pressThrough(software, 'confirm', 1)
      expect(await shown).toEqual({ ok: true, value: { address: EVM_ADDRESS } })
      expect(screen?.lines[0]).toEqual({ label: 'Address', value: EVM_ADDRESS })
    },
    TIMEOUT,
  )

  it(
    'passes a lie about an address on for others to notice',
    async () => {
      const ask = { path: EVM_PATH, chainId: 31337, wallet }
      software.fail({ kind: 'lie', about: 'address-returned' })
      const returned = device.showEvmAddress(ask, never())
      const [honest] = await pressThrough(software, 'confirm', 1)
      const answer = await returned
      expect(honest?.lines[0]?.value).toBe(EVM_ADDRESS)
      expect(answer.ok && getAddress(answer.value.address)).not.toBe(EVM_ADDRESS)
      software.fail({ kind: 'lie', about: 'address-shown' })
      const shown = device.showEvmAddress(ask, never())
      const [lying] = await pressThrough(software, 'confirm', 1)
      expect(lying?.lines[0]?.value).not.toBe(EVM_ADDRESS)
      expect(await shown).toEqual({ ok: true, value: { address: EVM_ADDRESS } })
    },
    TIMEOUT,
  )
})

describe('signing EVM transactions', () => {
  it(
    'signs a coin payment after two screens that say all of it',
    async () => {
      const signing = device.signEvm({ plan, wallet }, never())
      const screens = await pressThrough(software, 'confirm', 2)
      const signed = await signing
      expect(signed.ok && signerOf(plan, signed.value)).toBe(EVM_ADDRESS)
      expect(screens.map((s) => s.title)).toEqual(['Anvil Transaction', 'Confirm Transaction'])
      expect(screens[0]?.lines).toEqual([
        { label: 'Amount', value: '0.1 ETH' },
        { label: 'To', value: RECIPIENT },
        { label: 'Chain ID', value: '31337' },
      ])
      expect(screens[1]?.lines).toContainEqual({ label: 'Maximum Fee', value: '0.00063 ETH' })
    },
    TIMEOUT,
  )

  it(
    'signs an ERC-20 transfer and shows it in token units',
    async () => {
      const token = { ...plan, to: USDC, value: 0n, data: transfer(2_500_000n), token: USDC }
      const signing = device.signEvm({ plan: token, wallet }, never())
      const [overview] = await pressThrough(software, 'confirm', 2)
      const signed = await signing
      expect(signed.ok && signerOf(token, signed.value)).toBe(EVM_ADDRESS)
      expect(overview?.lines.slice(0, 3)).toEqual([
        { label: 'Amount', value: '2.5 USDC' },
        { label: 'To', value: RECIPIENT },
        { label: 'Contract Address', value: USDC },
      ])
    },
    TIMEOUT,
  )

  it.each([1_024, 1_025, 5_000])(
    'signs %i bytes of calldata, sent in chunks',
    async (length) => {
      const data = Buffer.from(Uint8Array.from({ length }, (_, i) => i)).toString('hex')
      const long = { ...plan, data, value: 0n }
      software.pressAutomatically('confirm')
      const signed = await device.signEvm({ plan: long, wallet }, never())
      expect(signed.ok && signerOf(long, signed.value)).toBe(EVM_ADDRESS)
    },
    TIMEOUT,
  )

  it.each(['', '0x', 'dead'])('refuses to create a contract: recipient %j', async (to) => {
    expect(await device.signEvm({ plan: { ...plan, to }, wallet }, never())).toMatchObject({
      ok: false,
      refusal: { code: 'DEVICE_FAILED', data: { deviceCode: 'plan-invalid', deviceMessage: 'to' } },
    })
  })

  it.each([
    ['evm-chain-id', { ...plan, chainId: 1 }],
    ['evm-nonce', { ...plan, nonce: plan.nonce + 1 }],
    ['evm-amount', { ...plan, value: plan.value + 1n }],
  ] as const)(
    'returns the valid signature of a device that lies: %s',
    async (about, lied) => {
      software.fail({ kind: 'lie', about })
      software.pressAutomatically('confirm')
      const signed = await device.signEvm({ plan, wallet }, never())
      expect(signed.ok && signerOf(lied, signed.value)).toBe(EVM_ADDRESS)
      expect(signed.ok && signerOf(plan, signed.value)).not.toBe(EVM_ADDRESS)
    },
    TIMEOUT,
  )

  it(
    'returns the valid signature of a device that pays somebody else, in coin and in tokens',
    async () => {
      software.pressAutomatically('confirm')
      const token = { ...plan, to: USDC, value: 0n, data: transfer(1n), token: USDC }
      for (const asked of [plan, token]) {
        software.fail({ kind: 'lie', about: 'evm-recipient' })
        const signed = await device.signEvm({ plan: asked, wallet }, never())
        expect(signed.ok && signerOf(asked, signed.value)).not.toBe(EVM_ADDRESS)
      }
    },
    TIMEOUT,
  )
})

describe('a person or a cable that says no', () => {
  it.each([1, 2])(
    'reports a rejection on screen %i and works afterwards',
    async (screen) => {
      const signing = device.signEvm({ plan, wallet }, never())
      await pressThrough(software, 'confirm', screen - 1)
      await pressThrough(software, 'reject', 1)
      expect(await signing).toEqual({
        ok: false,
        refusal: { code: 'DEVICE_REJECTED', data: { what: 'sign-evm' } },
      })
      software.pressAutomatically('confirm')
      expect(await device.signEvm({ plan, wallet }, never())).toMatchObject({ ok: true })
    },
    TIMEOUT,
  )

  it.each(['message', 'first-screen', 'confirmed', 'signing'] as const)(
    'reports an unplugged device at the moment %s, and the device when it is back',
    async (at) => {
      software.pressAutomatically(at === 'first-screen' ? null : 'confirm')
      const signing = device.signEvm({ plan, wallet }, never())
      software.fail({ kind: 'unplug', at })
      expect(await signing).toMatchObject({ ok: false, refusal: { code: 'DEVICE_UNPLUGGED' } })
      await reached(device, kind('absent'))
      expect(await device.signEvm({ plan, wallet }, never())).toMatchObject({
        ok: false,
        refusal: { code: 'DEVICE_NOT_FOUND', data: { reason: 'not-connected' } },
      })
      await software.plug()
      await reached(device, kind('ready'))
      software.pressAutomatically('confirm')
      expect(await device.signEvm({ plan, wallet }, never())).toMatchObject({ ok: true })
    },
    TIMEOUT,
  )

  it(
    'refuses a second call while one waits, and lets the first go on',
    async () => {
      const first = device.showEvmAddress({ path: EVM_PATH, chainId: 1, wallet }, never())
      await nextScreen(software, TIMEOUT)
      expect(await device.signEvm({ plan, wallet }, never())).toEqual({
        ok: false,
        refusal: { code: 'DEVICE_BUSY', data: { by: 'show-evm-address' } },
      })
      software.press('confirm')
      expect(await first).toMatchObject({ ok: true })
    },
    TIMEOUT,
  )

  it(
    'refuses a device that is not the pinned one',
    async () => {
      expect(
        await device.signEvm({ plan, wallet: { ...wallet, deviceId: 'OTHER' } }, never()),
      ).toEqual({
        ok: false,
        refusal: { code: 'DEVICE_WRONG', data: { expected: 'OTHER', found: deviceId } },
      })
    },
    TIMEOUT,
  )
})

describe('cancelling', () => {
  it(
    'clears the waiting screen and returns within a second',
    async () => {
      const controller = new AbortController()
      const signing = device.signEvm({ plan, wallet }, controller.signal)
      await nextScreen(software, TIMEOUT)
      const from = Date.now()
      controller.abort()
      expect(await signing).toEqual({
        ok: false,
        refusal: { code: 'DEVICE_CANCELLED', data: { what: 'sign-evm' } },
      })
      expect(Date.now() - from).toBeLessThan(1_000)
      expect(software.screen().kind).toBe('idle')
      software.pressAutomatically('confirm')
      expect(await device.signEvm({ plan, wallet }, never())).toMatchObject({ ok: true })
    },
    TIMEOUT,
  )

  it.each(['message', 'first-screen', 'signing'] as const)(
    'returns within a second from a device that stalled at the moment %s, and works afterwards',
    async (at) => {
      software.pressAutomatically('confirm')
      software.fail({ kind: 'stall', at })
      const controller = new AbortController()
      const signing = device.signEvm({ plan, wallet }, controller.signal)
      await new Promise((resolve) => setTimeout(resolve, 400))
      const from = Date.now()
      controller.abort()
      expect(await signing).toMatchObject({ ok: false, refusal: { code: 'DEVICE_CANCELLED' } })
      expect(Date.now() - from).toBeLessThan(1_000)
      expect(await device.signEvm({ plan, wallet }, never())).toMatchObject({ ok: true })
    },
    TIMEOUT,
  )

  it.each([300, 1_500])(
    'drops a signature that comes %i ms after a cancel that the device did not hear, and reports it',
    async (delayMs) => {
      late.length = 0
      software.fail({ kind: 'sign-late', delayMs })
      const controller = new AbortController()
      const signing = device.signEvm({ plan, wallet }, controller.signal)
      await reached(device, kind('waiting'))
      controller.abort()
      expect(await signing).toMatchObject({ ok: false, refusal: { code: 'DEVICE_CANCELLED' } })
      const deadline = Date.now() + 4_000
      while (late.length === 0 && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      expect(late).toEqual([{ what: 'sign-evm', deviceId }])
      await reached(device, kind('ready'))
      software.pressAutomatically('confirm')
      expect(await device.signEvm({ plan, wallet }, never())).toMatchObject({ ok: true })
    },
    TIMEOUT,
  )

  it('sends nothing for a call that was cancelled before it began', async () => {
    const controller = new AbortController()
    controller.abort()
    expect(await device.signEvm({ plan, wallet }, controller.signal)).toMatchObject({
      ok: false,
      refusal: { code: 'DEVICE_CANCELLED' },
    })
  })
})

describe('conditions of the device', () => {
  it(
    'says that it is locked, asks for the PIN on the device, and refuses when that is declined',
    async () => {
      software.change({ locked: true })
      const declined = device.showEvmAddress({ path: EVM_PATH, chainId: 1, wallet }, never())
      const [screen] = await pressThrough(software, 'reject', 1)
      expect(screen?.title).toBe('Enter PIN')
      expect(await declined).toEqual({
        ok: false,
        refusal: { code: 'DEVICE_LOCKED', data: { reason: 'pin-cancelled' } },
      })
      expect(device.state().kind).toBe('locked')
      const shown = device.showEvmAddress({ path: EVM_PATH, chainId: 1, wallet }, never())
      await nextScreen(software, TIMEOUT)
      await reached(device, (s) => s.kind === 'waiting' && s.what === 'pin')
      await pressThrough(software, 'confirm', 2)
      expect(await shown).toEqual({ ok: true, value: { address: EVM_ADDRESS } })
      await reached(device, kind('ready'))
    },
    TIMEOUT,
  )

  it(
    'refuses bootloader, old firmware and an empty device, and notices when that is over',
    async () => {
      const { firmware } = software.condition()
      const ask = () => device.showEvmAddress({ path: EVM_PATH, chainId: 1, wallet }, never())
      software.change({ bootloader: true })
      expect(await ask()).toMatchObject({ refusal: { data: { deviceCode: 'bootloader' } } })
      expect(device.state()).toMatchObject({ kind: 'unusable', reason: 'bootloader' })
      software.change({ bootloader: false, initialized: false })
      expect(await ask()).toMatchObject({ refusal: { data: { deviceCode: 'not-initialised' } } })
      software.change({ initialized: true, firmware: '4.4.0' })
      expect(await ask()).toEqual({
        ok: false,
        refusal: { code: 'DEVICE_FIRMWARE_TOO_OLD', data: { found: '4.4.0', needed: '4.5.0' } },
      })
      expect(device.state()).toMatchObject({ kind: 'unusable', reason: 'firmware-too-old' })
      software.change({ firmware })
      await reached(device, kind('ready'))
    },
    TIMEOUT,
  )
})
