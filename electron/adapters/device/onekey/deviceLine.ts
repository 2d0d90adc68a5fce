/** The line to the device: keeps its state, takes one operation at a time, asks the device who it is before
 *  each, unlocks it, opens the wallet meant, and gives a cancelled operation back within a second. Of several
 *  devices it takes the wallet's own, or the chosen one. Refuses with DEVICE_* codes. */
import { z } from 'zod'
import { ok, refuse } from '../../../../shared/errors/refusal.ts'
import type {
  DeviceAnswer,
  DevicePort,
  DeviceResult,
  DeviceState,
  SigningTask,
  WalletRef,
} from '../../../host/ports.ts'
import type { ChildHandle } from './childProcess.ts'
import { type DeviceDescription, describeDevice } from './describe.ts'
import { stateOf } from './deviceState.ts'
import {
  type Ask,
  type LinkChoice,
  type Outcome,
  type SdkCall,
  type Stage,
  featuresSchema,
} from './protocol.ts'
import { type DeviceRefusal, refusalOf } from './refusal.ts'
import { createSdkWorker } from './sdkWorker.ts'
import { MAIN_WALLET, type ScopedAsk, createWalletSessions } from './walletSession.ts'

/** What a call is about; the same word stands in states and refusals. */
export type DeviceTask = 'read-keys' | 'show-bitcoin-address' | 'show-evm-address' | SigningTask

/** `main` and `any-passphrase` are of whichever device is there or chosen. */
export type MeantWallet = WalletRef | 'main' | 'any-passphrase'

export interface LateSignature {
  readonly what: SigningTask
  readonly deviceId: string
}

export interface DeviceLine extends Pick<DevicePort, 'state' | 'onState' | 'answer' | 'choose'> {
  operate<T>(
    task: { readonly what: DeviceTask; readonly wallet: MeantWallet },
    signal: AbortSignal,
    work: (ask: Ask, device: DeviceDescription) => Promise<DeviceResult<T>>,
  ): Promise<DeviceResult<T>>
  close(): Promise<void>
}

const PROBE_SILENCE_MS = 5_000
/** How often a device that cannot be used yet is asked again. */
const RECHECK_MS = 1_500
/** A timer that is this late was asleep with the machine: the link did not survive it. */
const SLEPT_MS = 10_000
/** Longest a cancelled operation is waited for; the process itself gives up sooner. */
const ABANDON_MS = 600

const probeSchema = z.object({
  listed: z.array(featuresSchema),
  features: featuresSchema.optional(),
})

interface Operation {
  readonly what: DeviceTask
  readonly wallet: MeantWallet
  readonly signal: AbortSignal
  stage: Stage
  /** The person declined to type here what the device asked for. */
  declined: boolean
  /** The call at hand asked for the PIN by the matrix. */
  matrix: boolean
}

function isSigning(what: DeviceTask): what is SigningTask {
  return what.startsWith('sign-')
}

function deviceIdOf(wallet: MeantWallet): string | null {
  return typeof wallet === 'string' ? null : wallet.deviceId
}

type Failed = { readonly ok: false; readonly refusal: DeviceRefusal }

function failed(refusal: DeviceRefusal): Failed {
  return { ok: false, refusal }
}

function notFound(reason: string): Failed {
  return refuse('DEVICE_NOT_FOUND', { reason })
}

/** Why this device cannot be used for the operation; null when it can. */
function unfit(found: DeviceDescription, deviceId: string | null): Failed | null {
  switch (found.usable) {
    case 'bootloader':
    case 'not-initialised':
      return refuse('DEVICE_FAILED', { deviceCode: found.usable, deviceMessage: '' })
    case 'firmware-too-old':
      return refuse('DEVICE_FIRMWARE_TOO_OLD', {
        found: found.info.firmware,
        needed: found.neededFirmware,
      })
    case 'usable':
      if (deviceId === null || deviceId === found.info.deviceId) return null
      return refuse('DEVICE_WRONG', { expected: deviceId, found: found.info.deviceId })
  }
}

