/** The OneKey as the host sees it: DevicePort over the SDK's process. One call at a time; a cancel
 *  returns within a second whatever the device does; a signature that comes later is dropped and told to
 *  `onLateSignature`. Nothing the device returns is believed here beyond its shape. */
import { z } from 'zod'
import { ok, refuse } from '../../../../shared/errors/refusal.ts'
import type { DevicePort, DeviceResult, DeviceState } from '../../../host/ports.ts'
import { COIN_NAMES, type BuiltCall, buildBitcoinCall, signedBitcoinSchema } from './bitcoinCall.ts'
import { type ChildHandle, defaultChildEntry, forkChild } from './childProcess.ts'
import { type DeviceDescription, describeDevice } from './describe.ts'
import { buildEvmCall, signedEvmSchema } from './evmCall.ts'
import { normaliseExtendedKey } from './extendedKey.ts'
import { coinTypeOf, parsePath } from './path.ts'
import {
  type LinkChoice,
  type Outcome,
  type SdkMethod,
  type Stage,
  featuresSchema,
} from './protocol.ts'
import { type DeviceRefusal, refusalOf } from './refusal.ts'
import { type RequestOptions, createSdkWorker } from './sdkWorker.ts'

/** What a call is about; the same word stands in states and refusals. */
export type DeviceTask =
  | 'read-keys'
  | 'show-bitcoin-address'
  | 'show-evm-address'
  | 'sign-bitcoin'
  | 'sign-evm'

export interface OneKeyDeviceOptions {
  /** TCP to a software device (demo), or USB to real ones. */
  readonly link: LinkChoice
  /** Entry module of the SDK's process; by default beside this module. */
  readonly childEntry?: URL
  /** Another way to start that process, where node:child_process cannot. */
  readonly startChild?: () => ChildHandle
  /** A signature came after its call was cancelled. It was dropped; journal it. */
  readonly onLateSignature?: (late: {
    readonly what: 'sign-bitcoin' | 'sign-evm'
    readonly deviceId: string
  }) => void
  /** Longest silence of a device that is not waiting for a person; then DEVICE_TIMEOUT. */
  readonly silenceMs?: number
}

const SILENCE_MS = 30_000
const PROBE_SILENCE_MS = 5_000
/** How often a device that cannot be used yet is asked again. */
const RECHECK_MS = 1_500

const probeSchema = z.object({ count: z.int().nonnegative(), features: featuresSchema.optional() })
const addressSchema = z.object({ address: z.string().min(1) })
const bitcoinKeysSchema = z.array(
  z.object({ xpub: z.string(), root_fingerprint: z.int().min(0).max(0xffffffff) }),
)
const evmKeySchema = z.object({ xpub: z.string() })

type Failed = { readonly ok: false; readonly refusal: DeviceRefusal }

interface Operation {
  readonly what: DeviceTask
  readonly deviceId: string | null
  readonly signal: AbortSignal
  stage: Stage
}

/** One SDK call within an operation, on the device that was just probed. */
type Ask = (method: SdkMethod, params: Record<string, unknown>) => Promise<Outcome>

