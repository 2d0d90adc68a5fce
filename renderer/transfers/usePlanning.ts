/** Asks the host for a plan and opens its review. */
import { refusalOf, useAsk } from '../data/host.ts'
import { goTo } from '../data/route.ts'
import type { Contract } from '../../shared/contract/contract.ts'
import type { InputOf } from '../../shared/contract/method.ts'
import type { Refusal } from '../../shared/errors/refusal.ts'

export type PlanInput = InputOf<Contract['transfers.plan']>

export interface Planning {
  readonly busy: boolean
  readonly refusal: Refusal | null
  /** `of` names what is being planned, so that only its own card shows the refusal. */
  plan(input: PlanInput, of: string): void
  readonly of: string | null
}

const planOf = new WeakMap<object, string>()

export function usePlanning(): Planning {
  const ask = useAsk('transfers.plan')
  return {
    busy: ask.isPending,
    refusal: refusalOf(ask.error),
    of: ask.variables === undefined ? null : (planOf.get(ask.variables) ?? null),
    plan(input, of) {
      planOf.set(input, of)
      ask.mutate(input, { onSuccess: (transfer) => goTo('transfers', transfer.id) })
    },
  }
}
