/** What one Electrum server says of scripts: whether each was ever used, and what it holds. Every script asked
 *  about is subscribed to, so that the server tells when it is used and looking for new ones costs nothing. That
 *  it keeps this promise is its word, like the figures themselves. Values in satoshi. */
import { z } from 'zod'
import { type Result, ok } from '../../../../shared/errors/refusal.ts'
import type { ChainResult } from '../../../host/ports.ts'
import { hashSchema, malformed, rejected } from './answers.ts'
import type { ElectrumAnswer, ElectrumClient } from './electrumClient.ts'
import { sha256Reversed } from './header.ts'
import type { CoinClaim } from './transactions.ts'

const statusSchema = hashSchema.nullable()
const newsSchema = z.tuple([hashSchema, statusSchema])
const unspentSchema = z.array(
  z.object({
    tx_hash: hashSchema,
    tx_pos: z.int().nonnegative(),
    value: z.int().nonnegative(),
    height: z.int(),
  }),
)

/** The protocol's name for a script: sha256, reversed. */
export function electrumScriptHash(scriptHex: string): string {
  return sha256Reversed(Buffer.from(scriptHex, 'hex'))
}

export function parseAnswer<T>(
  field: string,
  schema: z.ZodType<T>,
  answer: ElectrumAnswer | undefined,
): Result<T, 'CHAIN_ANSWER_MALFORMED' | 'CHAIN_REJECTED'> {
  if (answer === undefined) return malformed(field, 'nothing')
  if (answer.kind === 'error') return rejected(answer.message)
  const parsed = schema.safeParse(answer.value)
  return parsed.success ? ok(parsed.data) : malformed(field, answer.value)
}

export interface ElectrumScripts {
  readUsed(
    scripts: readonly string[],
    signal: AbortSignal,
  ): Promise<ChainResult<ReadonlySet<string>>>
  readClaims(
    scripts: readonly string[],
    signal: AbortSignal,
  ): Promise<ChainResult<readonly CoinClaim[]>>
  /** The parameters of a notification; false when they are none. */
  note(params: readonly unknown[]): boolean
  /** The connection was lost, and its subscriptions with it. */
  forget(): void
}

export function createElectrumScripts(ask: ElectrumClient['ask']): ElectrumScripts {
  const names = new Map<string, string>()
  /** By script hash, as long as this connection lives. */
  let statuses = new Map<string, string | null>()

  function nameOf(script: string): string {
    const known = names.get(script) ?? electrumScriptHash(script)
    names.set(script, known)
    return known
  }

  async function askEach<T>(
    method: string,
    scripts: readonly string[],
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<ChainResult<readonly T[]>> {
    const calls = scripts.map((script) => ({ method, params: [nameOf(script)] }))
    const answers = await ask(calls, signal, 'short')
    if (!answers.ok) return answers
    const values: T[] = []
    for (const answer of answers.value) {
      const value = parseAnswer(method, schema, answer)
      if (!value.ok) return value
      values.push(value.value)
    }
    return ok(values)
  }

  async function readUsed(
    scripts: readonly string[],
    signal: AbortSignal,
  ): Promise<ChainResult<ReadonlySet<string>>> {
    const told = statuses
    const missing = scripts.filter((script) => !told.has(nameOf(script)))
    const method = 'blockchain.scripthash.subscribe'
    const answers = await askEach(method, missing, statusSchema, signal)
    if (!answers.ok) return answers
    // A notification that overtook its answer is the newer word.
    for (const [at, script] of missing.entries())
      if (!told.has(nameOf(script))) told.set(nameOf(script), answers.value[at] ?? null)
    return ok(new Set(scripts.filter((script) => told.get(nameOf(script)) !== null)))
  }

  return {
    readUsed: (scripts, signal) => readUsed([...new Set(scripts)], signal),
    async readClaims(scripts, signal) {
      const used = await readUsed([...new Set(scripts)], signal)
      if (!used.ok) return used
      const asked = [...used.value]
      const method = 'blockchain.scripthash.listunspent'
      const lists = await askEach(method, asked, unspentSchema, signal)
      if (!lists.ok) return lists
      return ok(
        asked.flatMap((script, at) =>
          (lists.value[at] ?? []).map((row) => ({
            script,
            txid: row.tx_hash,
            vout: row.tx_pos,
            value: row.value,
            height: row.height > 0 ? row.height : null,
          })),
        ),
      )
    },
    note(params) {
      const news = newsSchema.safeParse(params)
      if (!news.success) return false
      statuses.set(...news.data)
      return true
    },
    forget() {
      statuses = new Map()
    },
  }
}
