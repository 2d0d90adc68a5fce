/** Everything outside the host, as the host needs it. Adapters implement these; the host never
 *  imports an adapter. Each call returns a Result: expected refusals are values, only broken
 *  invariants throw. Every call that can wait takes an AbortSignal. */
import type { Refusal, RefusalCode, Result } from '../../shared/errors/refusal.ts'
import type { AccountSnapshot, VenueId } from '../../shared/collateral/snapshot.ts'
import type { CandleSeries } from '../../shared/market/candle.ts'
import type { Quote } from '../../shared/market/quote.ts'
import type { BitcoinTransactionPlan, EvmTransactionPlan } from '../../shared/transfer/plan.ts'
import type { EvmSimulation } from '../../shared/transfer/evm/simulation.ts'
import type { Curve } from '../../shared/transfer/verify/curve.ts'
import type { LegacyEvmTransactionPlan } from '../../shared/transfer/verify/evm.ts'
import type { VerifiedTransaction } from '../../shared/transfer/verify/verified.ts'
import type { Amount, Asset } from '../../shared/units/amount.ts'
import type { BitcoinServer, BitcoinServers } from '../../shared/vault/bitcoinServers.ts'
import type { DerivationMath } from '../../shared/vault/derive.ts'

// ── time, randomness ──────────────────────────────────────────────────────────

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Resolves after `ms`, rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export interface Random {
  bytes(length: number): Uint8Array
}

// ── venues ────────────────────────────────────────────────────────────────────

/** What an API key may do; null where the venue cannot say. */
export interface KeyPermissions {
  readonly read: boolean
  readonly trade: boolean | null
  readonly withdraw: boolean | null
  readonly internalTransfer: boolean | null
  readonly ipRestricted: boolean | null
}

/** One way for one asset to leave or enter a venue, by the venue's own words. */
export interface VenueNetwork {
  readonly asset: Asset
  /** The venue's name for the network, e.g. 'ETH'. */
  readonly network: string
  /** Our name: 'bitcoin' or 'evm:<chainId>'; null when we do not know this network. */
  readonly chain: string | null
  readonly withdrawEnabled: boolean
  readonly depositEnabled: boolean
  readonly fee: Amount
  readonly minimum: Amount
  readonly maximum: Amount
  /** A smaller deposit is not credited. Null or absent when the venue did not say. */
  readonly depositMinimum?: Amount | null
  /** Amounts must be whole multiples of this. */
  readonly step: Amount
  /** Contract on that chain, null for the chain's coin or when the venue did not say. */
  readonly contract: string | null
  readonly confirmations: number | null
}

export type VenueLegState =
  | { readonly kind: 'absent' }
  | { readonly kind: 'pending' }
  | { readonly kind: 'done'; readonly txid: string | null; readonly at: number }
  | { readonly kind: 'failed'; readonly reason: string }

export interface DepositAddress {
  readonly address: string
  readonly network: string
  /** Memo or tag; null when the network has none. */
  readonly tag: string | null
}

export interface VenueHealth {
  /** Last successful answer; null before the first. */
  readonly asOf: number | null
  /** Venue clock minus ours, ms; null when not measured. */
  readonly clockSkewMs: number | null
}

export type VenueRefusals = Extract<
  RefusalCode,
  | 'VENUE_UNREACHABLE'
  | 'VENUE_ANSWER_MALFORMED'
  | 'VENUE_REJECTED'
  | 'VENUE_KEY_REJECTED'
  | 'VENUE_RATE_LIMITED'
  | 'VENUE_UNSUPPORTED'
  | 'ADDRESS_ANSWERS_DIFFER'
>
export type VenueResult<T> = Result<T, VenueRefusals>

/** One connected account. Reading needs only a read key; the movers refuse with
 *  VENUE_UNSUPPORTED where the venue or the key cannot. */
