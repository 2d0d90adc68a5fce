/** Names for addresses, by the one chain that has a name service. NOT_FOUND while no such chain is connected. */
import type { ResultOf } from '../../shared/contract/method.ts'
import type { namesLookup, namesResolve } from '../../shared/contract/methods/names.ts'
import { ok, refuse } from '../../shared/errors/refusal.ts'
import { parseEvmAddress } from '../../shared/transfer/evm/address.ts'
import type { EvmNames, EvmPort } from './ports.ts'

const timeoutMs = 15_000

export function createNameMethods(chains: readonly EvmPort[]) {
  function find(): { readonly names: EvmNames; readonly source: string } | undefined {
    const port = chains.find((chain) => chain.names !== undefined)
    return port?.names === undefined ? undefined : { names: port.names, source: port.source }
  }
  const nobody = () => refuse('NOT_FOUND', { what: 'chain', id: 'with names (evm:1)' })

  return {
    async 'names.resolve'({
      name,
    }: {
      readonly name: string
    }): Promise<ResultOf<typeof namesResolve>> {
      const found = find()
      if (found === undefined) return nobody()
      const { names, source } = found
      const address = await names.resolve(name, AbortSignal.timeout(timeoutMs))
      if (!address.ok) return address
      if (address.value === null) return refuse('NOT_FOUND', { what: 'name', id: name })
      const reverse = await names.reverse(address.value, AbortSignal.timeout(timeoutMs))
      if (!reverse.ok) return reverse
      const ascii = /^[a-z0-9.-]+$/.test(name)
      return ok({ name, address: address.value, reverse: reverse.value, ascii, source })
    },
    async 'names.lookup'({
      address,
    }: {
      readonly address: string
    }): Promise<ResultOf<typeof namesLookup>> {
      const parsed = parseEvmAddress(address)
      if (!parsed.ok) return parsed
      const found = find()
      if (found === undefined) return nobody()
      const name = await found.names.reverse(parsed.value, AbortSignal.timeout(timeoutMs))
      return name.ok ? ok({ name: name.value, source: found.source }) : name
    },
  }
}
