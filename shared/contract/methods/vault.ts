/** The cold side: pairing, balances, addresses that the device has shown. */
import { z } from 'zod'
import { refusalSchema } from '../../errors/refusalSchema.ts'
import { instantSchema } from '../../units/time.ts'
import {
  coinSchema,
  fingerprintSchema,
  scriptTypeSchema,
  vaultAccountSchema,
  vaultBalanceSchema,
  vaultSchema,
  walletSchema,
} from '../../vault/account.ts'
import { coinWarningSchema } from '../../vault/coinNotes.ts'
import { defineMethod } from '../method.ts'
import { chainRefusals, deviceRefusals, storeRefusals } from '../refusals.ts'

export const vaultAddressSchema = z
  .object({
    accountId: z.string(),
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
    accountId: z.string(),
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
  output: vaultSchema
    .unwrap()
    .extend({
      /** By account, chain and asset. */
      balances: z.array(vaultBalanceSchema).readonly(),
      coins: z.array(coinViewSchema).readonly(),
      /** Receive addresses; of each account and chain the next unused one comes first. */
      addresses: z.array(vaultAddressSchema).readonly(),
      refusals: z.array(refusalSchema).readonly(),
    })
    .readonly(),
  refusals: [],
})

/** Reads the first account keys of a wallet from the device and pins them. The first wallet's accounts are what
 *  sweeps go to. A known wallet is recognised by all its keys; on another device its address is checked by eye. */
export const vaultPair = defineMethod({
  name: 'vault.pair',
  effect: 'write',
  input: z.object({ passphrase: z.boolean() }).strict(),
  output: walletSchema,
  refusals: [...deviceRefusals, ...storeRefusals, 'CONFIRMATION_REQUIRED'],
})

/** Adds an account of a paired wallet: `number` is its number in BIP44, 49, 84 or 86, of an EVM account the last
 *  step of m/44'/60'/0'/0/n. */
export const vaultAddAccount = defineMethod({
  name: 'vault.addAccount',
  effect: 'write',
  input: z
    .object({
      fingerprint: fingerprintSchema,
      chain: z.enum(['bitcoin', 'evm']),
      /** Ignored for EVM. */
      scriptType: scriptTypeSchema.default('p2wpkh'),
      number: z.int().min(0).max(99),
    })
    .strict(),
  output: vaultAccountSchema,
  refusals: [...deviceRefusals, ...storeRefusals, ...chainRefusals, 'NOT_FOUND'],
})

/** Adds every bitcoin account of a paired wallet that was ever used, of all four kinds, up to the first unused one. */
export const vaultFindAccounts = defineMethod({
  name: 'vault.findAccounts',
  effect: 'write',
  input: z.object({ fingerprint: fingerprintSchema }).strict(),
  output: z.object({ added: z.array(vaultAccountSchema).readonly() }).readonly(),
  refusals: vaultAddAccount.refusals,
})

/** Watches an account by its descriptor or extended public key. It signs air-gapped, by PSBT. */
export const vaultImportAccount = defineMethod({
  name: 'vault.importAccount',
  effect: 'write',
  input: z
    .object({
      text: z.string().max(1_000),
      label: z.string().max(60),
      scriptType: scriptTypeSchema.optional(),
    })
    .strict(),
  output: walletSchema,
  refusals: [...storeRefusals],
})

export const vaultRenameAccount = defineMethod({
  name: 'vault.renameAccount',
  effect: 'write',
  input: z.object({ accountId: z.string(), label: z.string().max(60) }).strict(),
  output: vaultAccountSchema,
  refusals: [...storeRefusals, 'NOT_FOUND'],
})

/** Stops watching an account; the money stays where it is. Refused while sweeps go there or a transfer is under way. */
export const vaultRemoveAccount = defineMethod({
  name: 'vault.removeAccount',
  effect: 'write',
  input: z.object({ accountId: z.string() }).strict(),
  output: z.object({}).readonly(),
  refusals: [...storeRefusals, 'NOT_FOUND', 'ACCOUNT_IN_USE'],
})

/** Sends later sweeps to this account: its first address is shown on the device, whose button says yes. */
export const vaultUseForSweeps = defineMethod({
  name: 'vault.useForSweeps',
  effect: 'write',
  input: z.object({ accountId: z.string() }).strict(),
  output: vaultAccountSchema,
  refusals: [
    ...deviceRefusals,
    ...storeRefusals,
    ...chainRefusals,
    'VAULT_NOT_PAIRED',
    'NOT_FOUND',
  ],
})

/** Shows an address derived here on the device's screen and compares what it says. */
export const vaultShowAddress = defineMethod({
  name: 'vault.showAddress',
  effect: 'write',
  input: z.object({ accountId: z.string(), chain: z.string(), path: z.string() }).strict(),
  output: vaultAddressSchema,
  refusals: vaultUseForSweeps.refusals,
})

/** Every bitcoin account as a descriptor (BIP380), one a line: what another wallet needs to watch or recover it.
 *  No secrets, yet whoever reads it sees every address. */
export const vaultExportDescriptors = defineMethod({
  name: 'vault.exportDescriptors',
  effect: 'read',
  input: z.object({}).strict(),
  output: z
    .object({
      filename: z.string(),
      text: z.string(),
      accounts: z
        .array(
          z
            .object({
              accountId: z.string(),
              /** Null for EVM: it has none. */
              descriptor: z.string().nullable(),
              firstAddress: z.string(),
            })
            .readonly(),
        )
        .readonly(),
    })
    .readonly(),
  refusals: [],
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
