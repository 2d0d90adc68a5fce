/** A transfer in words: what it does, between which sides, and what comes next. Pure. */
import type { Contract } from '../../shared/contract/contract.ts'
import type { OutputOf } from '../../shared/contract/method.ts'
import type { Grade } from '../data/device.ts'
import { visibleText } from '../format/addresses.ts'
import { chainName } from '../format/chains.ts'
import type { Format } from '../format/format.ts'
import { venueNames } from '../format/venues.ts'
import type { Text } from '../language/text.ts'
import type { PlanInput } from './usePlanning.ts'
import { amountToDecimal } from '../../shared/units/amount.ts'

export type Transfer = OutputOf<Contract['transfers.read']>
export type Plan = Transfer['plan']

/** Where it must arrive: 'bitcoin' or 'evm:<chainId>'. */
export function chainOf(plan: Plan): string {
  switch (plan.execution.kind) {
    case 'bitcoin':
      return 'bitcoin'
    case 'evm':
      return `evm:${plan.execution.chainId}`
    case 'venue':
      return plan.execution.chain
  }
}

export function venueOf(plan: Plan): string {
  if (plan.execution.kind !== 'venue') return visibleText(plan.recipient.label)
  const { venue } = plan.execution
  return Object.entries(venueNames).find(([id]) => id === venue)?.[1] ?? visibleText(venue)
}

/** Everything it pays arrives back in the vault: a payment taken back, hurried, or coins put together. */
export function staysInVault({ execution }: Plan): boolean {
  return (
    execution.kind === 'bitcoin' && execution.outputs.every((output) => output.role === 'change')
  )
}

function withoutReplaces({ replaces: _, ...plan }: Plan): Plan {
  return plan
}

export function transferTitle(plan: Plan, format: Format, t: Text): string {
  const amount = format.amount(plan.amount)
  if (plan.replaces?.kind === 'cancel') return t('transfer.takeBack')
  if (plan.replaces?.kind === 'speed-up')
    return t('transfer.speedUp', { what: transferTitle(withoutReplaces(plan), format, t) })
  if (staysInVault(plan))
    return plan.execution.kind === 'bitcoin' && plan.execution.inputs.length > 1
      ? t('transfer.consolidate', { count: plan.execution.inputs.length, amount })
      : t('transfer.boost', { amount })
  switch (plan.purpose) {
    case 'withdraw':
      return t('transfer.withdraw', { amount })
    case 'sweep':
      return t('transfer.sweep', { amount, venue: venueOf(plan) })
    case 'top-up':
      return t('transfer.top-up', { amount, venue: venueOf(plan) })
  }
}

export function transferRoute(plan: Plan, t: Text): string {
  const chain = chainName(chainOf(plan))
  if (staysInVault(plan)) return `${t('vault')} → ${chain} → ${t('vault')}`
  return plan.purpose === 'sweep'
    ? `${venueOf(plan)} → ${chain} → ${t('vault')}`
    : `${t('vault')} → ${chain} → ${visibleText(plan.recipient.label) || t('transfer.newRecipient')}`
}

export function stateGrade(state: Transfer['state']): Grade {
  switch (state) {
    case 'done':
      return 'good'
    case 'refused':
      return 'breach'
    case 'unknown':
      return 'breach'
    case 'cancelled':
      return 'off'
    case 'planned':
    case 'confirming':
    case 'signing':
    case 'sending':
    case 'sent':
      return 'warn'
  }
}

export function isUnderWay(transfer: Transfer): boolean {
  return !['done', 'refused', 'cancelled'].includes(transfer.state)
}

/** The step that runs or waits now; null when nothing is left to happen. */
export function nextStep(transfer: Transfer): Transfer['steps'][number] | null {
  if (!isUnderWay(transfer)) return null
  return transfer.steps.find(({ state }) => state !== 'done') ?? null
}

/** The same wish again, to be planned on fresh figures. */
export function againInput(plan: Plan): PlanInput | null {
  // A replacement or a hurried coin is planned again from where it was asked for.
  if (plan.replaces !== undefined || staysInVault(plan)) return null
  const others = plan.alsoPays ?? []
  const rest = others.reduce((sum, paid) => sum + paid.amount.units, 0n)
  const amount = amountToDecimal({ ...plan.amount, units: plan.amount.units - rest })
  const named = (label: string) => (label === '' ? {} : { label })
  if (plan.purpose === 'withdraw')
    return {
      purpose: 'withdraw',
      chain: chainOf(plan),
      asset: plan.amount.asset,
      amount,
      address: plan.recipient.address,
      ...named(plan.recipient.label),
      ...(others.length === 0
        ? {}
        : {
            also: others.map(({ recipient: { address, label }, amount: share }) => ({
              address,
              amount: amountToDecimal(share),
              ...named(label),
            })),
          }),
    }
  return plan.accountId === null
    ? null
    : { purpose: plan.purpose, accountId: plan.accountId, asset: plan.amount.asset, amount }
}

/** Whether what this row says was proved: signed bytes verified, or the address confirmed on the device. */
export function isProved(transfer: Transfer, key: string): boolean {
  const done = (kind: string) =>
    transfer.steps.some((step) => step.kind === kind && step.state === 'done')
  return done('verify') || (key === 'address' && done('confirm-address'))
}
