/** ENS: a name to an address and back, by the chain alone. Only names that stand as ENSIP-15 normalises them, so that
 *  two that look alike are not taken for one another. A name found for an address counts only when it leads back.
 *  Refuses (NAME_REFUSED) other spellings, confusables, and names that are resolved off the chain (EIP-3668): their
 *  gateway could answer each asker otherwise. Source: ENSIP-1, -3, -10, -15. */
import { dnsEncode, ensNormalize, Interface, namehash } from 'ethers'
import { ok, type Refusal, refuse, type Result } from '../../../../shared/errors/refusal.ts'
import { parseEvmAddress } from '../../../../shared/transfer/evm/address.ts'
import type { ChainRefusals, ChainResult, EvmNames } from '../../../host/ports.ts'
import { hexSchema } from './answers.ts'
import type { EvmNode } from './node.ts'

/** The registry on Ethereum. */
export const ENS_REGISTRY = '0x00000000000C2E074eC69A0dFb2997BA6C7d2e1e'
const ens = new Interface([
  'function resolver(bytes32 node) view returns (address)',
  'function addr(bytes32 node) view returns (address)',
  'function name(bytes32 node) view returns (string)',
  'function supportsInterface(bytes4 id) view returns (bool)',
  'function resolve(bytes name, bytes data) view returns (bytes)',
])
/** ENSIP-10: a resolver that answers for names below its own. */
const EXTENDED = '0x9061b923'
const MAX_LENGTH = 255

type NameResult<T> = Result<T, ChainRefusals | 'NAME_REFUSED'>

/** The name as it stands; refused where its normal form is another, or there is none. */
export function checkName(name: string): Result<string, 'NAME_REFUSED'> {
  const shown = name.slice(0, MAX_LENGTH)
  if (name.length > MAX_LENGTH || name.split('.').some((label) => label === '')) {
    return refuse('NAME_REFUSED', { name: shown, reason: 'it is no name' })
  }
  try {
    const normal = ensNormalize(name)
    if (normal === name) return ok(name)
    return refuse('NAME_REFUSED', { name: shown, reason: `it is written ${normal}` })
  } catch (error) {
    // The library says which letters are mixed or look like others.
    const said = error instanceof Error ? error.message : ''
    const [, why] = /^(.*?)(?: \(argument=|$)/.exec(said) ?? []
    return refuse('NAME_REFUSED', { name: shown, reason: (why ?? said).slice(0, 120) })
  }
}

export function createNames(
  node: EvmNode,
  registry: string,
  check: (signal: AbortSignal) => Promise<ChainResult<void>>,
): EvmNames {
  async function read(
    to: string,
    method: string,
    values: readonly unknown[],
    signal: AbortSignal,
  ): Promise<ChainResult<unknown>> {
    const call = { to, data: ens.encodeFunctionData(method, [...values]) }
    const said = await node.ask('eth_call', [call, 'latest'], hexSchema, signal)
    if (!said.ok) return said
    return decode(method, said.value)
  }

  function decode(method: string, data: string): ChainResult<unknown> {
    // No code at the address answers nothing.
    if (data === '0x') return ok(null)
    try {
      return ok(ens.decodeFunctionResult(method, data)[0])
    } catch {
      return node.malformed(`ens.${method}`, data)
    }
  }

  /** The resolver of the name or of the nearest name above it; null where there is none. */
  async function findResolver(
    name: string,
    signal: AbortSignal,
  ): Promise<ChainResult<{ readonly resolver: string; readonly own: boolean } | null>> {
    const labels = name.split('.')
    for (let above = 0; above < labels.length; above += 1) {
      const at = labels.slice(above).join('.')
      const found = await read(registry, 'resolver', [namehash(at)], signal)
      if (!found.ok) return found
      const resolver = addressOf(found.value)
      if (resolver !== null) return ok({ resolver, own: above === 0 })
    }
    return ok(null)
  }

  async function isExtended(resolver: string, signal: AbortSignal): Promise<ChainResult<boolean>> {
    const said = await read(resolver, 'supportsInterface', [EXTENDED], signal)
    if (said.ok) return ok(said.value === true)
    // An old resolver knows no interfaces and reverts.
    return said.refusal.code === 'CHAIN_REJECTED' ? ok(false) : said
  }

  /** What a method of the name's resolver answers; null where nobody answers for it. */
  async function ask(
    name: string,
    method: 'addr' | 'name',
    signal: AbortSignal,
  ): Promise<NameResult<unknown>> {
    const found = await findResolver(name, signal)
    if (!found.ok || found.value === null) return found
    const { resolver, own } = found.value
    const extended = await isExtended(resolver, signal)
    if (!extended.ok) return extended
    if (!extended.value) return own ? read(resolver, method, [namehash(name)], signal) : ok(null)
    const inner = ens.encodeFunctionData(method, [namehash(name)])
    const said = await read(resolver, 'resolve', [dnsEncode(name), inner], signal)
    if (said.ok) return typeof said.value === 'string' ? decode(method, said.value) : ok(null)
    return isOffchain(said.refusal)
      ? refuse('NAME_REFUSED', { name, reason: 'it is resolved off the chain' })
      : said
  }

  async function resolve(name: string, signal: AbortSignal): Promise<NameResult<string | null>> {
    const normal = checkName(name)
    if (!normal.ok) return normal
    const checked = await check(signal)
    if (!checked.ok) return checked
    const said = await ask(name, 'addr', signal)
    return said.ok ? ok(addressOf(said.value)) : said
  }

  return {
    resolve,
    async reverse(address, signal) {
      const checked = await check(signal)
      if (!checked.ok) return checked
      const claimed = await ask(`${address.slice(2).toLowerCase()}.addr.reverse`, 'name', signal)
      // Whoever owns an address may claim any name for it: what cannot be checked is none.
      if (!claimed.ok) return asNone(claimed.refusal)
      if (typeof claimed.value !== 'string' || claimed.value === '') return ok(null)
      const forward = await resolve(claimed.value, signal)
      if (!forward.ok) return asNone(forward.refusal)
      return ok(forward.value === address ? claimed.value : null)
    },
  }
}

/** What a contract answers wrongly or refuses is no name; only a server that is away or lies leaves it open. */
function asNone(refusal: Refusal<ChainRefusals | 'NAME_REFUSED'>): ChainResult<null> {
  switch (refusal.code) {
    case 'NAME_REFUSED':
    case 'CHAIN_REJECTED':
    case 'CHAIN_ANSWER_MALFORMED':
      return ok(null)
    default:
      return { ok: false, refusal }
  }
}

/** Checksummed; null for the zero address and for what is none. */
function addressOf(value: unknown): string | null {
  if (typeof value !== 'string') return null
  const parsed = parseEvmAddress(value)
  return parsed.ok && BigInt(parsed.value) !== 0n ? parsed.value : null
}

function isOffchain(refusal: Refusal<ChainRefusals>): boolean {
  return refusal.code === 'CHAIN_REJECTED' && refusal.data.reason.startsWith('OffchainLookup')
}
