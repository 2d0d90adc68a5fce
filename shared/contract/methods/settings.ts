/** Policy, connections and their keys. What loosens protection is confirmed outside the renderer. */
import { z } from 'zod'
import { refusalSchema } from '../../errors/refusalSchema.ts'
import { venueIdSchema } from '../../collateral/snapshot.ts'
import { policySchema } from '../../risk/policy.ts'
import { instantSchema } from '../../units/time.ts'
import { defineMethod } from '../method.ts'
import { chainRefusals, deviceRefusals, storeRefusals, venueRefusals } from '../refusals.ts'

export const keyPermissionsSchema = z
  .object({
    read: z.boolean(),
    trade: z.boolean().nullable(),
    withdraw: z.boolean().nullable(),
    internalTransfer: z.boolean().nullable(),
    ipRestricted: z.boolean().nullable(),
  })
  .readonly()

export const connectionSchema = z
  .object({
    accountId: z.string(),
    venue: venueIdSchema,
    label: z.string(),
    /** Newest permission audit; null when it was not answered. */
    permissions: keyPermissionsSchema.nullable(),
    auditedAt: instantSchema.nullable(),
    refusal: refusalSchema.nullable(),
  })
  .readonly()

export const settingsRead = defineMethod({
  name: 'settings.read',
  effect: 'read',
  input: z.object({}).strict(),
  output: z
    .object({
      policy: policySchema,
      connections: z.array(connectionSchema).readonly(),
      chains: z
        .array(
          z
            .object({
              chain: z.string(),
              source: z.string(),
              /** Added here by the user: it may be removed here. */
              added: z.boolean(),
            })
            .readonly(),
        )
        .readonly(),
    })
    .readonly(),
  refusals: [],
})

/** What loosens is confirmed in the shell's own prompt; where it has none, by the device's button. */
export const settingsWritePolicy = defineMethod({
  name: 'settings.writePolicy',
  effect: 'write',
  input: z.object({ policy: policySchema }).strict(),
  output: policySchema,
  refusals: [
    ...storeRefusals,
    ...deviceRefusals,
    ...chainRefusals,
    'CONFIRMATION_REQUIRED',
    'VAULT_NOT_PAIRED',
    'NOT_FOUND',
  ],
})

const coinSymbol = z.string().regex(/^[A-Za-z0-9]{1,20}$/)

/** Another EVM chain by a server of the user's. Its chain id is asked and compared; confirmed outside the renderer.
 *  INPUT_INVALID: a chain that is there, an unknown one without its coin, a server over plain HTTP that is not here. */
export const evmAddChain = defineMethod({
  name: 'evm.addChain',
  effect: 'write',
  input: z
    .object({
      chainId: z.int().positive(),
      rpcUrl: z.url({ protocol: /^https?$/ }).max(500),
      /** Must say the same as the first. */
      secondUrl: z
        .url({ protocol: /^https?$/ })
        .max(500)
        .optional(),
      /** Symbol of what fees are paid in; of a chain we know it may be left out. */
      coin: coinSymbol.optional(),
    })
    .strict(),
  output: z.object({ chain: z.string(), source: z.string(), height: z.int() }).readonly(),
  refusals: [
    ...storeRefusals,
    ...deviceRefusals,
    ...chainRefusals,
    'INPUT_INVALID',
    'CONFIRMATION_REQUIRED',
    'VAULT_NOT_PAIRED',
    'NOT_FOUND',
  ],
})

/** An added chain only; it is gone after the next start. */
export const evmRemoveChain = defineMethod({
  name: 'evm.removeChain',
  effect: 'write',
  input: z.object({ chainId: z.int().positive() }).strict(),
  output: z.object({ chain: z.string() }).readonly(),
  refusals: ['NOT_FOUND', ...storeRefusals],
})

/** Keys go straight to the secret store; they are never read back out. Refused when the venue rejects them. */
export const venuesConnect = defineMethod({
  name: 'venues.connect',
  effect: 'write',
  input: z
    .object({
      venue: venueIdSchema,
      label: z.string().min(1).max(60),
      /** API key, or the account address on a DEX. */
      key: z.string().min(1).max(300),
      secret: z.string().max(300).optional(),
    })
    .strict(),
  output: connectionSchema,
  refusals: [...venueRefusals, ...storeRefusals],
})

export const venuesDisconnect = defineMethod({
  name: 'venues.disconnect',
  effect: 'write',
  input: z.object({ accountId: z.string() }).strict(),
  output: z.object({ accountId: z.string() }).readonly(),
  /** PLAN_STATE_WRONG while a transfer of this account is under way: without it, nothing could prove how it ended. */
  refusals: ['NOT_FOUND', 'PLAN_STATE_WRONG', ...storeRefusals],
})