export interface VenuePort {
  readonly accountId: string
  readonly venue: VenueId
  readonly label: string
  /** 'api': money can be moved in and out through this port. 'none': only by hand at the venue; the movers refuse. */
  readonly movers: 'api' | 'none'
  health(): VenueHealth
  readAccount(signal: AbortSignal): Promise<VenueResult<AccountSnapshot>>
  /** USD index or mark prices by asset symbol, for the assets the venue knows among `assets`. */
  readQuotes(assets: readonly string[], signal: AbortSignal): Promise<VenueResult<readonly Quote[]>>
  /** The newest `limit` closed hours of the asset's perpetual, with gaps counted; VENUE_UNSUPPORTED for an
   *  asset that the venue has no market for. */
  readCandles(asset: string, limit: number, signal: AbortSignal): Promise<VenueResult<CandleSeries>>
  readPermissions(signal: AbortSignal): Promise<VenueResult<KeyPermissions>>
  readNetworks(asset: string, signal: AbortSignal): Promise<VenueResult<readonly VenueNetwork[]>>
  /** Free balance in the venue's spot or funding wallet. */
  readSpotBalance(asset: Asset, signal: AbortSignal): Promise<VenueResult<Amount>>
  /** Two independent answers of the venue that match, else ADDRESS_ANSWERS_DIFFER. */
  readDepositAddress(
    asset: string,
    network: string,
    signal: AbortSignal,
  ): Promise<VenueResult<DepositAddress>>
  /** Moves between the margin account and spot. Not idempotent at every venue: ask `readInternalMove` after a timeout. */
  moveInternal(
    move: {
      readonly amount: Amount
      readonly direction: 'to-spot' | 'to-margin'
      readonly clientId: string
    },
    signal: AbortSignal,
  ): Promise<VenueResult<{ readonly venueId: string }>>
  /** State of internal moves of this amount and direction since `since`; several are possible. */
  readInternalMoves(
    query: {
      readonly amount: Amount
      readonly direction: 'to-spot' | 'to-margin'
      readonly since: number
    },
    signal: AbortSignal,
  ): Promise<VenueResult<readonly { readonly venueId: string; readonly state: VenueLegState }[]>>
  withdraw(
    order: {
      readonly amount: Amount
      readonly network: string
      readonly address: string
      readonly clientId: string
    },
    signal: AbortSignal,
  ): Promise<VenueResult<{ readonly venueId: string }>>
  readWithdrawal(
    query: { readonly asset: string; readonly clientId: string; readonly since: number },
    signal: AbortSignal,
  ): Promise<VenueResult<VenueLegState>>
  /** Credit of a deposit by its transaction id. */
  readDeposit(
    query: { readonly asset: string; readonly txid: string; readonly since: number },
    signal: AbortSignal,
  ): Promise<VenueResult<VenueLegState>>
  close(): Promise<void>
}

/** Opens an account with its keys. Refuses venues that this build cannot speak to. */
export type OpenVenue = (connection: {
  readonly accountId: string
  readonly venue: VenueId
  readonly label: string
  readonly credentials: { readonly key: string; readonly secret: string }
}) => VenueResult<VenuePort>

// ── chains ────────────────────────────────────────────────────────────────────

export type ChainRefusals = Extract<
  RefusalCode,
  | 'CHAIN_UNREACHABLE'
  | 'CHAIN_ANSWER_MALFORMED'
  | 'CHAIN_WRONG_NETWORK'
  | 'CHAIN_REJECTED'
  | 'CHAIN_LIED'
  | 'CHAIN_STALE'
>
export type ChainResult<T> = Result<T, ChainRefusals>

export interface ChainTip {
  readonly height: number
  /** When we learned of it, our clock. */
  readonly asOf: number
  /** Bitcoin: the chain of headers is verified up to here so far; absent when it is up to `height`. */
  readonly verifiedTo?: number
}

export type Confirmation =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'mempool' }
  | { readonly kind: 'confirmed'; readonly height: number; readonly confirmations: number }
  | { readonly kind: 'failed'; readonly reason: string }

export interface ScriptCoin {
  readonly txid: string
  readonly vout: number
  readonly value: bigint
  readonly script: string
  /** null while unconfirmed. */
  readonly height: number | null
  /** The server's word only, so far: a figure that shows it says so, and nothing is spent by it. */
  readonly claimedOnly?: true
}

/** What a second, independent server said of the first one's figures. */
export type SourceAgreement =
  | { readonly kind: 'not-asked'; readonly second: string }
  | { readonly kind: 'agree'; readonly second: string; readonly asOf: number }
  /** The second is away: one source stands behind the figures. */
  | {
      readonly kind: 'one-source'
      readonly second: string
      readonly refusal: Refusal<ChainRefusals>
    }
  | { readonly kind: 'differ'; readonly second: string; readonly refusal: Refusal<ChainRefusals> }

