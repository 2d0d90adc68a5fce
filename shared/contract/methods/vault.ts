/** The cold side: pairing, balances, addresses that the device has shown. */
import { z } from 'zod'
import { refusalSchema } from '../../errors/refusalSchema.ts'
import { instantSchema } from '../../units/time.ts'
import { coinSchema, pinnedVaultSchema, vaultBalanceSchema } from '../../vault/account.ts'
import { defineMethod } from '../method.ts'
import { chainRefusals, deviceRefusals, storeRefusals } from '../refusals.ts'

export const vaultAddressSchema = z
  .object({
    chain: z.string(),
    address: z.string(),
    path: z.string(),
    used: z.boolean(),
    /** When the device last showed exactly this address and its button was pressed. */
    verifiedAt: instantSchema.nullable(),
  })
  .readonly()

export const vaultRead = defineMethod({
  name: 'vault.read',
  effect: 'read',
  input: z.object({}).strict(),
  output: z
    .object({
      pinned: pinnedVaultSchema.nullable(),
      balances: z.array(vaultBalanceSchema).readonly(),
      coins: z.array(coinSchema).readonly(),
      /** Receive addresses; the next unused one of each chain comes first. */
      addresses: z.array(vaultAddressSchema).readonly(),
      refusals: z.array(refusalSchema).readonly(),
    })
    .readonly(),
  refusals: [],
})

/** Reads the account keys from the device and pins them. Refuses to replace another vault's pin. */
export const vaultPair = defineMethod({
  name: 'vault.pair',
  effect: 'write',
  input: z.object({}).strict(),
  output: pinnedVaultSchema,
  refusals: [...deviceRefusals, ...storeRefusals, 'CONFIRMATION_REQUIRED'],
})

/** Shows an address derived here on the device's screen and compares what it says. */
export const vaultShowAddress = defineMethod({
  name: 'vault.showAddress',
  effect: 'write',
  input: z.object({ chain: z.string(), path: z.string() }).strict(),
  output: vaultAddressSchema,
  refusals: [
    ...deviceRefusals,
    ...storeRefusals,
    ...chainRefusals,
    'VAULT_NOT_PAIRED',
    'NOT_FOUND',
  ],
})
