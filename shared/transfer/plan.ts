/** What is to happen, in full, before anyone approves it. One type per stage:
 *  TransferPlan → approval of its digest → signed bytes → VerifiedTransaction → receipt.
 *  Every field that a device signs or a venue executes is in the plan; the digest covers all of it. */
import { z } from 'zod'
import { quoteSchema } from '../market/quote.ts'
import { standingSchema } from '../risk/standing.ts'
import { amountSchema } from '../units/amount.ts'
import { instantSchema } from '../units/time.ts'
import { bitcoinNetworkSchema } from '../vault/account.ts'

const hexSchema = z.string().regex(/^([0-9a-f]{2})*$/)
const txidSchema = z.string().regex(/^[0-9a-f]{64}$/)

/** A coin to spend. `previousTransaction` is the full raw transaction that made it, whose txid was checked. */
export const bitcoinInputSchema = z
  .object({
    txid: txidSchema,
    vout: z.int().min(0).max(0xffffffff),
    value: z.bigint(),
    script: hexSchema,
    path: z.string(),
    /** Compressed public key derived here from the pinned xpub, hex. */
    publicKey: hexSchema,
    sequence: z.int().min(0).max(0xffffffff),
    previousTransaction: hexSchema,
  })
  .readonly()

export const bitcoinOutputSchema = z
  .object({
    role: z.enum(['recipient', 'change']),
    address: z.string(),
    script: hexSchema,
    value: z.bigint(),
    /** Set for change only: the path it was derived from here. */
    path: z.string().nullable(),
  })
  .readonly()

/** Outputs and inputs in the order in which they must appear in the signed transaction. */
export const bitcoinTransactionPlanSchema = z
  .object({
    kind: z.literal('bitcoin'),
    network: bitcoinNetworkSchema,
    version: z.int(),
    locktime: z.int().min(0).max(0xffffffff),
    inputs: z.array(bitcoinInputSchema).min(1).readonly(),
    outputs: z.array(bitcoinOutputSchema).min(1).readonly(),
    fee: z.bigint(),
    feeRateSatPerVb: z.number(),
    virtualSize: z.int(),
  })
  .readonly()
export type BitcoinTransactionPlan = z.infer<typeof bitcoinTransactionPlanSchema>
export type BitcoinInput = z.infer<typeof bitcoinInputSchema>
export type BitcoinOutput = z.infer<typeof bitcoinOutputSchema>

/** EIP-1559 (type 2) only; wei for values and fees, hex for data ('' is empty). */
export const evmTransactionPlanSchema = z
  .object({
    kind: z.literal('evm'),
    chainId: z.int().positive(),
    type: z.literal(2),
    from: z.string(),
    path: z.string(),
    nonce: z.int().nonnegative(),
    to: z.string(),
    value: z.bigint(),
    data: hexSchema,
    gasLimit: z.bigint(),
    maxFeePerGas: z.bigint(),
    maxPriorityFeePerGas: z.bigint(),
    /** Estimate in wei of what a rollup charges on top for the bytes; not signed, so nothing caps it. Absent: none. */
    dataFeeEstimate: z.bigint().optional(),
    /** What `source` said would move if this ran at once; an estimate, not signed. No changes: it could only say that
     *  the call goes through. Absent: nobody was asked. */
    simulation: z
      .object({
        source: z.string(),
        method: z.enum(['eth_simulateV1', 'eth_call']),
        /** Signed base units by account; contract null is the chain's coin. */
        changes: z
          .array(
            z
              .object({ address: z.string(), contract: z.string().nullable(), units: z.bigint() })
              .readonly(),
          )
          .readonly(),
      })
      .readonly()
      .optional(),
    /** Contract of the token moved, null for the chain's coin. */
    token: z.string().nullable(),
  })
  .readonly()
export type EvmTransactionPlan = z.infer<typeof evmTransactionPlanSchema>

