/** The software OneKey itself: seed, condition, and which answer each message gets. Speaks over whatever
 *  cable `attach` is given, one at a time. Holds a seed that its caller made; it never leaves but as
 *  public keys and signatures. */
import { z } from 'zod'
import {
  answerBitcoinAddress,
  answerEvmAddress,
  answerEvmPublicKey,
  answerPublicKey,
  answerPublicKeys,
  coinNamed,
} from './answers.ts'
import { type SoftwareBody, createDeviceBody } from './deviceBody.ts'
import type { DeviceFault } from './fault.ts'
import {
  type CoinRules,
  evmAddressOf,
  keyAt,
  pathNumbers,
  seedFromMnemonic,
  segwitAddress,
} from './keys.ts'
import { type DeviceCondition, type DeviceModel, MODELS, describeFeatures } from './model.ts'
import type { WireMessage } from './schema.ts'
import type { DeviceScreen } from './screen.ts'
import { CableGone, DeviceFailure, Interrupted, type Session, createSession } from './session.ts'
import { signBitcoin } from './signBitcoin.ts'
import { type EvmKnowledge, signEvm } from './signEvm.ts'

export interface SoftwareDeviceOptions {
  readonly mnemonic: string
  readonly model: DeviceModel
  readonly label: string
  readonly deviceId: string
  readonly knowledge: EvmKnowledge
}

export interface SoftwareDevice
  extends Pick<SoftwareBody, 'screen' | 'onScreen' | 'press' | 'pressAutomatically' | 'fail'> {
  readonly serial: string
  condition(): DeviceCondition
  change(condition: Partial<DeviceCondition>): void
  setPlugged(plugged: 'plugged' | 'unplugged'): void
  /** The device's own public facts, for whoever must fund its addresses. */
  bitcoinAddress(path: string, coin: CoinRules['name']): string
  evmAddress(path: string): string
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
const pingSchema = z.object({ message: z.string() })
const PIN_SCREEN: DeviceScreen = {
  kind: 'showing',
  title: { word: 'enterPin' },
  lines: [{ label: 'ping', value: { word: 'pinHint' } }],
}

/** As the firmware reports: its own refusals, messages it cannot read, and its own faults. */
function failureOf(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof DeviceFailure) return { code: error.code, message: error.message }
  if (error instanceof z.ZodError) return { code: 'Failure_DataError', message: 'Invalid message' }
  return { code: 'Failure_FirmwareError', message: 'Firmware error' }
}

export function createSoftwareDevice(options: SoftwareDeviceOptions): SoftwareDevice {
  const { model, label, knowledge } = options
  const facts = MODELS[model]
  const seed = seedFromMnemonic(options.mnemonic)
  const serial = `${facts.serialPrefix}${options.deviceId.replace(/[^0-9A-Za-z]/g, '').slice(0, 12)}`
  let plugged = true
  let condition: DeviceCondition = {
    locked: false,
    bootloader: false,
    initialized: true,
    firmware: facts.firmware,
    deviceId: options.deviceId,
  }
  const body = createDeviceBody(resting())
  const wallet = { seed, knowledge, takeLie: body.takeLie, takeLateness }

  function resting(): DeviceScreen {
    if (!plugged) return { kind: 'unplugged', title: { word: 'unplugged' }, lines: [] }
    return {
      kind: 'idle',
      title: { word: condition.bootloader ? 'bootloader' : 'idle' },
      lines: [{ label: 'serial', value: serial }],
    }
  }

  function takeLateness(): number | null {
    const taken = body.takeFault(
      (f): f is DeviceFault & { kind: 'sign-late' } => f.kind === 'sign-late',
    )
    return taken?.delayMs ?? null
  }

  function features(sessionId: Uint8Array | null): Record<string, unknown> {
    return describeFeatures({ model, label, serial, condition }, sessionId)
  }

  /** A locked device asks for its PIN on its own screen; the host never sees it. */
  async function unlock(session: Session): Promise<void> {
    if (!condition.locked) return
    if (model === 'classic1s') {
      session.answer('PinMatrixRequest', { type: 'PinMatrixRequestType_Current' })
      const reply = await session.next()
      if (reply.name !== 'BixinPinInputOnDevice') {
        throw new DeviceFailure('Failure_PinInvalid', 'PIN is entered on this device only')
      }
    }
    try {
      await session.confirm(PIN_SCREEN, { code: 'ButtonRequest_PinEntry', last: 'more' })
    } catch (error) {
      if (!(error instanceof DeviceFailure)) throw error
      throw new DeviceFailure('Failure_PinCancelled', 'PIN cancelled')
    }
    condition = { ...condition, locked: false }
  }

  async function makeReady(session: Session): Promise<void> {
    if (condition.bootloader) {
      throw new DeviceFailure('Failure_UnexpectedMessage', 'Not in firmware mode')
    }
    if (!condition.initialized) {
      throw new DeviceFailure('Failure_NotInitialized', 'Device is not initialized')
    }
    await unlock(session)
  }

  async function answer(session: Session, { name, body: message }: WireMessage): Promise<void> {
    await session.strike('message')
    if (!ALWAYS.has(name)) await makeReady(session)
    switch (name) {
      case 'Initialize':
        return session.answer('Features', features(crypto.getRandomValues(new Uint8Array(32))))
      case 'GetFeatures':
        return session.answer('Features', features(null))
      case 'OnekeyGetFeatures':
        return session.answer('OnekeyFeatures', {
          onekey_device_type: facts.type,
          onekey_firmware_version: condition.firmware,
          onekey_serial_no: serial,
        })
      case 'Ping':
        return session.answer('Success', { message: pingSchema.parse(message).message })
      case 'Cancel':
        throw new DeviceFailure('Failure_ActionCancelled', 'Cancelled')
      case 'LockDevice':
        condition = { ...condition, locked: true }
        return session.answer('Success', {})
      case 'EndSession':
      case 'ApplySettings':
        return session.answer('Success', {})
      case 'UnLockDevice':
        return session.answer('UnLockDeviceResponse', {
          unlocked: true,
          passphrase_protection: false,
        })
      case 'GetPassphraseState':
        return session.answer('PassphraseState', {})
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
      case 'EthereumSignTxOneKey':
        return signEvm(session, wallet, 'legacy', message)
      case 'EthereumSignTxEIP1559OneKey':
        return signEvm(session, wallet, 'eip1559', message)
      default:
        throw new DeviceFailure('Failure_UnexpectedMessage', 'Unexpected message')
    }
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
      if (body.screen().kind === 'idle') body.show(resting())
    },
    setPlugged(state) {
      plugged = state === 'plugged'
      body.show(resting())
    },
    bitcoinAddress: (path, coin) =>
      segwitAddress(coinNamed(coin), keyAt(seed, pathNumbers(path)).publicKey),
    evmAddress: (path) => evmAddressOf(keyAt(seed, pathNumbers(path)).publicKey),
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
