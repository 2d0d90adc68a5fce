/** The vault: wallets (one seed, or one seed with one passphrase), and in each its accounts by their public keys.
 *  A pinned key is the root of every address we ever send to or receive on. */
import { z } from 'zod'
import { amountSchema } from '../units/amount.ts'
import { instantSchema } from '../units/time.ts'

export const bitcoinNetworkSchema = z.enum(['mainnet', 'regtest'])
export type BitcoinNetwork = z.infer<typeof bitcoinNetworkSchema>

export const scriptTypeSchema = z.enum(['p2wpkh', 'p2sh-p2wpkh', 'p2tr', 'p2pkh'])

/** A single-key account (BIP44, 49, 84 or 86 by its script type). `xpub` is the xpub (0488b21e) or tpub form, whatever the device returned. */
export const pinnedBitcoinAccountSchema = z
  .object({
    chain: z.literal('bitcoin'),
    id: z.string(),
    network: bitcoinNetworkSchema,
    /** m/84'/0'/0' style account path. */
    path: z.string(),
    xpub: z.string(),
    scriptType: scriptTypeSchema,
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
export type PinnedEvmAccount = z.infer<typeof pinnedEvmAccountSchema>

/** A label may be empty: then the account is called by its kind and number. */
const labelSchema = z.string().max(60)

export const vaultAccountSchema = z.discriminatedUnion('chain', [
  pinnedBitcoinAccountSchema.unwrap().extend({ label: labelSchema }).readonly(),
  pinnedEvmAccountSchema.unwrap().extend({ label: labelSchema }).readonly(),
])
export type VaultAccount = z.infer<typeof vaultAccountSchema>
export type BitcoinVaultAccount = Extract<VaultAccount, { chain: 'bitcoin' }>
export type EvmVaultAccount = Extract<VaultAccount, { chain: 'evm' }>

export function isBitcoin(account: VaultAccount): account is BitcoinVaultAccount {
  return account.chain === 'bitcoin'
}

export const fingerprintSchema = z.string().regex(/^[0-9a-f]{8}$/)

/** What signs for a wallet. `passphrase`: the wallet is hidden behind one, which is never stored.
 *  `air-gapped`: only watched here; it signs by PSBT, carried over by file or QR. */
export const signerSchema = z.discriminatedUnion('kind', [
  z
    .object({
      kind: z.literal('device'),
      deviceId: z.string(),
      deviceLabel: z.string(),
      model: z.string(),
      passphrase: z.boolean(),
    })
    .readonly(),
  z
    .object({
      kind: z.literal('air-gapped'),
      /** False for a bare key: then the wallet's fingerprint is the account key's own. */
      originKnown: z.boolean(),
    })
    .readonly(),
])

export const walletSchema = z
  .object({
    /** Of the master key, 8 hex digits. A passphrase makes another wallet with another fingerprint. */
    fingerprint: fingerprintSchema,
    label: labelSchema,
    addedAt: instantSchema,
    signer: signerSchema,
    accounts: z.array(vaultAccountSchema).min(1).readonly(),
  })
  .readonly()
export type Wallet = z.infer<typeof walletSchema>

/** The chains' kinds that sweeps arrive on. */
export type ChainKind = VaultAccount['chain']

export const vaultSchema = z
  .object({
    wallets: z.array(walletSchema).readonly(),
    /** Account that sweeps go to, by kind of chain; an id. Changed only by the device's button. */
    destinations: z
      .object({ bitcoin: z.string().nullable(), evm: z.string().nullable() })
      .readonly(),
  })
  .readonly()
export type VaultRecord = z.infer<typeof vaultSchema>

/** The id of a wallet's account: the same after a restore, on every machine. */
export function accountId(fingerprint: string, path: string): string {
  return `${fingerprint}/${path.replace(/^m\//, '')}`
}

/** Path of the key that the account is pinned by: three hardened steps. */
export function keyPath(account: Pick<VaultAccount, 'path'>): string {
  return account.path.split('/').slice(0, 4).join('/')
}

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
    /** Of the vault; absent where several accounts are summed. */
    accountId: z.string().optional(),
    amount: amountSchema,
    /** 'bitcoin' or 'evm:<chainId>'. */
    chain: z.string(),
    unconfirmed: amountSchema.nullable(),
    /** Of `amount`: what only the server's word stands for so far. Absent when all is proved. */
    unproven: amountSchema.optional(),
    asOf: instantSchema,
    source: z.string(),
  })
  .readonly()
export type VaultBalance = z.infer<typeof vaultBalanceSchema>
