/** ERC-20 contracts: their calls, and whether one is what we are configured with.
 *  A wrong number of decimals would move a million times too much, so code, decimals and symbol are
 *  checked before a token's first balance or transfer. */
import { ok } from '../../../../shared/errors/refusal.ts'
import type { ChainResult, EvmToken } from '../../../host/ports.ts'
import { hexSchema, wordSchema } from './answers.ts'
import { erc20 } from './erc20.ts'
import type { EvmNode } from './node.ts'

/** `chainSymbol` is what the contract itself says where that is not our symbol ('USD₮0' for USDT); several where an
 *  issuer has renamed it. */
export interface EvmTokenConfig extends EvmToken {
  readonly chainSymbol?: string | readonly string[]
}

/** Parameters of `eth_call` for a read of the token's state. */
export function tokenCall(
  token: EvmToken,
  name: 'balanceOf' | 'decimals' | 'symbol',
  values: readonly string[] = [],
): readonly unknown[] {
  return [{ to: token.contract, data: erc20.encodeFunctionData(name, [...values]) }, 'latest']
}

/** Remembers what was found in order; what was refused is asked again. */
export function createTokenCheck(
  node: EvmNode,
): (tokens: readonly EvmTokenConfig[], signal: AbortSignal) => Promise<ChainResult<void>> {
  const checked = new Set<string>()

  async function check(token: EvmTokenConfig, signal: AbortSignal): Promise<ChainResult<void>> {
    const { symbol, decimals } = token.asset
    const [code, decimalsWord, symbolData] = await Promise.all([
      node.ask('eth_getCode', [token.contract, 'latest'], hexSchema, signal),
      node.ask('eth_call', tokenCall(token, 'decimals'), hexSchema, signal),
      node.ask('eth_call', tokenCall(token, 'symbol'), hexSchema, signal),
    ])
    if (!code.ok) return code
    if (code.value === '0x') return node.lied(`${symbol}.contract`, 'no code', token.contract)
    if (!decimalsWord.ok) return decimalsWord
    if (!symbolData.ok) return symbolData
    const claimed = wordSchema.safeParse(decimalsWord.value)
    if (!claimed.success) return node.malformed(`${symbol}.decimals`, decimalsWord.value)
    if (claimed.data !== BigInt(decimals)) {
      return node.lied(`${symbol}.decimals`, String(claimed.data), String(decimals))
    }
    const name = decodeText(symbolData.value)
    if (name === undefined) return node.malformed(`${symbol}.symbol`, symbolData.value)
    const expected = [token.chainSymbol ?? symbol].flat()
    if (!expected.includes(name)) return node.lied(`${symbol}.symbol`, name, expected.join(' or '))
    checked.add(token.contract)
    return ok(undefined)
  }

  return async (tokens, signal) => {
    const unchecked = tokens.filter((token) => !checked.has(token.contract))
    const results = await Promise.all(unchecked.map((token) => check(token, signal)))
    return results.find((result) => !result.ok) ?? ok(undefined)
  }
}

function decodeText(data: string): string | undefined {
  try {
    return String(erc20.decodeFunctionResult('symbol', data)[0])
  } catch {
    return undefined
  }
}
