/** The OneKey as the host sees it: DevicePort over the SDK's process. One call at a time; a cancel
 *  returns within a second whatever the device does; a signature that comes later is dropped and told to
 *  `onLateSignature`. Nothing the device returns is believed here beyond its shape. */
import { ok } from '../../../../shared/errors/refusal.ts'
import type { DevicePort, DeviceResult, WalletRef } from '../../../host/ports.ts'
import {
  type BuiltCall,
  addressSchema,
  buildBitcoinAddressCall,
  buildBitcoinCall,
  signedBitcoinSchema,
} from './bitcoinCall.ts'
import { type ChildHandle, defaultChildEntry, forkChild } from './childProcess.ts'
import { type DeviceTask, type LateSignature, createDeviceLine, planInvalid } from './deviceLine.ts'
import { buildEvmAddressCall, buildEvmCall, signedEvmSchemas } from './evmCall.ts'
import {
  bitcoinMessageSchema,
  buildBitcoinMessageCall,
  buildEvmMessageCall,
  buildTypedDataCall,
  evmMessageSchema,
} from './messageCall.ts'
import type { LinkChoice, SdkCall } from './protocol.ts'
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
  /** By which a machine that slept is noticed; milliseconds. */
  readonly now?: () => number
}

const SILENCE_MS = 30_000

export function createOneKeyDevice(options: OneKeyDeviceOptions): DevicePort {
  const lateListeners = new Set<(late: LateSignature) => void>()
  const line = createDeviceLine({
    link: options.link,
    startChild: options.startChild ?? (() => forkChild(options.childEntry ?? defaultChildEntry())),
    silenceMs: options.silenceMs ?? SILENCE_MS,
    now: options.now ?? Date.now,
    onLateSignature(late) {
      for (const listener of lateListeners) listener(late)
    },
  })

  /** One call on the wallet, once the device was asked who it is. */
  function once<T>(
    what: DeviceTask,
    wallet: WalletRef,
    signal: AbortSignal,
    call: SdkCall<T>,
  ): Promise<DeviceResult<T>> {
    return line.operate({ what, wallet }, signal, (ask) => ask(call))
  }

  /** As `once`, with parameters that a plan or a request may fail to give. */
  async function build<T>(
    what: DeviceTask,
    wallet: WalletRef,
    signal: AbortSignal,
    built: BuiltCall,
    call: Omit<SdkCall<T>, 'params'>,
  ): Promise<DeviceResult<T>> {
    if (built.kind === 'invalid') return planInvalid(built.field)
    return once(what, wallet, signal, { ...call, params: built.params })
  }

  return {
    state: line.state,
    onState: line.onState,
    onLateSignature(listener) {
      lateListeners.add(listener)
      return () => lateListeners.delete(listener)
    },
    answer: line.answer,
    choose: line.choose,
    readKeys(request, signal) {
      const wallet = request.passphrase ? 'any-passphrase' : 'main'
      return line.operate({ what: 'read-keys', wallet }, signal, (ask, device) =>
        readKeys(ask, device.info, request),
      )
    },
    showBitcoinAddress: ({ wallet, ...request }, signal) =>
      build('show-bitcoin-address', wallet, signal, buildBitcoinAddressCall(request), {
        method: 'btcGetAddress',
        answer: addressSchema,
      }),
    showEvmAddress: ({ wallet, path, chainId }, signal) =>
      build('show-evm-address', wallet, signal, buildEvmAddressCall(path, chainId), {
        method: 'evmGetAddress',
        answer: addressSchema,
      }),
    async signBitcoin({ plan, wallet }, signal) {
      const signed = await build('sign-bitcoin', wallet, signal, buildBitcoinCall(plan), {
        method: 'btcSignTransaction',
        answer: signedBitcoinSchema,
      })
      return signed.ok ? ok({ rawHex: signed.value.serializedTx }) : signed
    },
    signEvm: ({ plan, wallet }, signal) =>
      build('sign-evm', wallet, signal, buildEvmCall(plan), {
        method: 'evmSignTransaction',
        answer: signedEvmSchemas[plan.type],
      }),
    signBitcoinMessage: ({ wallet, ...request }, signal) =>
      build('sign-bitcoin-message', wallet, signal, buildBitcoinMessageCall(request), {
        method: 'btcSignMessage',
        answer: bitcoinMessageSchema,
      }),
    signEvmMessage: ({ wallet, ...request }, signal) =>
      build('sign-evm-message', wallet, signal, buildEvmMessageCall(request), {
        method: 'evmSignMessage',
        answer: evmMessageSchema,
      }),
    signTypedData: ({ wallet, ...request }, signal) =>
      build('sign-typed-data', wallet, signal, buildTypedDataCall(request), {
        method: 'evmSignTypedData',
        answer: evmMessageSchema,
      }),
    close: line.close,
  }
}