export function createOneKeyDevice(options: OneKeyDeviceOptions): DevicePort {
  const listeners = new Set<(state: DeviceState) => void>()
  let operation: Operation | null = null
  let description: DeviceDescription | null = null
  let absence = 'connecting'
  let probing: Promise<unknown> | null = null
  let last = ''
  const closing = new AbortController()
  const silenceMs = options.silenceMs ?? SILENCE_MS
  const start = options.startChild ?? (() => forkChild(options.childEntry ?? defaultChildEntry()))
  const worker = createSdkWorker(options.link, start, presenceChanged)
  const recheck = setInterval(recheckIdle, RECHECK_MS)
  recheck.unref()

  function state(): DeviceState {
    const count = worker.presence()
    if (count === null) return { kind: 'absent', reason: 'starting' }
    if (count === 0) return { kind: 'absent', reason: 'not-connected' }
    if (count > 1) return { kind: 'several', count }
    if (description === null) return { kind: 'absent', reason: absence }
    const device = description.info
    if (operation !== null && operation.stage === 'working') {
      return { kind: 'busy', device, what: operation.what }
    }
    if (operation !== null) {
      return { kind: 'waiting', device, what: operation.stage === 'pin' ? 'pin' : operation.what }
    }
    if (description.usable !== 'usable') {
      return { kind: 'unusable', device, reason: description.usable }
    }
    return description.lock === 'locked' ? { kind: 'locked', device } : { kind: 'ready', device }
  }

  function emit(): void {
    if (closing.signal.aborted) return
    const now = state()
    const text = JSON.stringify(now)
    if (text === last) return
    last = text
    for (const listener of listeners) listener(now)
  }

  function presenceChanged(): void {
    if (worker.presence() !== 1) description = null
    emit()
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

  /** Asks the device who it is. Null when it answered; else why not. */
  async function probe(
    what: DeviceTask | 'probe',
    signal: AbortSignal,
    onStage: (stage: Stage) => void,
  ): Promise<DeviceRefusal | null> {
    const outcome = await worker.request(
      { kind: 'probe' },
      { signal, silenceMs: PROBE_SILENCE_MS, onStage, onLate: () => {} },
    )
    const answer = outcome.kind === 'answer' ? probeSchema.safeParse(outcome.payload) : null
    description = answer?.data?.features === undefined ? null : describeDevice(answer.data.features)
    absence = outcome.kind === 'error' ? outcome.code : 'no-answer'
    emit()
    if (description !== null) return null
    const count = answer?.data?.count ?? 0
    if (count > 1) return refuse('DEVICE_SEVERAL', { count }).refusal
    return outcome.kind === 'error'
      ? refusalFor({ ...outcome, afterMs: PROBE_SILENCE_MS }, what, null)
      : notFound('no-answer')
  }

  function notFound(reason: string): DeviceRefusal {
    return refuse('DEVICE_NOT_FOUND', { reason }).refusal
  }

  function refusalFor(
    error: { readonly code: string; readonly message: string; readonly afterMs?: number },
    what: string,
    deviceId: string | null,
  ): DeviceRefusal {
    if (error.code === 'cancelled' || error.code === 'closed') {
      return refuse('DEVICE_CANCELLED', { what }).refusal
    }
    if (error.code === 'silent') {
      return refuse('DEVICE_TIMEOUT', { what, afterMs: error.afterMs ?? silenceMs }).refusal
    }
    return refusalOf(error.code, error.message, {
      what,
      deviceId,
      foundDeviceId: description?.info.deviceId ?? '',
      firmware: description?.info.firmware ?? '',
      neededFirmware: description?.neededFirmware ?? '',
    })
  }

  /** The probed device, if it is the one that was asked for and can be used. */
  function unfit(found: DeviceDescription, deviceId: string | null): DeviceRefusal | null {
    switch (found.usable) {
      case 'bootloader':
      case 'not-initialised':
        return refuse('DEVICE_FAILED', { deviceCode: found.usable, deviceMessage: '' }).refusal
      case 'firmware-too-old':
        return refuse('DEVICE_FIRMWARE_TOO_OLD', {
          found: found.info.firmware,
          needed: found.neededFirmware,
        }).refusal
      case 'usable':
        if (deviceId === null || deviceId === found.info.deviceId) return null
        return refuse('DEVICE_WRONG', { expected: deviceId, found: found.info.deviceId }).refusal
    }
  }

  async function perform<T>(
    running: Operation,
    work: (ask: Ask, device: DeviceDescription) => Promise<DeviceResult<T>>,
  ): Promise<DeviceResult<T>> {
    const { what, deviceId, signal } = running
    const cancelled = (): DeviceResult<T> => refuse('DEVICE_CANCELLED', { what })
    const onStage = (stage: Stage): void => {
      running.stage = stage
      emit()
    }
    const several = worker.presence() ?? 0
    if (several > 1) return refuse('DEVICE_SEVERAL', { count: several })
    await probing
    const count = await worker.findPresence(signal)
    if (signal.aborted) return cancelled()
    if (count === null) return { ok: false, refusal: notFound('starting') }
    if (count === 0) return { ok: false, refusal: notFound('not-connected') }
    if (count > 1) return refuse('DEVICE_SEVERAL', { count })
    const refusal = await probe(what, signal, onStage)
    if (signal.aborted) return cancelled()
    const found = description
    if (refusal !== null) return { ok: false, refusal }
    if (found === null) return { ok: false, refusal: notFound('no-answer') }
    const problem = unfit(found, deviceId)
    if (problem !== null) return { ok: false, refusal: problem }
    const requestOptions: RequestOptions = {
      signal,
      silenceMs,
      onStage,
      onLate() {
        if (what !== 'sign-bitcoin' && what !== 'sign-evm') return
        options.onLateSignature?.({ what, deviceId: found.info.deviceId })
      },
    }
    const ask: Ask = (method, params) =>
      signal.aborted
        ? Promise.resolve({ kind: 'error', code: 'cancelled', message: '' })
        : worker.request(
            {
              kind: 'call',
              method,
              connectId: found.connectId,
              deviceId: found.info.deviceId,
              params,
            },
            requestOptions,
          )
    return work(ask, found)
  }

  async function operate<T>(
    task: { readonly what: DeviceTask; readonly deviceId: string | null },
    signal: AbortSignal,
    work: (ask: Ask, device: DeviceDescription) => Promise<DeviceResult<T>>,
  ): Promise<DeviceResult<T>> {
    const both = AbortSignal.any([signal, closing.signal])
    if (both.aborted) return refuse('DEVICE_CANCELLED', { what: task.what })
    if (operation !== null) return refuse('DEVICE_BUSY', { by: operation.what })
    const running: Operation = { ...task, signal: both, stage: 'working' }
    operation = running
    emit()
    // A probe of our own may hold the line: the caller's cancel does not wait for it.
    const abandoned = new Promise<DeviceResult<T>>((resolve) => {
      const give = (): void => resolve(refuse('DEVICE_CANCELLED', { what: task.what }))
      both.addEventListener('abort', () => setTimeout(give, 600), { once: true })
    })
    try {
      return await Promise.race([perform(running, work), abandoned])
    } finally {
      operation = null
      if (description?.lock === 'locked') probeIdle()
      emit()
    }
  }

  function failed(outcome: Outcome & { kind: 'error' }, task: Task): Failed {
    return { ok: false, refusal: refusalFor(outcome, task.what, task.deviceId) }
  }

  type Task = { readonly what: DeviceTask; readonly deviceId: string | null }

  function malformed(what: string): Failed {
    return {
      ok: false,
      refusal: refuse('DEVICE_FAILED', {
        deviceCode: 'malformed-answer',
        deviceMessage: what,
      }).refusal,
    }
  }

  function planInvalid(field: string): Failed {
    return {
      ok: false,
      refusal: refuse('DEVICE_FAILED', { deviceCode: 'plan-invalid', deviceMessage: field })
        .refusal,
    }
  }

  /** One SDK call whose answer has this shape. */
  async function askFor<T>(
    ask: Ask,
    task: Task,
    call: { readonly method: SdkMethod; readonly params: Record<string, unknown> },
    schema: z.ZodType<T>,
  ): Promise<DeviceResult<T>> {
    const outcome = await ask(call.method, call.params)
    if (outcome.kind === 'error') return failed(outcome, task)
    const answer = schema.safeParse(outcome.payload)
    return answer.success ? ok(answer.data) : malformed(call.method)
  }

  function sign<T>(
    what: 'sign-bitcoin' | 'sign-evm',
    method: SdkMethod,
    deviceId: string,
    built: BuiltCall,
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<DeviceResult<T>> {
    if (built.kind === 'invalid') return Promise.resolve(planInvalid(built.field))
    const task = { what, deviceId }
    const call = { method, params: built.params }
    return operate(task, signal, (ask) => askFor(ask, task, call, schema))
  }

  return {
    state,
    onState(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    readKeys: (request, signal) => {
      const task: Task = { what: 'read-keys', deviceId: null }
      return operate(task, signal, async (ask, device) => {
        const plan = planKeys(request.paths)
        if (plan.kind === 'invalid') return planInvalid(plan.field)
        const coin = COIN_NAMES[request.network]
        const bundle = plan.bitcoin.map((path) => ({ path, coin, showOnOneKey: false }))
        const bitcoin = await askFor(
          ask,
          task,
          { method: 'btcGetPublicKey', params: { bundle, useEmptyPassphrase: true } },
          bitcoinKeysSchema.length(bundle.length),
        )
        if (!bitcoin.ok) return bitcoin
        const keys = new Map<string, string | null>()
        for (const [i, key] of bitcoin.value.entries()) {
          const form = request.network === 'mainnet' ? 'xpub' : 'tpub'
          keys.set(plan.bitcoin[i] ?? '', normaliseExtendedKey(key.xpub, form))
        }
        for (const path of plan.evm) {
          const params = { path, showOnOneKey: false, useEmptyPassphrase: true }
          const evm = await askFor(ask, task, { method: 'evmGetPublicKey', params }, evmKeySchema)
          if (!evm.ok) return evm
          keys.set(path, normaliseExtendedKey(evm.value.xpub, 'xpub'))
        }
        const xpubs = request.paths.map((path) => keys.get(path) ?? null)
        const [first] = bitcoin.value
        if (first === undefined || xpubs.includes(null)) return malformed('xpub')
        return ok({
          fingerprint: first.root_fingerprint.toString(16).padStart(8, '0'),
          device: device.info,
          xpubs: xpubs.filter((xpub) => xpub !== null),
        })
      })
    },
    showBitcoinAddress: (request, signal) => {
      const task: Task = { what: 'show-bitcoin-address', deviceId: request.deviceId }
      const params = {
        path: request.path,
        coin: COIN_NAMES[request.network],
        showOnOneKey: true,
        useEmptyPassphrase: true,
      }
      if (parsePath(request.path) === null) return Promise.resolve(planInvalid('path'))
      return operate(task, signal, (ask) =>
        askFor(ask, task, { method: 'btcGetAddress', params }, addressSchema),
      )
    },
    showEvmAddress: (request, signal) => {
      const task: Task = { what: 'show-evm-address', deviceId: request.deviceId }
      const params = {
        path: request.path,
        chainId: request.chainId,
        showOnOneKey: true,
        useEmptyPassphrase: true,
      }
      if (parsePath(request.path) === null) return Promise.resolve(planInvalid('path'))
      return operate(task, signal, (ask) =>
        askFor(ask, task, { method: 'evmGetAddress', params }, addressSchema),
      )
    },
    async signBitcoin(request, signal) {
      const signed = await sign(
        'sign-bitcoin',
        'btcSignTransaction',
        request.deviceId,
        buildBitcoinCall(request.plan),
        signedBitcoinSchema,
        signal,
      )
      return signed.ok ? ok({ rawHex: signed.value.serializedTx }) : signed
    },
    signEvm: (request, signal) =>
      sign(
        'sign-evm',
        'evmSignTransaction',
        request.deviceId,
        buildEvmCall(request.plan),
        signedEvmSchema,
        signal,
      ),
    async close() {
      closing.abort()
      clearInterval(recheck)
      await worker.close()
    },
  }
}

type KeyPlan =
  | { readonly kind: 'keys'; readonly bitcoin: readonly string[]; readonly evm: readonly string[] }
  | { readonly kind: 'invalid'; readonly field: string }

/** Bitcoin paths in one bundle (its answer carries the fingerprint, so there is always one), EVM one by one. */
function planKeys(paths: readonly string[]): KeyPlan {
  const evm: string[] = []
  const bitcoin: string[] = []
  for (const [i, path] of paths.entries()) {
    const numbers = parsePath(path)
    if (numbers === null || numbers.length < 3) return { kind: 'invalid', field: `paths.${i}` }
    if (coinTypeOf(numbers) === 60) evm.push(path)
    else bitcoin.push(path)
  }
  return { kind: 'keys', bitcoin: bitcoin.length > 0 ? bitcoin : ["m/84'/0'/0'"], evm }
}
