/** A plan as a file, and the check of signed bytes against it: what was approved, its digest, and the public
 *  account key that shows whose coins and change are ours. No secrets, yet whoever reads the key sees every
 *  address of the account. Canonical text; anything malformed, unknown or not the plan's own is refused. */
import { z } from 'zod'
import { type Result, ok, refuse } from '../errors/refusal.ts'
import { decodeCanonical, encodeCanonical } from '../units/canonical.ts'
import {
  type VaultAccount,
  pinnedBitcoinAccountSchema,
  pinnedEvmAccountSchema,
} from '../vault/account.ts'
import { deriveEvmAddress } from '../vault/ownAddress.ts'
import { planDifferences } from './consistency.ts'
import { digestPlan } from './digest.ts'
import { parseEvmAddress } from './evm/address.ts'
import { type Difference, type TransferPlan, digestSchema, transferPlanSchema } from './plan.ts'
import { verifyBitcoin } from './verify/bitcoin.ts'
import type { Curve } from './verify/curve.ts'
import { verifyEvm } from './verify/evm.ts'

const planFileSchema = z
  .object({
    format: z.literal('bulkhead-plan'),
    version: z.literal(1),
    plan: transferPlanSchema,
    digest: digestSchema,
    /** Null for a venue withdrawal: nothing of ours signs it. */
    account: z
      .discriminatedUnion('chain', [pinnedBitcoinAccountSchema, pinnedEvmAccountSchema])
      .nullable(),
  })
  .strict()
  .readonly()
export type PlanFile = z.infer<typeof planFileSchema>

export interface PlanFileVerdict {
  readonly verdict: 'match' | 'mismatch'
  /** Empty for a match. */
  readonly differences: readonly Difference[]
}

/** @param paying  the account of the vault that `plan` names */
export function encodePlanFile(plan: TransferPlan, digest: string, paying: VaultAccount): string {
  const { label: _, ...pinned } = paying
  const account = plan.execution.kind === 'venue' ? null : pinned
  const file: PlanFile = { format: 'bulkhead-plan', version: 1, plan, digest, account }
  return encodeCanonical(file)
}

/** Reads a plan file. Fields that we would drop are refused: the digest is of all that stands there. */
export function parsePlanFile(text: string): Result<PlanFile, 'INPUT_INVALID'> {
  const decoded = decodeCanonical(text)
  if (decoded === undefined) return malformed('', 'not a JSON document')
  const parsed = planFileSchema.safeParse(decoded.value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return malformed(issue?.path.join('.') ?? '', issue?.message ?? 'malformed')
  }
  if (encodeCanonical(parsed.data) !== encodeCanonical(decoded.value))
    return malformed('plan', 'fields that no plan has')
  return ok(parsed.data)
}

function malformed(field: string, problem: string): Result<never, 'INPUT_INVALID'> {
  return refuse('INPUT_INVALID', { field, problem })
}

/**
 * Are these bytes the plan of this file, signed by the account of this file?
 * @param rawHex  signed transaction, hex; malformed hex is a mismatch
 * @returns the verdict | INPUT_INVALID for a file that no transaction can be checked against
 */
export function verifyWithPlanFile(request: {
  readonly file: PlanFile
  readonly rawHex: string
  readonly curve: Curve
}): Result<PlanFileVerdict, 'INPUT_INVALID'> {
  const signed = verifySigned(request)
  if (!signed.ok) return signed
  const differences = [...fileDifferences(request.file), ...signed.value]
  return ok({ verdict: differences.length === 0 ? 'match' : 'mismatch', differences })
}

/** The digest must be of this plan, and the plan must say the same thing twice. */
function fileDifferences({ plan, digest }: PlanFile): readonly Difference[] {
  const actual = digestPlan(plan)
  return [
    ...(digest === actual ? [] : [{ field: 'digest', approved: digest, returned: actual }]),
    ...planDifferences(plan).map((found) => ({ ...found, field: `plan.${found.field}` })),
  ]
}

function verifySigned({
  file: { plan, digest, account },
  rawHex,
  curve,
}: {
  readonly file: PlanFile
  readonly rawHex: string
  readonly curve: Curve
}): Result<readonly Difference[], 'INPUT_INVALID'> {
  const { execution } = plan
  switch (execution.kind) {
    case 'venue':
      return malformed('plan.execution.kind', 'a venue withdrawal has no transaction of ours')
    case 'bitcoin': {
      if (account?.chain !== 'bitcoin') return malformed('account', 'not a bitcoin account')
      const verified = verifyBitcoin({ plan: execution, digest, rawHex, account, curve })
      return ok(verified.ok ? [] : verified.refusal.data.differences)
    }
    case 'evm': {
      if (account?.chain !== 'evm') return malformed('account', 'not an EVM account')
      const plain = rawHex.replace(/^0x/i, '').toLowerCase()
      const verified = verifyEvm({ plan: execution, digest, rawHex: plain, curve })
      return ok([
        ...ownerDifferences(execution, account),
        ...(verified.ok ? [] : verified.refusal.data.differences),
      ])
    }
  }
}

/** The signer is proved against `from`; here `from` is proved to be the account's own address. */
function ownerDifferences(
  execution: { readonly from: string; readonly path: string },
  account: { readonly xpub: string; readonly path: string },
): readonly Difference[] {
  const own = deriveEvmAddress(account.xpub, Number(account.path.split('/').at(-1)))
  const address = own.ok ? own.value : `no address: ${own.refusal.data.problem}`
  const from = parseEvmAddress(execution.from)
  return [
    ...(from.ok && from.value === address
      ? []
      : [{ field: 'account.address', approved: execution.from, returned: address }]),
    ...(execution.path === account.path
      ? []
      : [{ field: 'account.path', approved: execution.path, returned: account.path }]),
  ]
}
