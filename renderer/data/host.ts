/** The host inside React: one client, reads cached per method, invalidated by host events.
 *  A refused read keeps its last good value and carries the refusal; so does a lost connection. */
import {
  QueryClient,
  type QueryKey,
  type UseQueryResult,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { createContext, useContext, useEffect, useSyncExternalStore } from 'react'
import type { Client } from '../../shared/contract/client.ts'
import type { Contract, MethodName } from '../../shared/contract/contract.ts'
import type { Topic } from '../../shared/contract/event.ts'
import type { InputOf, OutputOf } from '../../shared/contract/method.ts'
import type { Refusal } from '../../shared/errors/refusal.ts'
import type { HostWire, LinkState } from '../wire.ts'

export interface HostAccess {
  readonly client: Client
  readonly wire: HostWire
}

export const HostContext = createContext<HostAccess | null>(null)

export function useHost(): HostAccess {
  const host = useContext(HostContext)
  if (host === null) throw new Error('no host above this part')
  return host
}

/** A refusal on its way through react-query, which knows errors only. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal.code)
    this.refusal = refusal
  }
}

/** Which reads each event makes old. */
const readsByTopic: Readonly<Record<Topic, readonly MethodName[]>> = {
  status: ['status.read'],
  portfolio: ['portfolio.read'],
  vault: ['vault.read', 'portfolio.read'],
  transfers: ['transfers.list', 'transfers.read'],
  journal: ['journal.list'],
  settings: ['settings.read', 'servers.read', 'portfolio.read', 'status.read'],
}

export function createQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { retry: false, staleTime: 1_000, gcTime: 10 * 60_000, networkMode: 'always' },
      mutations: { retry: false, networkMode: 'always' },
    },
  })
}

/** Refreshes what host events name, and everything once the connection is back. */
export function useHostEvents(): void {
  const { wire } = useHost()
  const queries = useQueryClient()
  useEffect(() => {
    const stopEvents = wire.subscribe(({ topic }) => {
      for (const name of readsByTopic[topic]) void queries.invalidateQueries({ queryKey: [name] })
    })
    const stopLink = wire.onLink(() => {
      if (wire.linkState().kind === 'connected') void queries.invalidateQueries()
    })
    return () => {
      stopEvents()
      stopLink()
    }
  }, [wire, queries])
}

export function useLink(): LinkState {
  const { wire } = useHost()
  return useSyncExternalStore(
    (listener) => wire.onLink(listener),
    () => wire.linkState(),
  )
}

export type Read<Name extends MethodName> = UseQueryResult<OutputOf<Contract[Name]>>

function keyOf(name: MethodName, input: unknown): QueryKey {
  return [name, input]
}

/** Reads through the contract. `everyMs`: the fallback where no event comes. */
export function useRead<Name extends MethodName>(
  name: Name,
  input: InputOf<Contract[Name]>,
  everyMs = 10_000,
): Read<Name> {
  const { client } = useHost()
  return useQuery({
    queryKey: keyOf(name, input),
    queryFn: async () => {
      const result = await client.call(name, input)
      if (!result.ok) throw new Refused(result.refusal)
      return result.value as OutputOf<Contract[Name]>
    },
    refetchInterval: everyMs,
  })
}

/** Asks the host to do something. A refusal is a value of `error`, to be shown with its way out. */
export function useAsk<Name extends MethodName>(name: Name) {
  const { client } = useHost()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async (input: InputOf<Contract[Name]>) => {
      const result = await client.call(name, input)
      if (!result.ok) throw new Refused(result.refusal)
      return result.value as OutputOf<Contract[Name]>
    },
    onSettled: () => queries.invalidateQueries(),
  })
}

export function refusalOf(error: unknown): Refusal | null {
  return error instanceof Refused ? error.refusal : null
}