export interface BitcoinPort {
  /** Absent where only one server is configured. */
  readonly agreement?: (() => SourceAgreement) | undefined
  /** Shown as the source of figures, e.g. 'Electrum 127.0.0.1'. */
  readonly source: string
  readTip(signal: AbortSignal): Promise<ChainResult<ChainTip>>
  /** Which of these scriptPubKeys (hex) ever had a transaction: for discovery with a gap limit. */
  readUsedScripts(
    scripts: readonly string[],
    signal: AbortSignal,
  ): Promise<ChainResult<ReadonlySet<string>>>
  /** What the server says these scripts hold, in as few questions as can be: every coin `claimedOnly`. For the
   *  first figure, until `readCoins` has the proofs. */
  readClaims(
    scripts: readonly string[],
    signal: AbortSignal,
  ): Promise<ChainResult<readonly ScriptCoin[]>>
  /** Unspent outputs of these scripts; each one's value and script checked against its raw transaction, its place
   *  by a merkle branch to a verified header. `claimedOnly` where that header is not verified yet. */
  readCoins(
    scripts: readonly string[],
    signal: AbortSignal,
  ): Promise<ChainResult<readonly ScriptCoin[]>>
  /** Raw transaction hex whose txid was recomputed and equals `txid`. */
  readTransaction(txid: string, signal: AbortSignal): Promise<ChainResult<string>>
  /** sat/vB for confirmation within `blocks`. */
  readFeeRate(blocks: number, signal: AbortSignal): Promise<ChainResult<number>>
  readConfirmation(
    txid: string,
    script: string,
    signal: AbortSignal,
  ): Promise<ChainResult<Confirmation>>
  /** Idempotent: sending what the chain already has succeeds. */
  broadcast(
    transaction: VerifiedTransaction,
    signal: AbortSignal,
  ): Promise<ChainResult<{ readonly txid: string }>>
  /** Calls back when the server told of a block or of a script asked about, or when it can tell no more (asking
   *  again renews that). Absent where the server never tells by itself. Returns how to stop. */
  readonly onNews?: (listener: () => void) => () => void
  /** True where asking about a script makes the server keep it: a node's watch-only wallet. */
  readonly keepsScripts?: true
  close(): Promise<void>
}

/** Opens bitcoin servers of the user's choice; the host keeps which. */
export interface BitcoinServersPort {
  /** Used until others are chosen. */
  readonly initial: BitcoinServers
  /** Puts these behind the host's BitcoinPort; those before are closed. */
  use(servers: BitcoinServers): void
  /** One of them on a connection of its own, for trying it out. */
  open(server: BitcoinServer, proxy: BitcoinServers['proxy']): BitcoinPort
}

export interface EvmFees {
  readonly baseFeePerGas: bigint
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
}

export interface EvmToken {
  readonly asset: Asset
  readonly contract: string
}

/** One ERC-20 movement in or out of an account of ours; addresses checksummed. */
export interface EvmTokenMovement {
  readonly txid: string
  readonly height: number
  readonly contract: string
  readonly from: string
  readonly to: string
  readonly units: bigint
}

/** Names of a chain's own name service. Null: nobody has it, or it leads to no address. */
export interface EvmNames {
  /** Checksummed address of a name in its normal form; NAME_REFUSED for every other spelling. */
  resolve(
    name: string,
    signal: AbortSignal,
  ): Promise<Result<string | null, ChainRefusals | 'NAME_REFUSED'>>
  /** The name that this checksummed address claims, where that name leads back to it. */
  reverse(address: string, signal: AbortSignal): Promise<ChainResult<string | null>>
}

