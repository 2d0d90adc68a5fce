/** The line to the one device: keeps its state, takes one operation at a time, asks the device who it is
 *  before each, and gives a cancelled operation back within a second. Refuses with DEVICE_* codes. */
import { z } from 'zod'
import { ok, refuse } from '../../../../shared/errors/refusal.ts'
import type { DeviceResult, DeviceState, SigningTask, WalletRef } from '../../../host/ports.ts'
import type { ChildHandle } from './childProcess.ts'
import { type DeviceDescription, describeDevice } from './describe.ts'
import { stateOf } from './deviceState.ts'
import { type LinkChoice, type SdkMethod, type Stage, featuresSchema } from './protocol.ts'
import { type DeviceRefusal, refusalOf } from './refusal.ts'
import { createSdkWorker } from './sdkWorker.ts'

/** What a call is about; the same word stands in states and refusals. */
export type DeviceTask = 'read-keys' | 'show-bitcoin-address' | 'show-evm-address' | SigningTask

export interface LateSignature {
  readonly what: SigningTask
  readonly deviceId: string
}

export interface SdkCall<T> {
  readonly method: SdkMethod
  readonly params: Record<string, unknown>
  readonly answer: z.ZodType<T>
}

/** One SDK call on the device that was just asked who it is. */
export type Ask = <T>(call: SdkCall<T>) => Promise<DeviceResult<T>>

export interface DeviceLine {
  state(): DeviceState
  onState(listener: (state: DeviceState) => void): () => void
  /** Runs `work` on the wallet's device; `wallet` null takes the main wallet of whichever is there. */
  operate<T>(
    task: { readonly what: DeviceTask; readonly wallet: WalletRef | null },
    signal: AbortSignal,
    work: (ask: Ask, device: DeviceDescription) => Promise<DeviceResult<T>>,
  ): Promise<DeviceResult<T>>
  close(): Promise<void>
}

const PROBE_SILENCE_MS = 5_000
/** How often a device that cannot be used yet is asked again. */
const RECHECK_MS = 1_500
/** Longest a cancelled operation is waited for; the process itself gives up sooner. */
const ABANDON_MS = 600

const probeSchema = z.object({ count: z.int().nonnegative(), features: featuresSchema.optional() })

interface Operation {
  readonly what: DeviceTask
  readonly wallet: WalletRef | null
  readonly signal: AbortSignal
  stage: Stage
}

