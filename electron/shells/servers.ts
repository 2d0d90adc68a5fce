/** Chain servers of the user's own choice: `servers.json` in the data directory; none is built in.
 *  Refuses (STORE_CORRUPT) what is malformed, a chain named twice, an unknown chain without its coin, and a token
 *  that takes a known asset's name with other decimals: assets are counted by name. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { type Result, ok, refuse } from '../../shared/errors/refusal.ts'
import { parseEvmAddress } from '../../shared/transfer/evm/address.ts'
import { BTC, ETH, USDC, USDT, assetSchema } from '../../shared/units/amount.ts'
import {
  type BitcoinServers,
  bitcoinServersSchema,
  electrumServerSchema,
  esploraServerSchema,
  noServers,
  serverProblems,
} from '../../shared/vault/bitcoinServers.ts'
import { knownChain, lagOf, listedTokens } from '../adapters/chain/evm/chains.ts'
import { crossChecked } from '../adapters/chain/evm/crossChecked.ts'
import { createEvm } from '../adapters/chain/evm/evm.ts'
import type { Clock, EvmPort, OpenEvm } from '../host/ports.ts'

const slowestBlockMs = 12_000

const httpUrl = z.url({ protocol: /^https?$/ })

const contractSchema = z
  .string()
  .refine((text) => parseEvmAddress(text).ok, 'not an EVM address, or its checksum is wrong')

const tokenSchema = z
  .object({
    symbol: z.string().min(1).max(20),
    decimals: z.int().min(0).max(30),
    contract: contractSchema,
    /** What the contract calls itself, where that differs. */
    chainSymbol: z.string().optional(),
  })
  .strict()

const evmSchema = z
  .object({
    chainId: z.int().positive(),
    url: httpUrl,
    /** Another server of the same chain, which must say the same as the first. */
    second: httpUrl.optional(),
    /** Needed where we do not know the chain by its id; wei everywhere. */
    coin: assetSchema.optional(),
    dataFee: z.enum(['none', 'op-stack', 'in-gas']).optional(),
    /** On top of the checked-in list. */
    tokens: z.array(tokenSchema).optional(),
  })
  .strict()
type EvmServers = z.output<typeof evmSchema>

const serversSchema = z
  .object({
    /** Until others are chosen in Settings; without `kind` the first is an Electrum server. */
    bitcoin: z
      .union([
        bitcoinServersSchema,
        electrumServerSchema
          .unwrap()
          .omit({ kind: true })
          .extend({ second: esploraServerSchema.unwrap().omit({ kind: true }).optional() })
          .transform(
            ({ second, ...first }): BitcoinServers => ({
              first: { kind: 'electrum', ...first },
              second: second === undefined ? null : { kind: 'esplora', ...second },
              proxy: null,
            }),
          ),
      ])
      .optional(),
    /** Short for chain 1 in `evm`. */
    ethereum: z.object({ url: httpUrl, second: httpUrl.optional() }).optional(),
    evm: z.array(evmSchema).optional(),
  })
  .transform(({ bitcoin, ethereum, evm }) => ({
    bitcoin: bitcoin ?? noServers,
    evm: [...(ethereum === undefined ? [] : [{ chainId: 1, ...ethereum }]), ...(evm ?? [])],
  }))
  .superRefine(({ bitcoin, evm }, context) => {
    for (const { field, problem } of serverProblems(bitcoin))
      context.addIssue({ code: 'custom', message: `bitcoin, ${field}: ${problem}` })
    for (const [at, servers] of evm.entries()) {
      for (const problem of problemsOf(servers, evm.slice(0, at)))
        context.addIssue({ code: 'custom', message: `chain ${servers.chainId}: ${problem}` })
    }
  })
type Servers = z.output<typeof serversSchema>