export interface EvmPort {
  /** Absent where only one server is configured. */
  readonly agreement?: () => SourceAgreement
  /** Absent where the chain has no name service. */
  readonly names?: EvmNames
  readonly chainId: number
  /** What fees are paid in. */
  readonly coin: Asset
  readonly source: string
  /** Tokens this chain is configured with; contract and decimals checked against the chain at first use. */
  readonly tokens: readonly EvmToken[]
  readTip(signal: AbortSignal): Promise<ChainResult<ChainTip>>
  /** The chain's coin first, then each configured token. */
  readBalances(address: string, signal: AbortSignal): Promise<ChainResult<readonly Amount[]>>
  /** The same of many accounts at once, in the order asked. */
  readAllBalances(
    addresses: readonly string[],
    signal: AbortSignal,
  ): Promise<ChainResult<readonly (readonly Amount[])[]>>
  /** Next nonce counting pending transactions. */
  readNonce(address: string, signal: AbortSignal): Promise<ChainResult<number>>
  /** How many transactions of this account were mined: every nonce below it is used up. */
  readMinedNonce(address: string, signal: AbortSignal): Promise<ChainResult<number>>
  readFees(signal: AbortSignal): Promise<ChainResult<EvmFees>>
  /** Simulates and estimates; CHAIN_REJECTED with the revert reason. */
  estimateGas(
    call: {
      readonly from: string
      readonly to: string
      readonly value: bigint
      readonly data: string
    },
    signal: AbortSignal,
  ): Promise<ChainResult<bigint>>
  /** What would move if this call ran at once: an estimate, by the server's word. */
  simulate(
    call: Pick<EvmTransactionPlan, 'from' | 'to' | 'value' | 'data'>,
    signal: AbortSignal,
  ): Promise<ChainResult<EvmSimulation>>
  /** Code of an account, hex with 0x; '0x' for a plain one. */
  readCode(address: string, signal: AbortSignal): Promise<ChainResult<string>>
  /** What the chain charges on top of gas for the transaction's bytes, in wei; 0 where it charges none. An estimate
   *  with a margin: nothing in the transaction caps it. */
  readDataFee(
    transaction: Pick<
      EvmTransactionPlan,
      'nonce' | 'to' | 'value' | 'data' | 'gasLimit' | 'maxFeePerGas' | 'maxPriorityFeePerGas'
    >,
    signal: AbortSignal,
  ): Promise<ChainResult<bigint>>
  /** The newest ERC-20 movements of these accounts, of every contract: to look at, never to act on. */
  readTokenMovements(
    addresses: readonly string[],
    signal: AbortSignal,
  ): Promise<ChainResult<readonly EvmTokenMovement[]>>
  readConfirmation(txid: string, signal: AbortSignal): Promise<ChainResult<Confirmation>>
  /** Idempotent: sending what the chain already has succeeds. */
  broadcast(
    transaction: VerifiedTransaction,
    signal: AbortSignal,
  ): Promise<ChainResult<{ readonly txid: string }>>
  /** Base units that this confirmed transaction paid to `recipient`: in the chain's coin (token null) or by the
   *  token's own Transfer events. Null while unconfirmed or unknown. */
  readReceived(
    query: { readonly txid: string; readonly recipient: string; readonly token: string | null },
    signal: AbortSignal,
  ): Promise<ChainResult<bigint | null>>
  close(): Promise<void>
}

/** Opens a chain by servers of the user's choice. Refuses what is no chain we could count with. */
export type OpenEvm = (chain: {
  readonly chainId: number
  readonly rpcUrl: string
  readonly secondUrl?: string | undefined
  readonly coin?: string | undefined
}) => Result<EvmPort, 'INPUT_INVALID'>

// ── device ────────────────────────────────────────────────────────────────────

export interface DeviceInfo {
  readonly deviceId: string
  readonly label: string
  readonly model: string
  readonly firmware: string
}

/** Which wallet of which device: a passphrase wallet is told by its own fingerprint. The adapter holds the
 *  session of one in memory only; while none is held it asks for the passphrase and compares the fingerprint. */
export interface WalletRef {
  readonly deviceId: string
  /** 8 hex digits. */
  readonly fingerprint: string
  readonly passphrase: boolean
}

export type DeviceState =
  | { readonly kind: 'absent'; readonly reason: string }
  /** More than one, none chosen. `devices` lists those that could be asked who they are. */
  | {
      readonly kind: 'several'
      readonly count: number
      readonly devices: readonly DeviceInfo[]
    }
  | { readonly kind: 'ready'; readonly device: DeviceInfo }
  | { readonly kind: 'locked'; readonly device: DeviceInfo }
  | { readonly kind: 'busy'; readonly device: DeviceInfo; readonly what: string }
  /** The device waits for its own button. */
  | { readonly kind: 'waiting'; readonly device: DeviceInfo; readonly what: string }
  /** The device waits for what is typed here; see `answer`. */
  | {
      readonly kind: 'asks'
      readonly device: DeviceInfo
      readonly what: 'pin-matrix' | 'passphrase'
      /** PINs refused by the device since it was last unlocked. */
      readonly wrongPins: number
      /** Whether it can be typed on the device instead (`{ kind: 'on-device' }`). */
      readonly onDevice: boolean
    }
  | {
      readonly kind: 'unusable'
      readonly device: DeviceInfo
      readonly reason: 'bootloader' | 'firmware-too-old' | 'not-initialised'
      /** Lowest firmware that is spoken to here, e.g. '4.5.0'. */
      readonly neededFirmware: string
    }

/** Never kept, logged or put into a refusal. `positions` are places of the nine-dot pad, '1' to '9' as on a
 *  telephone's number block turned upside down: 789 on top, 123 at the bottom. */
