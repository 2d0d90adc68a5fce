/** A transfer as the screens show it, and what the device's own screen will say of it, in its words. */
import type { TransferView } from '../../../shared/contract/methods/transfers.ts'
import { type Transfer, canCancel } from '../../../shared/transfer/lifecycle.ts'
import { type TransferPlan, paymentsOf } from '../../../shared/transfer/plan.ts'
import { type Amount, amountToDecimal } from '../../../shared/units/amount.ts'

import { waitsOnBitcoin } from './planBitcoinReplacement.ts'
import { replaceable } from './planReplacement.ts'

type DeviceLine = TransferView['deviceLines'][number]

/** '0.05 BTC': the device drops zeros at the end, and has its own ticker for a test network. */
function inDeviceWords(value: Amount, ticker: string = value.asset): string {
  const text = amountToDecimal(value)
  const short = text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text
  return `${short} ${ticker}`
}

function approved(value: Amount): string {
  return `${amountToDecimal(value)} ${value.asset}`
}

function deviceLines(plan: TransferPlan): readonly DeviceLine[] {
  const { execution, recipient, amount, networkFee } = plan
  const to: DeviceLine = { key: 'to', approved: recipient.address, device: recipient.address }
  const moved: DeviceLine = {
    key: 'amount',
    approved: approved(amount),
    device: inDeviceWords(amount),
  }
  switch (execution.kind) {
    case 'venue':
      return [{ key: 'address', approved: execution.address, device: execution.address }]
    case 'bitcoin': {
      const ticker = execution.network === 'regtest' ? 'REGTEST' : 'BTC'
      const words = { approved: approved(networkFee), device: inDeviceWords(networkFee, ticker) }
      // All of it comes back to us: the device shows no address, only that the fee is all that leaves.
      if (execution.outputs.every((output) => output.role === 'change'))
        return [
          { key: 'total', ...words },
          { key: 'fee', ...words },
        ]
      // The device asks about one output after the other; so do these lines.
      return [
        ...paymentsOf(plan).flatMap((paid): readonly DeviceLine[] => [
          { key: 'to', approved: paid.recipient.address, device: paid.recipient.address },
          {
            key: 'amount',
            approved: approved(paid.amount),
            device: inDeviceWords(paid.amount, ticker),
          },
        ]),
        { key: 'fee', ...words },
      ]
    }
    case 'evm': {
      // The device knows the signed part only: a rollup's data fee stands in no field of the transaction.
      const data = execution.dataFeeEstimate ?? 0n
      const signedFee = { ...networkFee, units: networkFee.units - data }
      return [
        to,
        moved,
        { key: 'max-fee', approved: approved(signedFee), device: inDeviceWords(signedFee) },
        { key: 'chain', approved: String(execution.chainId), device: String(execution.chainId) },
        ...(execution.token === null
          ? []
          : [{ key: 'token' as const, approved: execution.token, device: execution.token }]),
      ]
    }
  }
}

export function viewTransfer(transfer: Transfer, now: number): TransferView {
  return {
    id: transfer.id,
    plan: transfer.plan,
    digest: transfer.digest,
    state: transfer.state,
    steps: transfer.steps,
    deviceLines: deviceLines(transfer.plan),
    refusal: transfer.refusal,
    txid:
      transfer.signed?.txid ??
      transfer.steps.find((step) => step.kind === 'arrive')?.reference ??
      null,
    createdAt: transfer.createdAt,
    updatedAt: transfer.updatedAt,
    canApprove: transfer.state === 'planned' && now < transfer.plan.expiresAt,
    canCancel: canCancel(transfer),
    canResolve: transfer.state === 'unknown',
    canReplace: replaceable(transfer) !== null || waitsOnBitcoin(transfer),
  }
}
