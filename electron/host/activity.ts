/** Token movements of the vault's EVM accounts, each judged: what was planted there to be copied is flagged. */
import type { ResultOf } from '../../shared/contract/method.ts'
import type { vaultActivity } from '../../shared/contract/methods/activity.ts'
import { type Refusal, ok } from '../../shared/errors/refusal.ts'
import type { Transfer } from '../../shared/transfer/lifecycle.ts'
import { suspect } from '../../shared/transfer/lookAlike.ts'
import { amount } from '../../shared/units/amount.ts'
import type { EvmPort, EvmTokenMovement } from './ports.ts'
import { knownRecipients } from './transfers/recipients.ts'

const timeoutMs = 20_000

export function createActivityMethod(context: {
  readonly evm: readonly EvmPort[]
  /** Every address of the vault. */
  readonly own: () => readonly string[]
  readonly transfers: () => readonly Transfer[]
}): { 'vault.activity'(): Promise<ResultOf<typeof vaultActivity>> } {
  function view(port: EvmPort, movement: EvmTokenMovement, own: readonly string[]) {
    const { contract, units, txid, height } = movement
    const direction = own.includes(movement.from) ? ('out' as const) : ('in' as const)
    const counterparty = direction === 'out' ? movement.to : movement.from
    const known = knownRecipients(context.transfers()).map(({ address }) => address)
    const contracts = port.tokens.map((token) => token.contract)
    const token = port.tokens.find((each) => each.contract.toLowerCase() === contract.toLowerCase())
    return {
      chain: `evm:${port.chainId}`,
      txid,
      height,
      direction,
      counterparty,
      contract,
      amount: token === undefined ? null : amount(token.asset, units),
      suspicion: suspect({ counterparty, units, contract }, [...own, ...known], contracts),
    }
  }

  return {
    async 'vault.activity'() {
      const own = context.own()
      const accounts = own.filter((address) => address.startsWith('0x'))
      const reads = await Promise.all(
        context.evm.map(async (port) => ({
          port,
          read: await port.readTokenMovements(accounts, AbortSignal.timeout(timeoutMs)),
        })),
      )
      const refusals: Refusal[] = []
      const movements = reads.flatMap(({ port, read }) => {
        if (read.ok) return read.value.map((movement) => view(port, movement, own))
        refusals.push(read.refusal)
        return []
      })
      return ok({ movements, refusals })
    },
  }
}
