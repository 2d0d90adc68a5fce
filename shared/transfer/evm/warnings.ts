/** What an approver should know about the accounts of a payment, by the code that lies at them. Pure.
 *  Warnings, not refusals: exchanges' deposit addresses and shared wallets are contracts, and people delegate. */
import type { PlanWarning } from '../plan.ts'
import { readAccountCode } from './accountCode.ts'

/** Codes are hex with 0x; `recipientCode` is null where the recipient is our own account. */
export function recipientWarnings(accounts: {
  readonly recipient: string
  readonly recipientCode: string | null
  readonly own: string
  readonly ownCode: string
}): readonly PlanWarning[] {
  const { recipient, recipientCode, own, ownCode } = accounts
  return [
    ...warn(own, ownCode, ['ownAccountContract', 'ownAccountDelegated']),
    ...(recipientCode === null
      ? []
      : warn(recipient, recipientCode, ['recipientContract', 'recipientDelegated'])),
  ]
}

function warn(
  address: string,
  code: string,
  [contract, delegated]: readonly [PlanWarning['key'], PlanWarning['key']],
): readonly PlanWarning[] {
  const found = readAccountCode(code)
  switch (found.kind) {
    case 'plain':
      return []
    case 'contract':
      return [{ key: contract, values: { address } }]
    case 'delegated':
      return [{ key: delegated, values: { address, delegate: found.to } }]
  }
}