/** A withdrawal that the venue executes: internal leg first, then out to a vault address. */
export const venueWithdrawalPlanSchema = z
  .object({
    kind: z.literal('venue'),
    venue: z.string(),
    accountId: z.string(),
    network: z.string(),
    /** 'bitcoin' or 'evm:<chainId>': where it must arrive. */
    chain: z.string(),
    /** Taken out of the margin account. */
    internal: z
      .object({ from: z.string(), to: z.string(), amount: amountSchema })
      .readonly()
      .nullable(),
    /** Leaves the venue; arrives less `venueFee`. */
    amount: amountSchema,
    venueFee: amountSchema,
    arrives: amountSchema,
    address: z.string(),
    addressPath: z.string(),
    /** Client ids that the venue enforces, one per leg: what makes a retry safe. */
    clientIds: z.object({ internal: z.string(), withdrawal: z.string() }).readonly(),
  })
  .readonly()
export type VenueWithdrawalPlan = z.infer<typeof venueWithdrawalPlanSchema>

export const executionSchema = z.discriminatedUnion('kind', [
  bitcoinTransactionPlanSchema,
  evmTransactionPlanSchema,
  venueWithdrawalPlanSchema,
])

export const recipientSchema = z
  .object({
    address: z.string(),
    label: z.string(),
    origin: z.enum(['vault', 'venue-deposit', 'address-book', 'new']),
  })
  .readonly()

/** What one recipient of several gets. */
export const paymentSchema = z
  .object({ recipient: recipientSchema, amount: amountSchema })
  .readonly()
export type Payment = z.infer<typeof paymentSchema>

/** Something that the approver should know and that does not stop the plan. */
export const planWarningSchema = z
  .object({
    /** Catalogue key under `warning.`. */
    key: z.enum([
      'ownAccountContract',
      'ownAccountDelegated',
      'recipientContract',
      'recipientDelegated',
      'depositMinimumUnknown',
      'linksAddresses',
      'savesLater',
    ]),
    /** For the message's placeholders. */
    values: z.record(z.string(), z.string()).readonly(),
  })
  .readonly()
export type PlanWarning = z.infer<typeof planWarningSchema>

/** The transfer whose transaction this one takes the place of: same account, same nonce
 *  or, on bitcoin, the same coins; only one of them can be mined. */
export const replacementSchema = z
  .object({ transferId: z.string(), txid: z.string(), kind: z.enum(['speed-up', 'cancel']) })
  .readonly()

export const transferPlanSchema = z
  .object({
    id: z.string(),
    purpose: z.enum(['withdraw', 'sweep', 'top-up']),
    createdAt: instantSchema,
    /** The approval is void after this instant. */
    expiresAt: instantSchema,
    amount: amountSchema,
    networkFee: amountSchema,
    recipient: recipientSchema,
    /** Paid in the same bitcoin transaction after `recipient`, in its order; `amount` is what all of them get together.
     *  Absent where nobody is. */
    alsoPays: z.array(paymentSchema).min(1).readonly().optional(),
    /** Account of the vault that pays, or that a sweep arrives on. */
    vaultAccount: z.string(),
    /** Venue account whose risk this changes; null for a plain withdrawal. */
    accountId: z.string().nullable(),
    before: standingSchema.nullable(),
    after: standingSchema.nullable(),
    /** Prices this plan was made on; it is void when one moves by more than `priceLimitBps`. */
    prices: z.array(quoteSchema).readonly(),
    priceLimitBps: z.int(),
    /** Absent for a plan that replaces nothing. A cancel moves nothing to ourselves, or on bitcoin everything back. */
    replaces: replacementSchema.optional(),
    /** Absent where there are none. */
    warnings: z.array(planWarningSchema).min(1).readonly().optional(),
    /** What the user will see on the device's own screen, in the device's words. */
    execution: executionSchema,
  })
  .readonly()
export type TransferPlan = z.infer<typeof transferPlanSchema>

/** Who gets how much: `recipient` first, then whoever is paid beside it. */
export function paymentsOf(
  plan: Pick<TransferPlan, 'recipient' | 'amount' | 'alsoPays'>,
): readonly Payment[] {
  const others = plan.alsoPays ?? []
  const rest = others.reduce((sum, { amount }) => sum + amount.units, 0n)
  const first = { ...plan.amount, units: plan.amount.units - rest }
  return [{ recipient: plan.recipient, amount: first }, ...others]
}

/** sha256 of the canonical text of a plan, hex: what an approval says yes to. */
export const digestSchema = z.string().regex(/^[0-9a-f]{64}$/)

/** A named difference between what was approved and what came back. */
export interface Difference {
  readonly field: string
  readonly approved: string
  readonly returned: string
}
