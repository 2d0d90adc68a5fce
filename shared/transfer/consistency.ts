/** Does a plan say the same thing twice? The screen shows recipient and amount, the device signs the execution:
 *  here the one is read back out of the other, by the bytes. A difference is a broken plan, never shown or signed. */
import { decodeTransferCall } from './evm/erc20.ts'
import { type Difference, type TransferPlan, paymentsOf } from './plan.ts'

interface Said {
  readonly recipient: string
  /** Base units. */
  readonly units: bigint | null
}

/** What the execution would really pay, and to whom: each recipient once. */
function readExecution({ execution }: TransferPlan): readonly Said[] {
  switch (execution.kind) {
    case 'bitcoin': {
      const others = execution.outputs.filter((output) => output.role === 'recipient')
      // A cancelled payment and a child that pays for its parent have nobody to pay but us.
      const paid = others.length > 0 ? others : execution.outputs
      const sums = new Map<string, bigint>()
      for (const { address, value } of paid) sums.set(address, (sums.get(address) ?? 0n) + value)
      return Array.from(sums, ([recipient, units]) => ({ recipient, units }))
    }
    case 'evm': {
      if (execution.token === null) {
        const recipient = execution.data === '' ? execution.to : 'a contract call'
        return [{ recipient, units: execution.value }]
      }
      const call = decodeTransferCall(execution.data)
      if (call === undefined || execution.to !== execution.token || execution.value !== 0n) {
        return [{ recipient: 'not a token transfer', units: null }]
      }
      return [{ recipient: call.recipient, units: call.units }]
    }
    case 'venue':
      return [{ recipient: execution.address, units: execution.amount.units }]
  }
}

/** In one order, so that two lists can be compared: outputs stand in a random one. */
function inOrder(said: readonly Said[]): readonly Said[] {
  return [...said].sort((a, b) => (a.recipient < b.recipient ? -1 : 1))
}

const recipientsOf = (said: readonly Said[]) => said.map(({ recipient }) => recipient).join(', ')
const unitsOf = (said: readonly Said[]) => said.map(({ units }) => units ?? 'unknown').join(', ')

/** Every difference by field; empty for a plan that means what it says. */
export function planDifferences(plan: TransferPlan): readonly Difference[] {
  const paid = inOrder(readExecution(plan))
  const shown = inOrder(
    paymentsOf(plan).map(({ recipient, amount }) => ({
      recipient: recipient.address,
      units: amount.units,
    })),
  )
  const differences: Difference[] = []
  for (const [field, textOf] of [
    ['recipient', recipientsOf],
    ['amount', unitsOf],
  ] as const) {
    const [approved, returned] = [textOf(shown), textOf(paid)]
    if (approved !== returned) differences.push({ field, approved, returned })
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
