/** The software OneKey itself: seed, condition, and which answer each message gets. Speaks over whatever
 *  cable `attach` is given, one at a time. Holds a seed that its caller made; it never leaves but as
 *  public keys and signatures. */
import { z } from 'zod'
import { createAccess } from './access.ts'
import {
  answerBitcoinAddress,
  answerEvmAddress,
  answerEvmPublicKey,
  answerPublicKey,
  answerPublicKeys,
  bitcoinAddressAt,
  coinNamed,
} from './answers.ts'
import { type SoftwareBody, createDeviceBody } from './deviceBody.ts'
import type { DeviceFault } from './fault.ts'
import { type CoinRules, evmAddressOf, keyAt, pathNumbers } from './keys.ts'
import { type DeviceCondition, type DeviceModel, MODELS, describeFeatures } from './model.ts'
import type { WireMessage } from './schema.ts'
import type { DeviceScreen } from './screen.ts'
import { CableGone, DeviceFailure, Interrupted, type Session, createSession } from './session.ts'
import { signBitcoin } from './signBitcoin.ts'
import { type EvmKnowledge, signEvm } from './signEvm.ts'
import { signBitcoinMessage, signEvmMessage, signTypedData, signTypedHash } from './signMessage.ts'

export interface SoftwareDeviceOptions {
  readonly mnemonic: string
  readonly model: DeviceModel
  readonly label: string
  readonly deviceId: string
  readonly knowledge: EvmKnowledge
}

export interface SoftwareDevice
  extends Pick<SoftwareBody, 'screen' | 'onScreen' | 'press' | 'pressAutomatically' | 'fail'> {
  serial(): string
  condition(): DeviceCondition
  change(condition: Partial<DeviceCondition>): void
  setPlugged(plugged: 'plugged' | 'unplugged'): void
  /** The device's own public facts, for whoever must fund its addresses; of the main wallet unless a
   *  passphrase is given. The path's purpose says which kind of address. */
  bitcoinAddress(path: string, coin: CoinRules['name'], passphrase?: string): string
  evmAddress(path: string, passphrase?: string): string
  /** Serves one cable until it aborts. `send` takes a message by name. */
  attach(
    send: (name: string, body: Record<string, unknown>) => void,
    cable: AbortSignal,
    unplug: () => void,
  ): { receive(message: WireMessage): void }
}

/** Messages that a device answers in any condition. */
const ALWAYS: ReadonlySet<string> = new Set([
  'Initialize',
  'GetFeatures',
  'OnekeyGetFeatures',
  'Ping',
  'Cancel',
  'EndSession',
  'LockDevice',
])
/** Capability of the models that read typed data by themselves. */
const TYPED_DATA = 1000
const pingSchema = z.object({ message: z.string() })
/** As the firmware reports: its own refusals, messages it cannot read, and its own faults. */
function failureOf(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof DeviceFailure) return { code: error.code, message: error.message }
  if (error instanceof z.ZodError) return { code: 'Failure_DataError', message: 'Invalid message' }
  return { code: 'Failure_FirmwareError', message: 'Firmware error' }
}