function problemsOf(servers: EvmServers, earlier: readonly EvmServers[]): readonly string[] {
  const { chainId, coin, tokens } = servers
  const known = knownChain(chainId)
  const problems: string[] = []
  if (earlier.some((other) => other.chainId === chainId)) problems.push('named twice')
  if (known === undefined && coin === undefined) problems.push('its coin is missing')
  if (known !== undefined && coin !== undefined && coin.symbol !== known.coin.symbol)
    problems.push(`its coin is ${known.coin.symbol}`)
  if (coin !== undefined && [BTC, USDC, USDT].some(({ symbol }) => symbol === coin.symbol))
    problems.push(`${coin.symbol} is another asset's name`)
  if (coin !== undefined && coin.decimals !== 18)
    problems.push('a coin is counted in wei: 18 decimals')
  const names = new Set<string>([coin?.symbol ?? known?.coin.symbol ?? ''])
  for (const { asset } of listedTokens(chainId)) names.add(asset.symbol)
  for (const { symbol, decimals } of tokens ?? []) {
    if (names.has(symbol)) problems.push(`${symbol} named twice`)
    names.add(symbol)
    const same = [BTC, ETH, USDC, USDT].find((asset) => asset.symbol === symbol)
    if (same !== undefined && same.decimals !== decimals)
      problems.push(`${symbol} has ${same.decimals} decimals; give this token another name`)
  }
  return problems
}

export function parseServers(text: string): Result<Servers, 'STORE_CORRUPT'> {
  try {
    return ok(serversSchema.parse(JSON.parse(text)))
  } catch (error) {
    return refuse('STORE_CORRUPT', {
      file: 'servers.json',
      reason: error instanceof z.ZodError ? (error.issues[0]?.message ?? 'malformed') : 'not JSON',
    })
  }
}

export function readServers(directory: string): Result<Servers, 'STORE_CORRUPT'> {
  const file = join(directory, 'servers.json')
  return parseServers(existsSync(file) ? readFileSync(file, 'utf8') : '{}')
}

/** A chain that the user added while running, by the same rules as the file's. Plain HTTP only to this machine. */
export function openChosenChain(chain: Parameters<OpenEvm>[0], clock: Clock): ReturnType<OpenEvm> {
  const { chainId, rpcUrl, secondUrl, coin } = chain
  const problem = (field: string, text: string) => refuse('INPUT_INVALID', { field, problem: text })
  for (const [field, url] of [
    ['rpcUrl', rpcUrl],
    ['secondUrl', secondUrl],
  ] as const) {
    if (url !== undefined && !isPrivate(new URL(url)))
      return problem(field, 'plain HTTP shows your addresses to everyone on the way: use https')
  }
  const servers = evmSchema.safeParse({
    chainId,
    url: rpcUrl,
    ...(secondUrl === undefined ? {} : { second: secondUrl }),
    ...(coin === undefined ? {} : { coin: { symbol: coin, decimals: 18 } }),
  })
  if (!servers.success) return problem('chain', servers.error.issues[0]?.message ?? 'malformed')
  const [wrong] = problemsOf(servers.data, [])
  return wrong === undefined
    ? ok(openEvmChain(servers.data, clock))
    : problem(coin === undefined ? 'chainId' : 'coin', wrong)
}

function isPrivate({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || ['127.0.0.1', 'localhost', '[::1]'].includes(hostname)
}

/** Said of the chain by us or by the user; otherwise the chain is asked. */
function dataFeeOf(dataFee: EvmServers['dataFee']) {
  return dataFee === undefined ? {} : { dataFee }
}

/** One chain by its one or two servers. */
export function openEvmChain(servers: EvmServers, clock: Clock): EvmPort {
  const { chainId, second } = servers
  const known = knownChain(chainId)
  const coin = known?.coin ?? servers.coin
  if (coin === undefined) throw new Error(`chain ${chainId} without a coin`)
  const own = (servers.tokens ?? []).map(({ symbol, decimals, contract, chainSymbol }) => ({
    asset: { symbol, decimals },
    contract,
    ...(chainSymbol === undefined ? {} : { chainSymbol }),
  }))
  const open = (url: string) =>
    createEvm({
      chainId,
      url,
      coin,
      tokens: [...listedTokens(chainId), ...own],
      ...dataFeeOf(known?.dataFee ?? servers.dataFee),
      ...(known?.nameRegistry === undefined ? {} : { nameRegistry: known.nameRegistry }),
      ...(known?.leastTip === undefined ? {} : { leastTip: known.leastTip }),
      source: new URL(url).hostname,
      clock,
    })
  return second === undefined
    ? open(servers.url)
    : crossChecked(open(servers.url), open(second), {
        clock,
        ...lagOf(known?.blockTimeMs ?? slowestBlockMs),
      })
}