function isSigning(what: DeviceTask): what is SigningTask {
  return what.startsWith('sign-')
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
  readonly onLateSignature: (late: LateSignature) => void
}): DeviceLine {
  const listeners = new Set<(state: DeviceState) => void>()
  const closing = new AbortController()
  let operation: Operation | null = null
  let description: DeviceDescription | null = null
  let absence = 'connecting'
  let probing: Promise<unknown> | null = null
  let told = ''
  const worker = createSdkWorker(options.link, options.startChild, presenceChanged)
  const recheck = setInterval(recheckIdle, RECHECK_MS)
  recheck.unref()

  function state(): DeviceState {
    return stateOf({ presence: worker.presence(), description, absence, operation })
  }

  function tell(): void {
    if (closing.signal.aborted) return
    const now = state()
    const text = JSON.stringify(now)
    if (text === told) return
    told = text
    for (const listener of listeners) listener(now)
  }

  function presenceChanged(): void {
    if (worker.presence() !== 1) description = null
    tell()
    if (operation === null) probeIdle()
  }

  function recheckIdle(): void {
    const settled = description?.usable === 'usable' && description.lock === 'unlocked'
    if (operation === null && !settled) probeIdle()
  }

  function probeIdle(): void {
    if (probing !== null || worker.presence() !== 1) return
    if (worker.lingers() || closing.signal.aborted) return
    probing = probe('probe', closing.signal, () => {}).finally(() => {
      probing = null
    })
  }

  /** Asks the device who it is. */
  async function probe(
    what: DeviceTask | 'probe',
    signal: AbortSignal,
    onStage: (stage: Stage) => void,
  ): Promise<DeviceResult<DeviceDescription>> {
    const outcome = await worker.request(
      { kind: 'probe' },
      { signal, silenceMs: PROBE_SILENCE_MS, onStage, onLate: () => {} },
    )
    if (signal.aborted) return refuse('DEVICE_CANCELLED', { what })
    if (outcome.kind === 'error') {
      description = null
      absence = outcome.code
      tell()
      return failed(refusalFor(outcome, { what, deviceId: null }, PROBE_SILENCE_MS))
    }
    const answer = probeSchema.safeParse(outcome.payload)
    const features = answer.data?.features
    description = features === undefined ? null : describeDevice(features)
    absence = 'no-answer'
    tell()
    if (description !== null) return ok(description)
    const count = answer.data?.count ?? 0
    return count > 1 ? refuse('DEVICE_SEVERAL', { count }) : notFound(absence)
  }

  function refusalFor(
    error: { readonly code: string; readonly message: string },
    { what, deviceId }: { readonly what: string; readonly deviceId: string | null },
    silenceMs: number,
  ): DeviceRefusal {
    switch (error.code) {
      case 'cancelled':
      case 'closed':
        return refuse('DEVICE_CANCELLED', { what }).refusal
      case 'silent':
        return refuse('DEVICE_TIMEOUT', { what, afterMs: silenceMs }).refusal
      default:
        return refusalOf(error.code, error.message, {
          what,
          deviceId,
          foundDeviceId: description?.info.deviceId ?? '',
          firmware: description?.info.firmware ?? '',
          neededFirmware: description?.neededFirmware ?? '',
        })
    }
  }

  /** The device, present, alone, asked who it is, and fit for the operation. */
  async function reach(
    { what, wallet, signal }: Operation,
    onStage: (stage: Stage) => void,
  ): Promise<DeviceResult<DeviceDescription>> {
    const several = worker.presence() ?? 0
    if (several > 1) return refuse('DEVICE_SEVERAL', { count: several })
    await probing
    const count = await worker.findPresence(signal)
    if (signal.aborted) return refuse('DEVICE_CANCELLED', { what })
    if (count === null) return notFound('starting')
    if (count === 0) return notFound('not-connected')
    if (count > 1) return refuse('DEVICE_SEVERAL', { count })
    const found = await probe(what, signal, onStage)
    return found.ok ? (unfit(found.value, wallet?.deviceId ?? null) ?? found) : found
  }

  async function perform<T>(
    running: Operation,
    work: (ask: Ask, device: DeviceDescription) => Promise<DeviceResult<T>>,
  ): Promise<DeviceResult<T>> {
    const { what, wallet, signal } = running
    const { silenceMs } = options
    const onStage = (stage: Stage): void => {
      running.stage = stage
      tell()
    }
    const reached = await reach(running, onStage)
    if (!reached.ok) return reached
    const device = reached.value
    const { deviceId } = device.info
    const onLate = (): void => {
      if (!isSigning(what)) return
      options.onLateSignature({ what, deviceId })
    }
    const ask: Ask = async ({ method, params, answer }) => {
      if (signal.aborted) return refuse('DEVICE_CANCELLED', { what })
      const outcome = await worker.request(
        {
          kind: 'call',
          method,
          connectId: device.connectId,
          deviceId,
          params: { ...params, useEmptyPassphrase: true },
        },
        { signal, silenceMs, onStage, onLate },
      )
      if (outcome.kind === 'error')
        return failed(refusalFor(outcome, { what, deviceId: wallet?.deviceId ?? null }, silenceMs))
      const parsed = answer.safeParse(outcome.payload)
      return parsed.success ? ok(parsed.data) : malformedAnswer(method)
    }
    return work(ask, device)
  }

  return {
    state,
    onState(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async operate(task, callerSignal, work) {
      const signal = AbortSignal.any([callerSignal, closing.signal])
      const cancelled = refuse('DEVICE_CANCELLED', { what: task.what })
      if (task.wallet?.passphrase === true) {
        return refuse('DEVICE_PASSPHRASE_OFF', { device: task.wallet.deviceId })
      }
      if (signal.aborted) return cancelled
      if (operation !== null) return refuse('DEVICE_BUSY', { by: operation.what })
      const running: Operation = { ...task, signal, stage: 'working' }
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
        if (description?.lock === 'locked') probeIdle()
        tell()
      }
    },
    async close() {
      closing.abort()
      clearInterval(recheck)
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