export function createSoftwareDevice(options: SoftwareDeviceOptions): SoftwareDevice {
  const { label, knowledge } = options
  let plugged = true
  let condition: DeviceCondition = {
    model: options.model,
    locked: false,
    bootloader: false,
    initialized: true,
    firmware: MODELS[options.model].firmware,
    deviceId: options.deviceId,
    passphrases: false,
    typedPassphrase: 'typed on the device',
  }
  const body = createDeviceBody(resting())
  const access = createAccess({
    mnemonic: options.mnemonic,
    condition: () => condition,
    change(next) {
      condition = { ...condition, ...next }
    },
    show: (screen) => body.show(screen),
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
  })

  function serial(): string {
    const tail = condition.deviceId.replace(/[^0-9A-Za-z]/g, '').slice(0, 12)
    return `${MODELS[condition.model].serialPrefix}${tail}`
  }

  function resting(): DeviceScreen {
    if (!plugged) return { kind: 'unplugged', title: { word: 'unplugged' }, lines: [] }
    return {
      kind: 'idle',
      title: { word: condition.bootloader ? 'bootloader' : 'idle' },
      lines: [{ label: 'serial', value: serial() }],
    }
  }

  function takeLateness(): number | null {
    const taken = body.takeFault(
      (f): f is DeviceFault & { kind: 'sign-late' } => f.kind === 'sign-late',
    )
    return taken?.delayMs ?? null
  }

  function features(sessionId: Uint8Array | null): Record<string, unknown> {
    return describeFeatures({ label, serial: serial(), condition }, sessionId)
  }

  async function makeReady(session: Session): Promise<void> {
    if (condition.bootloader) {
      throw new DeviceFailure('Failure_UnexpectedMessage', 'Not in firmware mode')
    }
    if (!condition.initialized) {
      throw new DeviceFailure('Failure_NotInitialized', 'Device is not initialized')
    }
    await access.unlock(session)
  }

  async function answer(session: Session, { name, body: message }: WireMessage): Promise<void> {
    await session.strike('message')
    if (!ALWAYS.has(name)) await makeReady(session)
    const facts = MODELS[condition.model]
    switch (name) {
      case 'Initialize':
        return session.answer('Features', features(access.begin(message)))
      case 'GetFeatures':
        return session.answer('Features', features(null))
      case 'OnekeyGetFeatures':
        return session.answer('OnekeyFeatures', {
          onekey_device_type: facts.type,
          onekey_firmware_version: condition.firmware,
          onekey_serial_no: serial(),
        })
      case 'Ping':
        return session.answer('Success', { message: pingSchema.parse(message).message })
      case 'Cancel':
        throw new DeviceFailure('Failure_ActionCancelled', 'Cancelled')
      case 'LockDevice':
        lock()
        return session.answer('Success', {})
      case 'EndSession':
        access.forgetSession()
        return session.answer('Success', {})
      case 'ApplySettings':
        return session.answer('Success', {})
      default:
        return answerFromWallet(session, name, message)
    }
  }

  /** The messages that need the keys: each session says once which wallet it means. */
  async function answerFromWallet(
    session: Session,
    name: string,
    message: WireMessage['body'],
  ): Promise<void> {
    const { namesWallets, capabilities } = MODELS[condition.model]
    if (name === 'UnLockDevice' && namesWallets) {
      const passphrase_protection = condition.passphrases
      return session.answer('UnLockDeviceResponse', { unlocked: true, passphrase_protection })
    }
    const seed = await access.seed(session)
    const wallet = { seed, knowledge, takeLie: body.takeLie, takeLateness }
    switch (name) {
      case 'GetPassphraseState':
        if (!namesWallets) break
        return session.answer('PassphraseState', {
          passphrase_state: access.stateOf(seed),
          session_id: access.sessionId(),
          unlocked_attach_pin: false,
        })
      case 'GetPublicKey':
        return answerPublicKey(session, wallet, message)
      case 'BatchGetPublickeys':
        return answerPublicKeys(session, wallet, message)
      case 'EthereumGetPublicKeyOneKey':
        return answerEvmPublicKey(session, wallet, message)
      case 'GetAddress':
        return answerBitcoinAddress(session, wallet, message)
      case 'EthereumGetAddressOneKey':
        return answerEvmAddress(session, wallet, message, 'EthereumAddressOneKey')
      case 'EthereumGetAddress':
        return answerEvmAddress(session, wallet, message, 'EthereumAddress')
      case 'SignTx':
        return signBitcoin(session, wallet, message)
      case 'SignMessage':
        return signBitcoinMessage(session, wallet, message)
      case 'EthereumSignTxOneKey':
        return signEvm(session, wallet, 'legacy', message)
      case 'EthereumSignTxEIP1559OneKey':
        return signEvm(session, wallet, 'eip1559', message)
      case 'EthereumSignMessageOneKey':
        return signEvmMessage(session, wallet, message)
      case 'EthereumSignTypedHashOneKey':
        return signTypedHash(session, wallet, message)
      case 'EthereumSignTypedDataOneKey':
        if (!capabilities.includes(TYPED_DATA)) break
        return signTypedData(session, wallet, message)
    }
    throw new DeviceFailure('Failure_UnexpectedMessage', 'Unexpected message')
  }

  /** The Classic forgets its sessions when it locks. */
  function lock(): void {
    condition = { ...condition, locked: true }
    if (MODELS[condition.model].pinMatrix) access.forgetAll()
  }

  /** Answers one request and every request that interrupts it. */
  async function answerThrough(session: Session, request: WireMessage): Promise<void> {
    session.begin()
    try {
      await answer(session, request)
    } catch (error) {
      if (error instanceof Interrupted) return answerThrough(session, error.by)
      if (error instanceof CableGone) throw error
      session.answer('Failure', failureOf(error))
    }
    if (body.screen().kind !== 'idle') body.show(resting())
  }

  return {
    serial,
    screen: body.screen,
    onScreen: body.onScreen,
    press: body.press,
    pressAutomatically: body.pressAutomatically,
    fail: body.fail,
    condition: () => condition,
    change(next) {
      condition = { ...condition, ...next }
      if (next.locked === true) lock()
      if (body.screen().kind === 'idle') body.show(resting())
    },
    setPlugged(state) {
      plugged = state === 'plugged'
      if (!plugged) access.forgetAll()
      body.show(resting())
    },
    bitcoinAddress: (path, coin, passphrase = '') =>
      bitcoinAddressAt(access.seedOf(passphrase), coinNamed(coin), pathNumbers(path)),
    evmAddress: (path, passphrase = '') =>
      evmAddressOf(keyAt(access.seedOf(passphrase), pathNumbers(path)).publicKey),
    attach(send, cable, unplug) {
      const session = createSession({ ...body, unplug }, send, cable)
      const serve = async (): Promise<void> => {
        while (!cable.aborted) await answerThrough(session, await session.nextRequest())
      }
      serve().catch((error: unknown) => {
        if (plugged) body.show(resting())
        if (!(error instanceof CableGone)) throw error
      })
      return session
    },
  }
}
