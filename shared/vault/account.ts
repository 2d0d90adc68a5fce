/** The vault's accounts: what is pinned from the device, and what is derived from it here.
 *  A pinned key is the root of every address we ever send to or receive on. */
import { z } from 'zod'
import { amountSchema } from '../units/amount.ts'
import { instantSchema } from '../units/time.ts'

export const bitcoinNetworkSchema = z.enum(['mainnet', 'regtest'])
export type BitcoinNetwork = z.infer<typeof bitcoinNetworkSchema>

/** A single-key account (BIP44, 49, 84 or 86 by its script type). `xpub` is the xpub (0488b21e) or tpub form, whatever the device returned. */
export const pinnedBitcoinAccountSchema = z
  .object({
    chain: z.literal('bitcoin'),
    id: z.string(),
    network: bitcoinNetworkSchema,
    /** m/84'/0'/0' style account path. */
    path: z.string(),
    xpub: z.string(),
    scriptType: z.enum(['p2wpkh', 'p2sh-p2wpkh', 'p2tr', 'p2pkh']),
  })
  .readonly()

export const pinnedEvmAccountSchema = z
  .object({
    chain: z.literal('evm'),
    id: z.string(),
    /** m/44'/60'/0'/0/0. */
    path: z.string(),
    /** Account-level public key chain (m/44'/60'/0'), from which the address is derived here. */
    xpub: z.string(),
    /** EIP-55 checksummed. */
    address: z.string(),
  })
  .readonly()

export type PinnedBitcoinAccount = z.infer<typeof pinnedBitcoinAccountSchema>

export const pinnedVaultSchema = z
  .object({
    /** Master key fingerprint, 8 hex digits. */
    fingerprint: z.string().regex(/^[0-9a-f]{8}$/),
    deviceId: z.string(),
    deviceLabel: z.string(),
    model: z.string(),
    pairedAt: instantSchema,
    bitcoin: pinnedBitcoinAccountSchema,
    evm: pinnedEvmAccountSchema,
  })
  .readonly()
export type PinnedVault = z.infer<typeof pinnedVaultSchema>

/** A spendable output of ours. `path` is the full path from the root. */
export const coinSchema = z
  .object({
    txid: z.string().regex(/^[0-9a-f]{64}$/),
    vout: z.int().nonnegative(),
    value: z.bigint(),
    /** Hex scriptPubKey. */
    script: z.string(),
    address: z.string(),
    path: z.string(),
    /** 0 or null while unconfirmed. */
    height: z.int().nullable(),
  })
  .readonly()
export type Coin = z.infer<typeof coinSchema>

export const vaultBalanceSchema = z
  .object({
    amount: amountSchema,
    /** 'bitcoin' or 'evm:<chainId>'. */
    chain: z.string(),
    unconfirmed: amountSchema.nullable(),
    asOf: instantSchema,
    source: z.string(),
  })
  .readonly()
export type VaultBalance = z.infer<typeof vaultBalanceSchema>
