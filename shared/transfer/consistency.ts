/** Does a plan say the same thing twice? The screen shows recipient and amount, the device signs the execution:
 *  here the one is read back out of the other, by the bytes. A difference is a broken plan, never shown or signed. */
import type { Difference, TransferPlan } from './plan.ts'
import { decodeTransferCall } from './evm/erc20.ts'

interface Said {
  readonly recipient: string
  readonly units: string
}

/** What the execution would really pay, and to whom. */
function readExecution({ execution }: TransferPlan): Said {
  switch (execution.kind) {
    case 'bitcoin': {
      const others = execution.outputs.filter((output) => output.role === 'recipient')
      // A cancelled payment and a child that pays for its parent have nobody to pay but us.
      const paid = others.length > 0 ? others : execution.outputs
      return {
        recipient: [...new Set(paid.map((output) => output.address))].join(', '),
        units: String(paid.reduce((sum, output) => sum + output.value, 0n)),
      }
    }
    case 'evm': {
      if (execution.token === null) {
        const recipient = execution.data === '' ? execution.to : 'a contract call'
        return { recipient, units: String(execution.value) }
      }
      const call = decodeTransferCall(execution.data)
      if (call === undefined || execution.to !== execution.token || execution.value !== 0n) {
        return { recipient: 'not a token transfer', units: 'unknown' }
      }
      return { recipient: call.recipient, units: String(call.units) }
    }
    case 'venue':
      return { recipient: execution.address, units: String(execution.amount.units) }
  }
}

/** Every difference by field; empty for a plan that means what it says. */
export function planDifferences(plan: TransferPlan): readonly Difference[] {
  const { recipient, units } = readExecution(plan)
  const differences: Difference[] = []
  if (recipient !== plan.recipient.address) {
    differences.push({ field: 'recipient', approved: plan.recipient.address, returned: recipient })
  }
  if (units !== String(plan.amount.units)) {
    differences.push({ field: 'amount', approved: String(plan.amount.units), returned: units })
  }
  if (plan.execution.kind === 'bitcoin') {
    const { inputs, outputs, fee } = plan.execution
    const left =
      inputs.reduce((sum, input) => sum + input.value, 0n) -
      outputs.reduce((sum, output) => sum + output.value, 0n)
    if (left !== fee || fee !== plan.networkFee.units) {
      differences.push({
        field: 'fee',
        approved: String(plan.networkFee.units),
        returned: String(left),
      })
    }
  }
  return differences
}
