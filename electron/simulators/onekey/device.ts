/** The software OneKey itself: seed, condition, screen, two buttons, and what it answers to each
 *  message. Speaks over whatever cable `attach` is given, one at a time. Holds a seed that its caller
 *  made; it never leaves but as public keys and signatures. */
import { z } from 'zod'
import type { DeviceFault, Lie } from './fault.ts'
import {
  type CoinRules,
  coinByName,
  evmAddressOf,
  extendedKey,
  keyAt,
  legacyAddress,
  nodeAt,
  pathNumbers,
  pathText,
  seedFromMnemonic,
  segwitAddress,
} from './keys.ts'
import { type DeviceCondition, type DeviceModel, MODELS, describeFeatures } from './model.ts'
import type { WireMessage } from './schema.ts'
import type { DeviceScreen } from './screen.ts'
import {
  type Button,
  CableGone,
  DeviceFailure,
  Interrupted,
  type Session,
  createSession,
} from './session.ts'
import { signBitcoin } from './signBitcoin.ts'
import { type EvmKnowledge, signEvm } from './signEvm.ts'

export interface SoftwareDeviceOptions {
  readonly mnemonic: string
  readonly model: DeviceModel
  readonly label: string
  readonly deviceId: string
  readonly knowledge: EvmKnowledge
}

