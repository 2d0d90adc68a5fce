/** What the host and its SDK child say to each other. Every message from the child is parsed with these:
 *  the child runs foreign code and talks to foreign hardware. */
import { z } from 'zod'
import type { DeviceResult } from '../../../host/ports.ts'

export const linkChoiceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('tcp'), port: z.int().min(1).max(65535) }),
  z.object({ kind: z.literal('usb') }),
])
export type LinkChoice = z.infer<typeof linkChoiceSchema>

/** The SDK methods that are used; nothing else can be asked of the child. */
export const sdkMethodSchema = z.enum([
  'deviceUnlock',
  'getPassphraseState',
  'btcGetPublicKey',
  'evmGetPublicKey',
  'btcGetAddress',
  'evmGetAddress',
  'btcSignTransaction',
  'evmSignTransaction',
  'btcSignMessage',
  'evmSignMessage',
  'evmSignTypedData',
])
export type SdkMethod = z.infer<typeof sdkMethodSchema>

/** One SDK call, and the shape of its answer. */
export interface SdkCall<T> {
  readonly method: SdkMethod
  readonly params: Record<string, unknown>
  readonly answer: z.ZodType<T>
}

/** Makes a call on the wallet that was just opened. */
export type Ask = <T>(call: SdkCall<T>) => Promise<DeviceResult<T>>

const answerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('pin'), positions: z.string().regex(/^[1-9]{1,50}$/) }),
  z.object({ kind: z.literal('passphrase'), text: z.string().max(50) }),
  z.object({ kind: z.literal('on-device') }),
  z.object({ kind: z.literal('cancel') }),
])

export const toChildSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('start'), link: linkChoiceSchema }),
  /** Asks who is there; of several, `deviceId` says which one is meant. */
  z.object({ kind: z.literal('probe'), id: z.int(), deviceId: z.string().nullable() }),
  z.object({
    kind: z.literal('call'),
    id: z.int(),
    method: sdkMethodSchema,
    connectId: z.string().min(1),
    deviceId: z.string().min(1),
    params: z.record(z.string(), z.unknown()),
  }),
  /** What a person typed for the PIN matrix or as passphrase, for the call that asks for it. */
  z.object({ kind: z.literal('answer'), answer: answerSchema }),
  z.object({ kind: z.literal('cancel'), id: z.int() }),
])
export type ToChild = z.infer<typeof toChildSchema>

/** What the device is doing within a call: working, waiting for a button, for its PIN or passphrase on its
 *  own screen, or for one of them from here. */
export const stageSchema = z.enum([
  'working',
  'button',
  'pin',
  'passphrase-on-device',
  'pin-matrix',
  'passphrase',
])
export type Stage = z.infer<typeof stageSchema>

export const outcomeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('answer'), payload: z.unknown() }),
  /** `code` is the SDK's number as text, or one of the link's: lost, no-permission, in-use. */
  z.object({ kind: z.literal('error'), code: z.string(), message: z.string() }),
])
export type Outcome = z.infer<typeof outcomeSchema>

export const fromChildSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('presence'), count: z.int().nonnegative() }),
  z.object({ kind: z.literal('stage'), id: z.int(), stage: stageSchema }),
  z.object({ kind: z.literal('done'), id: z.int(), outcome: outcomeSchema }),
])
export type FromChild = z.infer<typeof fromChildSchema>

/** The part of the device's Features that is used. */
export const featuresSchema = z.object({
  device_id: z.string().nullish(),
  label: z.string().nullish(),
  onekey_device_type: z.string().nullish(),
  onekey_firmware_version: z.string().nullish(),
  onekey_version: z.string().nullish(),
  onekey_serial_no: z.string().nullish(),
  onekey_serial: z.string().nullish(),
  serial_no: z.string().nullish(),
  bootloader_mode: z.boolean().nullish(),
  initialized: z.boolean().nullish(),
  unlocked: z.boolean().nullish(),
  passphrase_protection: z.boolean().nullish(),
})
export type Features = z.infer<typeof featuresSchema>