export type DeviceAnswer =
  | { readonly kind: 'pin'; readonly positions: string }
  | { readonly kind: 'passphrase'; readonly text: string }
  | { readonly kind: 'on-device' }
  | { readonly kind: 'cancel' }

export type DeviceRefusals = Extract<RefusalCode, `DEVICE_${string}`>
export type DeviceResult<T> = Result<T, DeviceRefusals>

export interface DeviceKeys {
  /** 8 hex digits. */
  readonly fingerprint: string
  readonly device: DeviceInfo
  /** Account-level extended public keys in xpub/tpub form, in the order asked. */
  readonly xpubs: readonly string[]
}

/** One call at a time; a second is refused with DEVICE_BUSY. Aborting the signal cancels on the
 *  device within a second; a signature arriving later is dropped. Nothing returned is verified here. */
export interface DevicePort {
  state(): DeviceState
  onState(listener: (state: DeviceState) => void): () => void
  /** A signature came after its call was cancelled. It was dropped; what is left to do is to write it down. */
  onLateSignature(
    listener: (late: { readonly what: SigningTask; readonly deviceId: string }) => void,
  ): () => void
  /** What the person typed here; 'not-asked' when the state is not `asks` or asks for something else. */
  answer(answer: DeviceAnswer): 'taken' | 'not-asked'
  /** Of several: the one that is meant from now on, while it stays connected. */
  choose(deviceId: string): 'chosen' | 'not-there'
  /** With `passphrase` a session is opened anew: whatever wallet the passphrase gives is answered. */
  readKeys(
    request: {
      readonly paths: readonly string[]
      readonly network: 'mainnet' | 'regtest'
      readonly passphrase: boolean
    },
    signal: AbortSignal,
  ): Promise<DeviceResult<DeviceKeys>>
  /** Shows the address on the device's screen and returns once its button was pressed. Purpose 44, 49, 84 or
   *  86 of the path says which kind of address. */
  showBitcoinAddress(
    request: {
      readonly path: string
      readonly network: 'mainnet' | 'regtest'
      readonly wallet: WalletRef
    },
    signal: AbortSignal,
  ): Promise<DeviceResult<{ readonly address: string }>>
  showEvmAddress(
    request: { readonly path: string; readonly chainId: number; readonly wallet: WalletRef },
    signal: AbortSignal,
  ): Promise<DeviceResult<{ readonly address: string }>>
  /** Raw signed transaction, hex. */
  signBitcoin(
    request: { readonly plan: BitcoinTransactionPlan; readonly wallet: WalletRef },
    signal: AbortSignal,
  ): Promise<DeviceResult<{ readonly rawHex: string }>>
  /** The signature values; the caller assembles the transaction from its own plan. */
  signEvm(
    request: {
      readonly plan: EvmTransactionPlan | LegacyEvmTransactionPlan
      readonly wallet: WalletRef
    },
    signal: AbortSignal,
  ): Promise<DeviceResult<{ readonly v: string; readonly r: string; readonly s: string }>>
  /** 'legacy' gives a 65-byte recoverable signature, 'bip322' a witness (simple), both in base64. */
  signBitcoinMessage(
    request: {
      readonly path: string
      readonly network: 'mainnet' | 'regtest'
      readonly message: string
      readonly format: 'legacy' | 'bip322'
      readonly wallet: WalletRef
    },
    signal: AbortSignal,
  ): Promise<DeviceResult<SignedMessage>>
  /** EIP-191 over the bytes of `message`, hex without 0x. */
  signEvmMessage(
    request: {
      readonly path: string
      readonly chainId: number
      readonly message: string
      readonly wallet: WalletRef
    },
    signal: AbortSignal,
  ): Promise<DeviceResult<SignedMessage>>
  /** EIP-712. Devices that cannot show the data sign the two hashes (32 bytes, 0x-prefixed hex). */
  signTypedData(
    request: {
      readonly path: string
      readonly chainId: number
      readonly typedData: unknown
      readonly domainHash: string
      readonly messageHash: string
      readonly wallet: WalletRef
    },
    signal: AbortSignal,
  ): Promise<DeviceResult<SignedMessage>>
  close(): Promise<void>
}

export type SigningTask =
  | 'sign-bitcoin'
  | 'sign-evm'
  | 'sign-bitcoin-message'
  | 'sign-evm-message'
  | 'sign-typed-data'

