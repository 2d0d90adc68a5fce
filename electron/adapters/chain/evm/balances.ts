/** Balances of many accounts at once: Multicall3's aggregate3 where the chain has it, single calls where it has not.
 *  Base units. Each part of an answer is one 32-byte word or the whole is refused; a missing one is never zero.
 *  Source: the deployments of mds1/multicall3, which has one address on every chain. */
import { Interface } from 'ethers'
import { ok } from '../../../../shared/errors/refusal.ts'
import { type Amount, type Asset, amount } from '../../../../shared/units/amount.ts'
import type { ChainResult, EvmToken } from '../../../host/ports.ts'
import { hexSchema, quantitySchema, wordSchema } from './answers.ts'
import { erc20 } from './erc20.ts'
import type { EvmNode } from './node.ts'
import { tokenCall } from './tokens.ts'

export const MULTICALL3 = '0xcA11bde05977b3631167028862bE2a173976CA11'
const multicall3 = new Interface([
  'function aggregate3((address target, bool allowFailure, bytes callData)[] calls) payable returns ((bool success, bytes returnData)[])',
  'function getEthBalance(address owner) view returns (uint256)',
])
/** Well under every server's limits on gas and on the length of a body. */
const CALLS_AT_ONCE = 250

export interface BalanceReader {
  /** For each address the coin, then each token. */
  read(
    addresses: readonly string[],
    signal: AbortSignal,
  ): Promise<ChainResult<readonly (readonly Amount[])[]>>
}

export function createBalanceReader(
  node: EvmNode,
  coin: Asset,
  tokens: readonly EvmToken[],
): BalanceReader {
  /** Null until the chain was asked. */
  let hasMulticall: boolean | null = null

  async function isThere(signal: AbortSignal): Promise<boolean> {
    if (hasMulticall !== null) return hasMulticall
    const code = await node.ask('eth_getCode', [MULTICALL3, 'latest'], hexSchema, signal)
    if (code.ok) hasMulticall = code.value !== '0x'
    return hasMulticall ?? false
  }

  function toAmounts(words: readonly bigint[]): readonly (readonly Amount[])[] {
    const assets = [coin, ...tokens.map((token) => token.asset)]
    const rows: Amount[][] = []
    for (const [i, units] of words.entries()) {
      const asset = assets[i % assets.length] ?? coin
      if (i % assets.length === 0) rows.push([])
      rows.at(-1)?.push(amount(asset, units))
    }
    return rows
  }

  return {
    async read(addresses, signal) {
      const together = (await isThere(signal))
        ? await readTogether(node, addresses, tokens, signal)
        : null
      // Some servers allow a call less gas than hundreds of balances need.
      const refused = together?.ok === false && together.refusal.code === 'CHAIN_REJECTED'
      const words =
        together === null || refused ? await readSingly(node, addresses, tokens, signal) : together
      return words.ok ? ok(toAmounts(words.value)) : words
    },
  }
}

async function readTogether(
  node: EvmNode,
  addresses: readonly string[],
  tokens: readonly EvmToken[],
  signal: AbortSignal,
): Promise<ChainResult<readonly bigint[]>> {
  const calls = addresses.flatMap((address) => [
    { target: MULTICALL3, callData: multicall3.encodeFunctionData('getEthBalance', [address]) },
    ...tokens.map(({ contract }) => ({
      target: contract,
      callData: erc20.encodeFunctionData('balanceOf', [address]),
    })),
  ])
  const chunks: (typeof calls)[] = []
  for (let at = 0; at < calls.length; at += CALLS_AT_ONCE) {
    chunks.push(calls.slice(at, at + CALLS_AT_ONCE))
  }
  const answers = await Promise.all(
    chunks.map(async (chunk) => {
      const asked = chunk.map((call) => ({ ...call, allowFailure: true }))
      const data = multicall3.encodeFunctionData('aggregate3', [asked])
      const said = await node.ask(
        'eth_call',
        [{ to: MULTICALL3, data }, 'latest'],
        hexSchema,
        signal,
      )
      return said.ok ? readWords(node, said.value, chunk.length) : said
    }),
  )
  const words: bigint[] = []
  for (const answer of answers) {
    if (!answer.ok) return answer
    words.push(...answer.value)
  }
  return ok(words)
}

function readWords(node: EvmNode, data: string, count: number): ChainResult<readonly bigint[]> {
  const malformed = (value: string) => node.malformed('aggregate3', value)
  let results: readonly (readonly unknown[])[]
  try {
    const [decoded] = multicall3.decodeFunctionResult('aggregate3', data)
    results = Array.from(decoded, (one: Iterable<unknown>) => Array.from(one))
  } catch {
    return malformed(data)
  }
  if (results.length !== count) return malformed(`${results.length} of ${count} answers`)
  const words: bigint[] = []
  for (const [at, [success, returned]] of results.entries()) {
    const word = wordSchema.safeParse(returned)
    if (success !== true || !word.success) return malformed(`call ${at}: ${String(returned)}`)
    words.push(word.data)
  }
  return ok(words)
}

async function readSingly(
  node: EvmNode,
  addresses: readonly string[],
  tokens: readonly EvmToken[],
  signal: AbortSignal,
): Promise<ChainResult<readonly bigint[]>> {
  const answers = await Promise.all(
    addresses.flatMap((address) => [
      node.ask('eth_getBalance', [address, 'latest'], quantitySchema, signal),
      ...tokens.map((token) =>
        node.ask('eth_call', tokenCall(token, 'balanceOf', [address]), wordSchema, signal),
      ),
    ]),
  )
  const words: bigint[] = []
  for (const answer of answers) {
    if (!answer.ok) return answer
    words.push(answer.value)
  }
  return ok(words)
}