export function createDeviceLine(options: {
  readonly link: LinkChoice
  readonly startChild: () => ChildHandle
  readonly silenceMs: number
  readonly now: () => number
  readonly onLateSignature: (late: LateSignature) => void
}): DeviceLine {
  const { silenceMs } = options
  const listeners = new Set<(state: DeviceState) => void>()
  const closing = new AbortController()
  const sessions = createWalletSessions()
  let operation: Operation | null = null
  let description: DeviceDescription | null = null
  let listed: readonly DeviceDescription[] = []
  let chosen: string | null = null
  let present = 0
  let wrongPins = 0
  let absence = 'connecting'
  let probing: Promise<unknown> | null = null
  let told = ''
  let checkedAt = options.now()
  const worker = createSdkWorker(options.link, options.startChild, presenceChanged)
  const recheck = setInterval(recheckIdle, RECHECK_MS)
  recheck.unref()

  function state(): DeviceState {
    const infos = listed.map((one) => one.info)
    const presence = worker.presence()
    return stateOf({ presence, description, listed: infos, wrongPins, absence, operation })
  }

  function tell(): void {
    if (closing.signal.aborted) return
    const now = state()
    const text = JSON.stringify(now)
    if (text === told) return
    told = text
    for (const listener of listeners) listener(now)
  }

  /** What was known of one device may not be true of what is there now. */
  function presenceChanged(): void {
    const count = worker.presence() ?? 0
    if (count < present) sessions.forgetAll()
    present = count
    description = null
    listed = []
    tell()
    if (operation === null) probeIdle()
  }

  function isSettled(): boolean {
    if (description !== null) {
      return description.usable === 'usable' && description.lock === 'unlocked'
    }
    return (worker.presence() ?? 0) > 1 && listed.length === worker.presence()
  }

  function recheckIdle(): void {
    const now = options.now()
    const slept = now - checkedAt > SLEPT_MS
    checkedAt = now
    if (slept) return worker.restart('lost')
    if (operation === null && !isSettled()) probeIdle()
  }

  function probeIdle(): void {
    if (probing !== null || (worker.presence() ?? 0) === 0) return
    if (worker.lingers() || closing.signal.aborted) return
    probing = probe('probe', chosen, closing.signal, () => {}).finally(() => {
      probing = null
    })
  }

  function take(features: readonly z.infer<typeof featuresSchema>[], meant: unknown): void {
    listed = features.map(describeDevice)
    const found = featuresSchema.safeParse(meant)
    description = found.success ? describeDevice(found.data) : null
    if (description?.lock === 'unlocked') wrongPins = 0
    if (!listed.some((one) => one.info.deviceId === chosen)) chosen = null
  }

  /** Asks who is there, and of several the one that is meant. */
  async function probe(
    what: DeviceTask | 'probe',
    deviceId: string | null,
    signal: AbortSignal,
    onStage: (stage: Stage) => void,
  ): Promise<DeviceResult<DeviceDescription>> {
    const outcome = await worker.request(
      { kind: 'probe', deviceId },
      { signal, silenceMs: PROBE_SILENCE_MS, onStage, onLate: () => {} },
    )
    if (signal.aborted) return refuse('DEVICE_CANCELLED', { what })
    if (outcome.kind === 'error') {
      description = null
      absence = outcome.code
      tell()
      return failed(refusalFor(outcome, { what, wallet: 'main' }, PROBE_SILENCE_MS))
    }
    const answer = probeSchema.safeParse(outcome.payload)
    absence = 'no-answer'
    take(answer.data?.listed ?? [], answer.data?.features)
    tell()
    if (description !== null) return ok(description)
    if (listed.length < 2) return notFound(absence)
    if (deviceId === null) return refuse('DEVICE_SEVERAL', { count: listed.length })
    const found = listed.map((one) => one.info.deviceId).join(', ')
    return refuse('DEVICE_WRONG', { expected: deviceId, found })
  }

  function refusalFor(
    error: { readonly code: string; readonly message: string },
    { what, wallet }: { readonly what: string; readonly wallet: MeantWallet },
    afterMs: number,
  ): DeviceRefusal {
    switch (error.code) {
      case 'cancelled':
      case 'closed':
        return refuse('DEVICE_CANCELLED', { what }).refusal
      case 'silent':
        return refuse('DEVICE_TIMEOUT', { what, afterMs }).refusal
      default:
        return refusalOf(error.code, error.message, {
          what,
          deviceId: deviceIdOf(wallet),
          fingerprint: typeof wallet === 'string' ? '' : wallet.fingerprint,
          foundDeviceId: description?.info.deviceId ?? '',
          firmware: description?.info.firmware ?? '',
          neededFirmware: description?.neededFirmware ?? '',
        })
    }
  }

  /** One call of this operation. A signature that comes although it was cancelled is told and dropped. */
  async function request(
    running: Operation,
    device: DeviceDescription,
    { method, params }: Pick<SdkCall<unknown>, 'method' | 'params'>,
  ): Promise<Outcome> {
    const { what, signal } = running
    const { deviceId } = device.info
    running.declined = false
    running.matrix = false
    const outcome = await worker.request(
      { kind: 'call', method, connectId: device.connectId, deviceId, params },
      {
        signal,
        silenceMs,
        onStage(stage) {
          running.stage = stage
          running.matrix ||= stage === 'pin-matrix'
          tell()
        },
        onLate() {
          if (isSigning(what)) options.onLateSignature({ what, deviceId })
        },
      },
    )
    running.stage = 'working'
    if (outcome.kind === 'error' && running.declined) return { ...outcome, code: 'cancelled' }
    return outcome
  }

  /** Before anything is asked of a locked device. A wrong PIN of the matrix is asked again, on its own call:
   *  what is to be signed is sent once, to a device that is unlocked. */
  async function unlock(
    running: Operation,
    device: DeviceDescription,
  ): Promise<DeviceResult<DeviceDescription>> {
    for (;;) {
      if (running.signal.aborted) return refuse('DEVICE_CANCELLED', { what: running.what })
      const call = { method: 'deviceUnlock', params: MAIN_WALLET } as const
      const outcome = await request(running, device, call)
      if (outcome.kind === 'answer') {
        return probe(running.what, device.info.deviceId, running.signal, () => {})
      }
      if (outcome.code === '801') wrongPins += 1
      if (outcome.code !== '801' || !running.matrix)
        return failed(refusalFor(outcome, running, silenceMs))
      tell()
    }
  }

  /** The device meant, asked who it is, fit for the operation and unlocked. */
  async function reach(running: Operation): Promise<DeviceResult<DeviceDescription>> {
    const { what, wallet, signal } = running
    const deviceId = deviceIdOf(wallet) ?? chosen
    await probing
    const count = await worker.findPresence(signal)
    if (signal.aborted) return refuse('DEVICE_CANCELLED', { what })
    if (count === null) return notFound('starting')
    if (count === 0) return notFound('not-connected')
    const onStage = (stage: Stage): void => {
      running.stage = stage
      tell()
    }
    const found = await probe(what, deviceId, signal, onStage)
    if (!found.ok) return found
    const bad = unfit(found.value, deviceIdOf(wallet))
    if (bad !== null) return bad
    return found.value.lock === 'locked' ? unlock(running, found.value) : found
  }

  async function perform<T>(
    running: Operation,
    work: (ask: Ask, device: DeviceDescription) => Promise<DeviceResult<T>>,
  ): Promise<DeviceResult<T>> {
    const { what, wallet, signal } = running
    const reached = await reach(running)
    if (!reached.ok) return reached
    const device = reached.value
    const askAs: ScopedAsk = async (scope, { method, params, answer }) => {
      if (signal.aborted) return refuse('DEVICE_CANCELLED', { what })
      const outcome = await request(running, device, { method, params: { ...params, ...scope } })
      if (outcome.kind === 'error') {
        // The device asked for the passphrase once more and got another one.
        if (outcome.code === '112' && typeof wallet !== 'string') sessions.forget(wallet)
        return failed(refusalFor(outcome, running, silenceMs))
      }
      const parsed = answer.safeParse(outcome.payload)
      return parsed.success ? ok(parsed.data) : malformedAnswer(method)
    }
    const opened = await open(askAs, wallet, device)
    return opened.ok ? work((call) => askAs(opened.value, call), device) : opened
  }

  async function open(ask: ScopedAsk, wallet: MeantWallet, device: DeviceDescription) {
    if (wallet === 'main') return ok(MAIN_WALLET)
    if (wallet !== 'any-passphrase' && !wallet.passphrase) return ok(MAIN_WALLET)
    const { deviceId, label } = device.info
    if (device.passphrases === 'off') return refuse('DEVICE_PASSPHRASE_OFF', { device: label })
    const fingerprint = wallet === 'any-passphrase' ? null : wallet.fingerprint
    return sessions.open(ask, { deviceId, fingerprint })
  }

  /** Which answers the device's question takes. */
  function takes(answer: DeviceAnswer): boolean {
    const asked = state()
    if (asked.kind !== 'asks') return false
    if (answer.kind === 'cancel') return true
    if (answer.kind === 'on-device') return asked.onDevice
    return (answer.kind === 'pin') === (asked.what === 'pin-matrix')
  }

  return {
    state,
    onState(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    answer(answer) {
      if (operation === null || !takes(answer)) return 'not-asked'
      if (answer.kind === 'cancel') operation.declined = true
      worker.answer(answer)
      return 'taken'
    },
    choose(deviceId) {
      if (!listed.some((one) => one.info.deviceId === deviceId)) return 'not-there'
      chosen = deviceId
      description = null
      if (operation === null) probeIdle()
      return 'chosen'
    },
    async operate(task, callerSignal, work) {
      const signal = AbortSignal.any([callerSignal, closing.signal])
      const cancelled = refuse('DEVICE_CANCELLED', { what: task.what })
      if (signal.aborted) return cancelled
      if (operation !== null) return refuse('DEVICE_BUSY', { by: operation.what })
      const running: Operation = {
        ...task,
        signal,
        stage: 'working',
        declined: false,
        matrix: false,
      }
      operation = running
      tell()
      // A probe of our own may hold the line: the caller's cancel does not wait for it.
      const abandoned = new Promise<typeof cancelled>((resolve) => {
        const give = (): void => resolve(cancelled)
        signal.addEventListener('abort', () => setTimeout(give, ABANDON_MS), { once: true })
      })
      try {
        return await Promise.race([perform(running, work), abandoned])
      } finally {
        operation = null
        // Of several, only the chosen one stays meant after its wallet was used.
        if ((worker.presence() ?? 0) > 1 && description?.info.deviceId !== chosen) {
          description = null
        }
        if (description?.lock === 'locked') probeIdle()
        tell()
      }
    },
    async close() {
      closing.abort()
      clearInterval(recheck)
      sessions.forgetAll()
      await worker.close()
    },
  }
}

/** The device or the SDK answered something of another shape. */
export function malformedAnswer(method: string): Failed {
  return refuse('DEVICE_FAILED', { deviceCode: 'malformed-answer', deviceMessage: method })
}

/** The plan cannot be put into the SDK's words; nothing was sent. */
export function planInvalid(field: string): Failed {
  return refuse('DEVICE_FAILED', { deviceCode: 'plan-invalid', deviceMessage: field })
}