/** `signature`: base64 for bitcoin; 65 bytes r ‖ s ‖ v as 0x-prefixed hex for EVM. */
export interface SignedMessage {
  readonly address: string
  readonly signature: string
}

// ── animated QR codes ──────────────────────────────────────────────────────────

export type FramesRead =
  /** How many of the message's fragments are known so far. */
  | { readonly kind: 'partial'; readonly received: number; readonly expected: number }
  | { readonly kind: 'complete'; readonly psbt: Uint8Array }

/** A PSBT as frames that an air-gapped signer's camera reads, and back. Nothing is remembered between calls. */
export interface FramesPort {
  /** To be shown over and over: each fragment once, then mixtures of them; a single one where it fits. */
  encode(psbt: Uint8Array): readonly string[]
  /** Frames in any order, with any of them missing or twice. Refuses one that is damaged, overlong or of another
   *  message by its place in the list. */
  decode(frames: readonly string[]): Result<FramesRead, 'INPUT_INVALID'>
}

// ── store ─────────────────────────────────────────────────────────────────────

export interface JournalEntry {
  /** 1, 2, 3, … without holes. */
  readonly seq: number
  readonly at: number
  readonly kind: string
  /** Canonical JSON of the body. */
  readonly body: string
  /** sha256 over the previous hash and this entry, hex. */
  readonly hash: string
}

export type StoreRefusals = Extract<
  RefusalCode,
  'STORE_WRITE_FAILED' | 'STORE_CORRUPT' | 'JOURNAL_TAMPERED' | 'SECRETS_LOCKED'
>

/** The one store of a data directory. Writes are on disk (fsync) when they return. */
export interface StorePort {
  /** Appends in one transaction together with the sealed head. */
  append(entry: {
    readonly at: number
    readonly kind: string
    readonly body: string
  }): Result<JournalEntry, StoreRefusals>
  readJournal(range: { readonly fromSeq: number; readonly limit: number }): readonly JournalEntry[]
  journalHead(): { readonly count: number; readonly hash: string }
  /** Recomputes the whole chain and checks the sealed head. */
  verifyJournal(): Result<{ readonly count: number; readonly hash: string }, StoreRefusals>
  /** True while a restored or rolled-back store was not reconciled: nothing may move. */
  rollbackSuspected(): boolean
  /** The user has reconciled venue and chain: this state is the truth from here on. */
  settleRollback(): Result<void, StoreRefusals>
  /** Small sealed documents: policy, pinned vault, address labels. Value is canonical JSON. */
  readDocument(name: string): Result<string | null, StoreRefusals>
  writeDocument(name: string, value: string): Result<void, StoreRefusals>
  /** Encrypted under the data key. */
  readSecret(name: string): Result<string | null, StoreRefusals>
  writeSecret(name: string, value: string): Result<void, StoreRefusals>
  deleteSecret(name: string): Result<void, StoreRefusals>
  close(): void
}

// ── who may say yes ───────────────────────────────────────────────────────────

/** A confirmation outside the renderer (native dialog, passphrase retyped in the shell's own prompt).
 *  Resolves false when the user declines or the shell has no such means. */
export interface ConfirmationPort {
  confirm(
    request: { readonly title: string; readonly lines: readonly string[]; readonly digest: string },
    signal: AbortSignal,
  ): Promise<'confirmed' | 'declined' | 'unavailable'>
}

/** Everything createHost needs. `mode` is fixed for the life of the host. */
export interface HostPorts {
  readonly mode: 'demo' | 'real'
  readonly clock: Clock
  readonly random: Random
  /** Accounts that are there from the start (the demo's); the rest come from the store through `openVenue`. */
  readonly venues: readonly VenuePort[]
  /** Null in the demo: it has its own chain only. */
  readonly openEvm: OpenEvm | null
  /** Null in the demo: it has no real accounts. */
  readonly openVenue: OpenVenue | null
  /** Page of the simulated device; null outside the demo. */
  readonly simulatedDeviceUrl: string | null
  readonly version: string
  readonly bitcoin: BitcoinPort
  /** Null in the demo: its servers are given. */
  readonly bitcoinServers: BitcoinServersPort | null
  readonly evm: readonly EvmPort[]
  readonly device: DevicePort
  readonly frames: FramesPort
  readonly store: StorePort
  readonly confirmation: ConfirmationPort
  readonly curve: Curve
  /** BIP32's arithmetic, the fastest of this machine. */
  readonly math: DerivationMath
  /** One line per event, without secrets or amounts. */
  readonly log: (line: string) => void
}