export interface SoftwareDevice {
  readonly serial: string
  screen(): DeviceScreen
  onScreen(listener: (screen: DeviceScreen) => void): () => void
  /** False when no screen waits for a button. */
  press(button: Button): boolean
  /** Presses by itself from now on (null: waits for a person), for terminals and tests. */
  pressAutomatically(button: Button | null): void
  /** Arms a fault; it strikes once. Null disarms. */
  fail(fault: DeviceFault | null): void
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

const pathSchema = z.array(z.int().nonnegative())
const publicKeySchema = z.object({
  address_n: pathSchema,
  show_display: z.boolean(),
  coin_name: z.string(),
  script_type: z.string(),
})
const batchSchema = z.object({
  paths: z.array(z.object({ address_n: pathSchema })),
  include_node: z.boolean(),
})
const addressSchema = z.object({
  address_n: pathSchema,
  show_display: z.boolean(),
  coin_name: z.string(),
  script_type: z.string(),
})
const evmAddressSchema = z.object({
  address_n: pathSchema,
  show_display: z.boolean(),
  chain_id: z.string().optional(),
})

/** Messages that a device answers in any condition. */
const ALWAYS = new Set([
  'Initialize',
  'GetFeatures',
  'OnekeyGetFeatures',
  'Ping',
  'Cancel',
  'EndSession',
  'LockDevice',
])

export function createSoftwareDevice(options: SoftwareDeviceOptions): SoftwareDevice {
  const facts = MODELS[options.model]
  const seed = seedFromMnemonic(options.mnemonic)
  const serial = `${facts.serialPrefix}${options.deviceId.replace(/[^0-9A-Za-z]/g, '').slice(0, 12)}`
  let condition: DeviceCondition = {
    locked: false,
    bootloader: false,
    initialized: true,
    firmware: facts.firmware,
    deviceId: options.deviceId,
  }
  let fault: DeviceFault | null = null
  let automatic: Button | null = null
  let pressed: ((button: Button) => void) | null = null
  /** Pressed as soon as the screen was there, before the device began to wait. */
  let early: Button | null = null
  let plugged = true
  const listeners = new Set<(screen: DeviceScreen) => void>()
  const resting = (): DeviceScreen => {
    if (!plugged) return { kind: 'unplugged', title: { word: 'unplugged' }, lines: [] }
    return {
      kind: 'idle',
      title: { word: condition.bootloader ? 'bootloader' : 'idle' },
      lines: [{ label: 'serial', value: serial }],
    }
  }
  let screen = resting()
  const show = (next: DeviceScreen): void => {
    screen = next
    early = null
    for (const listener of listeners) listener(next)
  }

  function takeFault<F extends DeviceFault>(matches: (f: DeviceFault) => f is F): F | null {
    if (fault === null || !matches(fault)) return null
    const taken = fault
    fault = null
    return taken
  }

  function takeLie(among: readonly Lie[]): Lie | null {
    const taken = takeFault(
      (f): f is DeviceFault & { kind: 'lie' } => f.kind === 'lie' && among.includes(f.about),
    )
    return taken?.about ?? null
  }

  function nextPress(signal: AbortSignal): Promise<Button> {
    const already = early
    early = null
    if (already !== null) return Promise.resolve(already)
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        pressed = null
        reject(new CableGone())
      }
      signal.addEventListener('abort', stop, { once: true })
      pressed = (button) => {
        pressed = null
        signal.removeEventListener('abort', stop)
        resolve(button)
      }
      if (automatic !== null) setImmediate(() => automatic !== null && pressed?.(automatic))
    })
  }

  /** A locked device asks for its PIN on its own screen; the host never sees it. */
  async function unlock(session: Session): Promise<void> {
    if (!condition.locked) return
    if (options.model === 'classic1s') {
      const reply = await askPinPlace(session)
      if (reply.name !== 'BixinPinInputOnDevice') {
        throw new DeviceFailure('Failure_PinInvalid', 'PIN is entered on this device only')
      }
    }
    try {
      await session.confirm(
        {
          kind: 'showing',
          title: { word: 'enterPin' },
          lines: [{ label: 'ping', value: { word: 'pinHint' } }],
        },
        { code: 'ButtonRequest_PinEntry', last: 'more' },
      )
    } catch (error) {
      if (!(error instanceof DeviceFailure)) throw error
      throw new DeviceFailure('Failure_PinCancelled', 'PIN cancelled')
    }
    condition = { ...condition, locked: false }
  }

  async function askPinPlace(session: Session): Promise<WireMessage> {
    session.answer('PinMatrixRequest', { type: 'PinMatrixRequestType_Current' })
    return session.next()
  }

  function nodeBody(path: readonly number[]): Record<string, unknown> {
    const node = nodeAt(seed, path)
    return {
      depth: node.depth,
      fingerprint: node.parentFingerprint >>> 0,
      child_num: node.index,
      chain_code: node.chainCode,
      public_key: node.publicKey,
    }
  }

  async function answerPublicKey(session: Session, body: unknown): Promise<void> {
    const ask = publicKeySchema.parse(body)
    const coin = coinNamed(ask.coin_name)
    const version = ask.script_type === 'SPENDWITNESS' ? coin.xpubSegwit : coin.xpub
    const xpub = extendedKey(nodeAt(seed, ask.address_n), version)
    if (ask.show_display) {
      await session.confirm(
        {
          kind: 'showing',
          title: { word: 'publicKey', of: coin.name },
          lines: [
            { label: 'path', value: pathText(ask.address_n) },
            { label: 'xpub', value: xpub },
          ],
        },
        { code: 'ButtonRequest_PublicKey', last: 'last' },
      )
    }
    session.answer('PublicKey', {
      node: nodeBody(ask.address_n),
      xpub,
      root_fingerprint: seed.rootFingerprint,
    })
  }

  function coinNamed(name: string): CoinRules {
    const coin = coinByName(name)
    if (coin === null) throw new DeviceFailure('Failure_DataError', 'Invalid coin')
    return coin
  }

  /** Path of the address a lying device gives instead. */
  function elsewhere(path: readonly number[]): readonly number[] {
    return [...path.slice(0, -1), (path.at(-1) ?? 0) + 7]
  }

  async function answerAddress(
    session: Session,
    request: {
      readonly path: readonly number[]
      readonly title: string
      readonly display: 'show' | 'silent'
      readonly reply: string
      readonly addressAt: (path: readonly number[]) => string
      readonly network: string | null
    },
  ): Promise<void> {
    const lie = takeLie(['address-returned', 'address-shown'])
    const right = request.addressAt(request.path)
    const wrong = request.addressAt(elsewhere(request.path))
    if (request.display === 'show') {
      await session.confirm(
        {
          kind: 'showing',
          title: { word: 'address', of: request.title },
          lines: [
            { label: 'addressLine', value: lie === 'address-shown' ? wrong : right },
            { label: 'path', value: pathText(request.path) },
            ...(request.network === null
              ? []
              : [{ label: 'chainId' as const, value: request.network }]),
          ],
        },
        { code: 'ButtonRequest_Address', last: 'last' },
      )
    }
    session.answer(request.reply, { address: lie === 'address-returned' ? wrong : right })
  }

  function answerBitcoinAddress(session: Session, body: unknown): Promise<void> {
    const ask = addressSchema.parse(body)
    const coin = coinNamed(ask.coin_name)
    if (ask.script_type !== 'SPENDWITNESS' && ask.script_type !== 'SPENDADDRESS') {
      throw new DeviceFailure('Failure_DataError', 'Unsupported script type')
    }
    const encode = ask.script_type === 'SPENDWITNESS' ? segwitAddress : legacyAddress
    return answerAddress(session, {
      path: ask.address_n,
      title: coin.name,
      display: ask.show_display ? 'show' : 'silent',
      reply: 'Address',
      addressAt: (path) => encode(coin, keyAt(seed, path).publicKey),
      network: null,
    })
  }

  function answerEvmAddress(session: Session, body: unknown, reply: string): Promise<void> {
    const ask = evmAddressSchema.parse(body)
    const chain = ask.chain_id === undefined || ask.chain_id === '0' ? null : ask.chain_id
    const network = options.knowledge.networks.find((n) => `${n.chainId}` === chain)
    return answerAddress(session, {
      path: ask.address_n,
      title: network?.name ?? 'Ethereum',
      display: ask.show_display ? 'show' : 'silent',
      reply,
      addressAt: (path) => evmAddressOf(keyAt(seed, path).publicKey),
      network: chain,
    })
  }

  const signer = {
    seed,
    knowledge: options.knowledge,
    takeLie,
    takeLateness: (): number | null =>
      takeFault((f): f is DeviceFault & { kind: 'sign-late' } => f.kind === 'sign-late')?.delayMs ??
      null,
  }

  async function answer(session: Session, { name, body }: WireMessage): Promise<void> {
    await session.strike('message')
    if (!ALWAYS.has(name)) {
      if (condition.bootloader) {
        throw new DeviceFailure('Failure_UnexpectedMessage', 'Not in firmware mode')
      }
      if (!condition.initialized) {
        throw new DeviceFailure('Failure_NotInitialized', 'Device is not initialized')
      }
      await unlock(session)
    }
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
        return session.answer('Success', {
          message: z.object({ message: z.string() }).parse(body).message,
        })
      case 'Cancel':
        throw new DeviceFailure('Failure_ActionCancelled', 'Cancelled')
      case 'EndSession':
        return session.answer('Success', {})
      case 'LockDevice':
        condition = { ...condition, locked: true }
        return session.answer('Success', {})
      case 'UnLockDevice':
        return session.answer('UnLockDeviceResponse', {
          unlocked: true,
          passphrase_protection: false,
        })
      case 'GetPassphraseState':
        return session.answer('PassphraseState', {})
      case 'ApplySettings':
        return session.answer('Success', {})
      case 'GetPublicKey':
        return answerPublicKey(session, body)
      case 'BatchGetPublickeys': {
        const ask = batchSchema.parse(body)
        return session.answer('EcdsaPublicKeys', {
          public_keys: ask.include_node
            ? []
            : ask.paths.map((p) => keyAt(seed, p.address_n).publicKey),
          hd_nodes: ask.include_node ? ask.paths.map((p) => nodeBody(p.address_n)) : [],
          root_fingerprint: seed.rootFingerprint,
        })
      }
      case 'EthereumGetPublicKeyOneKey': {
        const path = z.object({ address_n: pathSchema }).parse(body).address_n
        const xpub = extendedKey(nodeAt(seed, path), 0x0488b21e)
        return session.answer('EthereumPublicKeyOneKey', { node: nodeBody(path), xpub })
      }
      case 'GetAddress':
        return answerBitcoinAddress(session, body)
      case 'EthereumGetAddressOneKey':
        return answerEvmAddress(session, body, 'EthereumAddressOneKey')
      case 'EthereumGetAddress':
        return answerEvmAddress(session, body, 'EthereumAddress')
      case 'SignTx':
        return signBitcoin(session, signer, body)
      case 'EthereumSignTxOneKey':
        return signEvm(session, signer, 'legacy', body)
      case 'EthereumSignTxEIP1559OneKey':
        return signEvm(session, signer, 'eip1559', body)
      default:
        throw new DeviceFailure('Failure_UnexpectedMessage', 'Unexpected message')
    }
  }

  function features(sessionId: Uint8Array | null): Record<string, unknown> {
    return describeFeatures(
      { model: options.model, label: options.label, serial, condition },
      sessionId,
    )
  }

  /** Answers one request and every request that interrupts it. */
  async function answerThrough(session: Session, request: WireMessage): Promise<void> {
    session.begin()
    try {
      await answer(session, request)
    } catch (error) {
      if (error instanceof Interrupted) return answerThrough(session, error.by)
      if (error instanceof CableGone) throw error
      const failure =
        error instanceof DeviceFailure
          ? { code: error.code, message: error.message }
          : { code: 'Failure_DataError', message: 'Invalid message' }
      session.answer('Failure', failure)
    }
    if (screen.kind !== 'idle') show(resting())
  }

  return {
    serial,
    screen: () => screen,
    onScreen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    press(button) {
      if (screen.kind !== 'showing') return false
      if (pressed === null) early = button
      else pressed(button)
      return true
    },
    pressAutomatically(button) {
      automatic = button
      if (button !== null) pressed?.(button)
    },
    fail(next) {
      fault = next
    },
    condition: () => condition,
    change(next) {
      condition = { ...condition, ...next }
      if (screen.kind === 'idle') show(resting())
    },
    setPlugged(state) {
      plugged = state === 'plugged'
      show(resting())
    },
    bitcoinAddress: (path, coin) =>
      segwitAddress(coinNamed(coin), keyAt(seed, pathNumbers(path)).publicKey),
    evmAddress: (path) => evmAddressOf(keyAt(seed, pathNumbers(path)).publicKey),
    attach(send, cable, unplug) {
      const session = createSession({ show, nextPress, takeFault, unplug }, send, cable)
      const serve = async (): Promise<void> => {
        while (!cable.aborted) await answerThrough(session, await session.nextRequest())
      }
      serve().catch((error: unknown) => {
        if (plugged) show(resting())
        if (!(error instanceof CableGone)) throw error
      })
      return session
    },
  }
}
