/** The cold side: pairing, balances, addresses that the device has shown. */
import { z } from 'zod'
import { refusalSchema } from '../../errors/refusalSchema.ts'
import { instantSchema } from '../../units/time.ts'
import { coinSchema, pinnedVaultSchema, vaultBalanceSchema } from '../../vault/account.ts'
import { coinWarningSchema } from '../../vault/coinNotes.ts'
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

export const coinViewSchema = coinSchema
  .unwrap()
  .extend({
    label: z.string().nullable(),
    /** Never selected, not even by hand. */
    frozen: z.boolean(),
    warnings: z.array(coinWarningSchema).readonly(),
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
      coins: z.array(coinViewSchema).readonly(),
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

/** Labels or freezes one of our coins; what is left out stays as it is, an empty label takes it away. */
export const vaultNoteCoin = defineMethod({
  name: 'vault.noteCoin',
  effect: 'write',
  input: z
    .object({
      txid: z.string().regex(/^[0-9a-f]{64}$/),
      vout: z.int().nonnegative(),
      label: z.string().max(255).optional(),
      frozen: z.boolean().optional(),
    })
    .strict(),
  output: coinViewSchema,
  refusals: [...storeRefusals, 'NOT_FOUND'],
})

/** All labels and freezes as BIP329, one JSON object a line. */
export const vaultExportLabels = defineMethod({
  name: 'vault.exportLabels',
  effect: 'read',
  input: z.object({}).strict(),
  output: z.object({ filename: z.string(), text: z.string() }).readonly(),
  refusals: [],
})

/** Takes in a BIP329 file. It may label and freeze; a frozen coin stays frozen whatever the file says. */
export const vaultImportLabels = defineMethod({
  name: 'vault.importLabels',
  effect: 'write',
  input: z.object({ text: z.string().max(20_000_000) }).strict(),
  output: z.object({ imported: z.int(), leftOut: z.int(), stillFrozen: z.int() }).readonly(),
  refusals: [...storeRefusals],
})
