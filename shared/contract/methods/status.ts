/** Who answers, how old the answers are, and what the device does: the status bar. */
import { z } from 'zod'
import { refusalSchema } from '../../errors/refusalSchema.ts'
import { venueIdSchema } from '../../collateral/snapshot.ts'
import { instantSchema } from '../../units/time.ts'
import { defineMethod } from '../method.ts'

const deviceInfoSchema = z
  .object({ deviceId: z.string(), label: z.string(), model: z.string(), firmware: z.string() })
  .readonly()

export const deviceStateSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('absent'), reason: z.string() }).readonly(),
  z
    .object({
      kind: z.literal('several'),
      count: z.int(),
      devices: z.array(deviceInfoSchema).readonly(),
    })
    .readonly(),
  z.object({ kind: z.literal('ready'), device: deviceInfoSchema }).readonly(),
  z.object({ kind: z.literal('locked'), device: deviceInfoSchema }).readonly(),
  z.object({ kind: z.literal('busy'), device: deviceInfoSchema, what: z.string() }).readonly(),
  z.object({ kind: z.literal('waiting'), device: deviceInfoSchema, what: z.string() }).readonly(),
  z
    .object({
      kind: z.literal('asks'),
      device: deviceInfoSchema,
      what: z.enum(['pin-matrix', 'passphrase']),
      wrongPins: z.int().nonnegative(),
      onDevice: z.boolean(),
    })
    .readonly(),
  z
    .object({
      kind: z.literal('unusable'),
      device: deviceInfoSchema,
      reason: z.enum(['bootloader', 'firmware-too-old', 'not-initialised']),
      neededFirmware: z.string(),
    })
    .readonly(),
])

export const venueStatusSchema = z
  .object({
    accountId: z.string(),
    venue: venueIdSchema,
    label: z.string(),
    /** Of the newest good answer; null before the first. */
    asOf: instantSchema.nullable(),
    staleAfterMs: z.int(),
    clockSkewMs: z.number().nullable(),
    /** Why the newest attempt failed; null when it did not. */
    refusal: refusalSchema.nullable(),
  })
  .readonly()

/** What a second, independent server said of the chain's figures. */
export const crossCheckSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('not-asked'), second: z.string() }).readonly(),
  z.object({ kind: z.literal('agree'), second: z.string(), asOf: instantSchema }).readonly(),
  /** The second is away: only one source stands behind the figures. */
  z
    .object({ kind: z.literal('one-source'), second: z.string(), refusal: refusalSchema })
    .readonly(),
  z.object({ kind: z.literal('differ'), second: z.string(), refusal: refusalSchema }).readonly(),
])

export const chainStatusSchema = z
  .object({
    /** 'bitcoin' or 'evm:<chainId>'. */
    chain: z.string(),
    source: z.string(),
    /** Null where only one server is configured. */
    crossCheck: crossCheckSchema.nullable(),
    height: z.int().nullable(),
    asOf: instantSchema.nullable(),
    refusal: refusalSchema.nullable(),
  })
  .readonly()

export const statusRead = defineMethod({
  name: 'status.read',
  effect: 'read',
  input: z.object({}).strict(),
  output: z
    .object({
      mode: z.enum(['demo', 'real']),
      version: z.string(),
      now: instantSchema,
      venues: z.array(venueStatusSchema).readonly(),
      chains: z.array(chainStatusSchema).readonly(),
      device: deviceStateSchema,
      /** Page of the simulated device, demo only. Its origin is not ours: its buttons cannot be pressed from here. */
      simulatedDeviceUrl: z.string().nullable(),
      journalCount: z.int(),
      /** Set when every movement is blocked, e.g. after a restore. */
      blocked: refusalSchema.nullable(),
    })
    .readonly(),
  refusals: [],
})
