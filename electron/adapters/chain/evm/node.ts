/** One JSON-RPC server, asked one call at a time: parsed answers or refusals, never a throw.
 *  The chain id is asked before anything else, and again after each lost connection, because whoever
 *  answers next may be another server. */
import type { z } from 'zod'
import { type Refusal, type Result, ok, refuse } from '../../../../shared/errors/refusal.ts'
import type { ChainRefusals, ChainResult } from '../../../host/ports.ts'
import { hexSchema, quantitySchema } from './answers.ts'
import { erc20 } from './erc20.ts'
import { RpcFailure, RpcProvider, RpcRejection } from './rpcProvider.ts'

type Refused<C extends ChainRefusals> = { readonly ok: false; readonly refusal: Refusal<C> }

export interface EvmNode {
  /** 'evm:<chainId>', as refusals name it. */
  readonly chain: string
  /** Aborting gives up waiting; the connection ends by its own limit. */
  ask<T>(
    method: string,
    params: readonly unknown[],
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<ChainResult<T>>
  checkChain(signal: AbortSignal): Promise<ChainResult<void>>
  malformed(field: string, value: unknown): Refused<'CHAIN_ANSWER_MALFORMED'>
  lied(field: string, claimed: string, actual: string): Refused<'CHAIN_LIED'>
  rejected(reason: string): Refused<'CHAIN_REJECTED'>
  wrongNetwork(found: bigint): Refused<'CHAIN_WRONG_NETWORK'>
  close(): void
}

export function createNode(options: {
  readonly chainId: number
  readonly url: string
  readonly timeoutMs: number
}): EvmNode {
  const { chainId } = options
  const chain = `evm:${chainId}`
  const provider = new RpcProvider(options.url, chainId, options.timeoutMs)
  let chainChecked = false
  let closed = false

  const unreachable = (reason: string) => refuse('CHAIN_UNREACHABLE', { chain, reason })
  const malformed: EvmNode['malformed'] = (field, value) =>
    refuse('CHAIN_ANSWER_MALFORMED', { chain, field, value: clip(value) })
  const rejected: EvmNode['rejected'] = (reason) =>
    refuse('CHAIN_REJECTED', { chain, reason: clip(reason) })
  const wrongNetwork: EvmNode['wrongNetwork'] = (found) =>
    refuse('CHAIN_WRONG_NETWORK', { chain, expected: String(chainId), found: String(found) })

  const ask: EvmNode['ask'] = async (method, params, schema, signal) => {
    if (closed) return unreachable('closed')
    if (signal.aborted) return unreachable('aborted')
    const aborted = whenAborted(signal)
    try {
      const raw = await Promise.race([provider.send(method, [...params]), aborted.promise])
      const parsed = schema.safeParse(raw)
      return parsed.success ? ok(parsed.data) : malformed(method, raw)
    } catch (error) {
      return refuseAsk(method, error, signal)
    } finally {
      aborted.forget()
    }
  }

  function refuseAsk(
    method: string,
    error: unknown,
    signal: AbortSignal,
  ): Result<never, ChainRefusals> {
    if (error instanceof RpcRejection) return rejected(revertReason(error))
    if (closed) return unreachable('closed')
    if (signal.aborted) return unreachable('aborted')
    chainChecked = false
    // Anything else is ethers finding no answer under the call's id.
    if (!(error instanceof RpcFailure)) return malformed(method, 'no answer for this call')
    return error.kind === 'unreachable'
      ? unreachable(error.message)
      : malformed(method, error.message)
  }

  return {
    chain,
    ask,
    async checkChain(signal) {
      if (chainChecked) return ok(undefined)
      const found = await ask('eth_chainId', [], quantitySchema, signal)
      if (!found.ok) return found
      if (found.value !== BigInt(chainId)) return wrongNetwork(found.value)
      chainChecked = true
      return ok(undefined)
    },
    malformed,
    lied: (field, claimed, actual) =>
      refuse('CHAIN_LIED', { chain, field, claimed: clip(claimed), actual }),
    rejected,
    wrongNetwork,
    close() {
      closed = true
      provider.destroy()
    },
  }
}

function whenAborted(signal: AbortSignal): { readonly promise: Promise<never>; forget(): void } {
  let stop: () => void = () => undefined
  const promise = new Promise<never>((_, reject) => {
    stop = () => reject(new RpcFailure('unreachable', 'aborted'))
    signal.addEventListener('abort', stop, { once: true })
  })
  return { promise, forget: () => signal.removeEventListener('abort', stop) }
}

/** The contract's own words where the node passes them on, else the node's. */
function revertReason(rejection: RpcRejection): string {
  const data = hexSchema.safeParse(rejection.data)
  if (data.success && data.data.length >= 10) {
    try {
      const parsed = erc20.parseError(data.data)
      if (parsed !== null) return `${parsed.name}: ${String(parsed.args[0])}`
    } catch {
      // Not the standard encoding; the node's message says what is known.
    }
  }
  return rejection.message
}

/** Foreign text for a refusal: short, on one line. */
function clip(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing')
  return text.replace(/\s+/g, ' ').slice(0, 120)
}
