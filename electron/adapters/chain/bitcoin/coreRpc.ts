/** Bitcoin Core's JSON-RPC in batches, by cookie or by user and password. The cookie is read anew whenever the
 *  node refuses it: each start of the node writes another. Answers are unknown until the caller parses them.
 *  Source: Bitcoin Core doc/JSON-RPC-interface.md. */
import { readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { z } from 'zod'
import { type Result, ok } from '../../../../shared/errors/refusal.ts'
import { malformed, rejected, unreachable } from './answers.ts'
import type { Socks5Proxy } from './dial.ts'
import { createHttpText } from './httpText.ts'

export type CoreLogin =
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  /** The file that the node writes into its data directory; only for a node on this machine. */
  | { readonly kind: 'cookie'; readonly file: string }

export interface CoreCall {
  readonly method: string
  readonly params: readonly unknown[]
}

export type CoreAnswer =
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'error'; readonly code: number; readonly message: string }

export interface CoreRpc {
  /** Answers in the order of the calls. `wallet` names the wallet that they are put to; null is the node itself. */
  ask(
    calls: readonly CoreCall[],
    wallet: string | null,
    signal: AbortSignal,
    patience?: 'usual' | 'unlimited',
  ): Promise<
    Result<readonly CoreAnswer[], 'CHAIN_UNREACHABLE' | 'CHAIN_ANSWER_MALFORMED' | 'CHAIN_REJECTED'>
  >
  close(): void
}

const MAX_ANSWER_BYTES = 64 * 1024 * 1024
/** A node's work queue serves others too, and a request has its own limit (Core: 32 MiB). */
const BATCH = 500

const answerSchema = z.object({
  id: z.int(),
  result: z.unknown(),
  error: z.object({ code: z.int(), message: z.string() }).nullish(),
})
const answersSchema = z.array(answerSchema)

/** `__cookie__:<hex>`; null for a file that is no cookie: its text would be sent to a server. */
function readCookie(file: string): string | null {
  try {
    if (basename(file) !== '.cookie' || statSync(file).size > 200) return null
    const text = readFileSync(file, 'utf8').trim()
    return /^__cookie__:[0-9a-f]{64}$/.test(text) ? text : null
  } catch {
    return null
  }
}

export function createCoreRpc(options: {
  readonly url: string
  readonly login: CoreLogin
  readonly proxy: Socks5Proxy | null
  readonly timeoutMs: number
}): CoreRpc {
  const { login } = options
  const connect = (timeoutMs: number) =>
    createHttpText({
      base: options.url.replace(/\/+$/, ''),
      proxy: options.proxy,
      timeoutMs,
      maxBytes: MAX_ANSWER_BYTES,
    })
  const usual = connect(options.timeoutMs)
  // A node that looks through years of blocks answers when it is done.
  const unlimited = connect(24 * 3_600_000)
  let secret: string | null = null
  let nextId = 0

  function credentials(): string | null {
    if (login.kind === 'password') return `${login.user}:${login.password}`
    secret ??= readCookie(login.file)
    return secret
  }

  async function askBatch(
    calls: readonly CoreCall[],
    wallet: string | null,
    signal: AbortSignal,
    http: typeof usual,
  ): ReturnType<CoreRpc['ask']> {
    const first = nextId
    nextId += calls.length
    const body = JSON.stringify(
      calls.map((call, at) => ({ jsonrpc: '1.0', id: first + at, ...call })),
    )
    const path = wallet === null ? '/' : `/wallet/${encodeURIComponent(wallet)}`
    for (let attempt = 0; attempt < 2; attempt++) {
      const known = credentials()
      if (known === null) return unreachable('no cookie to log in with: is the node running?')
      const authorization = `Basic ${Buffer.from(known, 'utf8').toString('base64')}`
      const headers = { authorization, 'content-type': 'application/json' }
      const answer = await http.post(path, body, signal, headers)
      if (!answer.ok) return answer
      const { status, text } = answer.value
      if (status === 401 || status === 403) {
        const stale = secret !== null && login.kind === 'cookie'
        secret = null
        if (stale) continue
        return rejected(`the node refused the login (${status})`)
      }
      return parseBatch(first, calls.length, text, status)
    }
    return rejected('the node refused its own cookie')
  }

  function parseBatch(
    first: number,
    count: number,
    text: string,
    status: number,
  ): Awaited<ReturnType<CoreRpc['ask']>> {
    const parsed = answersSchema.safeParse(parseJson(text))
    if (!parsed.success) return malformed(`HTTP ${status}`, text)
    const byId = new Map(parsed.data.map((answer) => [answer.id, answer]))
    if (byId.size !== count || parsed.data.length !== count) return malformed('answers', text)
    const answers: CoreAnswer[] = []
    for (let id = first; id < first + count; id++) {
      const answer = byId.get(id)
      if (answer === undefined) return malformed('id', text)
      answers.push(
        answer.error === null || answer.error === undefined
          ? { kind: 'result', value: answer.result }
          : { kind: 'error', ...answer.error },
      )
    }
    return ok(answers)
  }

  return {
    async ask(calls, wallet, signal, patience = 'usual') {
      const http = patience === 'usual' ? usual : unlimited
      const answers: CoreAnswer[] = []
      for (let at = 0; at < calls.length; at += BATCH) {
        const part = await askBatch(calls.slice(at, at + BATCH), wallet, signal, http)
        if (!part.ok) return part
        answers.push(...part.value)
      }
      return ok(answers)
    },
    close() {
      usual.close()
      unlimited.close()
    },
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
