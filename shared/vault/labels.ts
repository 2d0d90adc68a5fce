/** Wallet labels as other wallets write them (BIP329): one JSON object a line. Unknown fields are kept
 *  out, unknown types are counted and left out, a broken line refuses the file and names the line. */
import { z } from 'zod'
import { type Result, ok, refuse } from '../errors/refusal.ts'

const hash = z.string().regex(/^[0-9a-f]{64}$/)
const outpoint = z.string().regex(/^[0-9a-f]{64}:\d{1,10}$/)
const label = z.string().max(1_000).optional()
const origin = z.string().max(200).optional()

export const walletLabelSchema = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('tx'), ref: hash, label, origin }),
    z.object({ type: z.literal('addr'), ref: z.string().max(120), label }),
    z.object({ type: z.literal('pubkey'), ref: z.string().max(130), label }),
    z.object({ type: z.literal('input'), ref: outpoint, label }),
    z.object({
      type: z.literal('output'),
      ref: outpoint,
      label,
      /** False freezes the coin. */
      spendable: z.boolean().optional(),
    }),
    z.object({ type: z.literal('xpub'), ref: z.string().max(120), label }),
  ])
  .readonly()

export type WalletLabel = z.infer<typeof walletLabelSchema>

const TYPES: ReadonlySet<unknown> = new Set(['tx', 'addr', 'pubkey', 'input', 'output', 'xpub'])
const MAX_FILE_CHARACTERS = 20_000_000

export interface ReadLabels {
  readonly labels: readonly WalletLabel[]
  /** Lines of a type this version of the standard does not know. */
  readonly leftOut: number
}

/** Reads a label file; empty lines are allowed. */
export function parseLabels(text: string): Result<ReadLabels, 'INPUT_INVALID'> {
  if (text.length > MAX_FILE_CHARACTERS) return refuseLine('file', 'larger than 20 MB')
  const labels: WalletLabel[] = []
  let leftOut = 0
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue
    const value = parseJson(line)
    if (value === undefined) return refuseLine(`line ${index + 1}`, 'not JSON')
    const parsed = walletLabelSchema.safeParse(value)
    if (parsed.success) labels.push(parsed.data)
    else if (hasUnknownType(value)) leftOut += 1
    else return refuseLine(`line ${index + 1}`, parsed.error.issues[0]?.path.join('.') ?? 'shape')
  }
  return ok({ labels, leftOut })
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function hasUnknownType(value: unknown): boolean {
  const type = z.object({ type: z.string() }).safeParse(value)
  return type.success && !TYPES.has(type.data.type)
}

function refuseLine(field: string, problem: string): Result<never, 'INPUT_INVALID'> {
  return refuse('INPUT_INVALID', { field, problem })
}

/** Writes labels as BIP329, in the order given. */
export function writeLabels(labels: readonly WalletLabel[]): string {
  return labels.map((row) => `${JSON.stringify(row)}\n`).join('')
}
