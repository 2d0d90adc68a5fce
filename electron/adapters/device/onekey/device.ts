/** The OneKey as the host sees it: DevicePort over the SDK's process. One call at a time; a cancel
 *  returns within a second whatever the device does; a signature that comes later is dropped and told to
 *  `onLateSignature`. Nothing the device returns is believed here beyond its shape. */
import { z } from 'zod'
import { ok } from '../../../../shared/errors/refusal.ts'
import type { DevicePort, DeviceResult } from '../../../host/ports.ts'
import { type BuiltCall, COIN_NAMES, buildBitcoinCall, signedBitcoinSchema } from './bitcoinCall.ts'
import { type ChildHandle, defaultChildEntry, forkChild } from './childProcess.ts'
import {
  type DeviceTask,
  type LateSignature,
  type SdkCall,
  createDeviceLine,
  planInvalid,
} from './deviceLine.ts'
import { buildEvmCall, signedEvmSchema } from './evmCall.ts'
import { parsePath } from './path.ts'
import type { LinkChoice } from './protocol.ts'
import { readKeys } from './readKeys.ts'

export interface OneKeyDeviceOptions {
  /** TCP to a software device (demo), or USB to real ones. */
  readonly link: LinkChoice
  /** Entry module of the SDK's process; by default beside this module. */
  readonly childEntry?: URL
  /** Another way to start that process, where node:child_process cannot. */
  readonly startChild?: () => ChildHandle
  /** Longest silence of a device that is not waiting for a person; then DEVICE_TIMEOUT. */
  readonly silenceMs?: number
}

const SILENCE_MS = 30_000
const addressSchema = z.object({ address: z.string().min(1) })

export function createOneKeyDevice(options: OneKeyDeviceOptions): DevicePort {
  const lateListeners = new Set<(late: LateSignature) => void>()
  const line = createDeviceLine({
    link: options.link,
    startChild: options.startChild ?? (() => forkChild(options.childEntry ?? defaultChildEntry())),
    silenceMs: options.silenceMs ?? SILENCE_MS,
    onLateSignature(late) {
      for (const listener of lateListeners) listener(late)
    },
  })

  function once<T>(
    what: DeviceTask,
    deviceId: string,
    signal: AbortSignal,
    call: SdkCall<T>,
  ): Promise<DeviceResult<T>> {
    return line.operate({ what, deviceId }, signal, (ask) => ask(call))
  }

  function sign<T>(
    what: 'sign-bitcoin' | 'sign-evm',
    { deviceId }: { readonly deviceId: string },
    signal: AbortSignal,
    built: BuiltCall,
    call: Omit<SdkCall<T>, 'params'>,
  ): Promise<DeviceResult<T>> {
    if (built.kind === 'invalid') return Promise.resolve(planInvalid(built.field))
    return once(what, deviceId, signal, { ...call, params: built.params })
  }

  return {
    state: line.state,
    onState: line.onState,
    onLateSignature(listener) {
      lateListeners.add(listener)
      return () => lateListeners.delete(listener)
    },
    readKeys: (request, signal) =>
      line.operate({ what: 'read-keys', deviceId: null }, signal, (ask, device) =>
        readKeys(ask, device.info, request),
      ),
    async showBitcoinAddress({ path, network, deviceId }, signal) {
      if (parsePath(path) === null) return planInvalid('path')
      const coin = COIN_NAMES[network]
      return once('show-bitcoin-address', deviceId, signal, {
        method: 'btcGetAddress',
        params: { path, coin, showOnOneKey: true, useEmptyPassphrase: true },
        answer: addressSchema,
      })
    },
    async showEvmAddress({ path, chainId, deviceId }, signal) {
      if (parsePath(path) === null) return planInvalid('path')
      return once('show-evm-address', deviceId, signal, {
        method: 'evmGetAddress',
        params: { path, chainId, showOnOneKey: true, useEmptyPassphrase: true },
        answer: addressSchema,
      })
    },
    async signBitcoin(request, signal) {
      const signed = await sign('sign-bitcoin', request, signal, buildBitcoinCall(request.plan), {
        method: 'btcSignTransaction',
        answer: signedBitcoinSchema,
      })
      return signed.ok ? ok({ rawHex: signed.value.serializedTx }) : signed
    },
    signEvm: (request, signal) =>
      sign('sign-evm', request, signal, buildEvmCall(request.plan), {
        method: 'evmSignTransaction',
        answer: signedEvmSchema,
      }),
    close: line.close,
  }
}
