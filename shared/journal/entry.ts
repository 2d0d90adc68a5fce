/** One journal entry and its hash. Pure.
 *  `at` is ms since the epoch; `body` is canonical JSON text (shared/contract/codec.ts); hashes are
 *  lower-case hex. The hash covers a domain tag, the previous hash, seq, at, and kind and body each
 *  behind its own length, so that no two different entries share a preimage.
 *  Refuses (throws on) text that is not well-formed Unicode: its bytes would not be unique. */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { z } from 'zod'

const hashText = z.string().regex(/^[0-9a-f]{64}$/)

/** A stored entry as read back from anywhere: database, export file, wire. */
export const entrySchema = z.strictObject({
  seq: z.int().positive(),
  at: z.int().nonnegative(),
  kind: z.string().min(1).max(100),
  body: z.string(),
  hash: hashText,
})

export const journalHeadSchema = z.strictObject({
  count: z.int().nonnegative(),
  hash: hashText,
})

export type Entry = Readonly<z.infer<typeof entrySchema>>
export type JournalHead = Readonly<z.infer<typeof journalHeadSchema>>

/** The head of a journal without entries. */
export const emptyHead: JournalHead = { count: 0, hash: '0'.repeat(64) }

const domain = utf8ToBytes('bulkhead.journal.entry.1\0')

function unsigned(value: number, width: 4 | 8): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new Error(`not an unsigned integer: ${value}`)
  const bytes = new Uint8Array(width)
  const view = new DataView(bytes.buffer)
  if (width === 8) view.setBigUint64(0, BigInt(value))
  else view.setUint32(0, value)
  return bytes
}

function framed(text: string): Uint8Array {
  if (!text.isWellFormed()) throw new Error('journal text holds a lone surrogate')
  const bytes = utf8ToBytes(text)
  return concatBytes(unsigned(bytes.length, 4), bytes)
}

/** sha256 of the entry behind `previousHash`, both hex. */
export function hashEntry(previousHash: string, entry: Omit<Entry, 'hash'>): string {
  const previous = hexToBytes(previousHash)
  if (previous.length !== 32) throw new Error('previous hash is not 32 bytes')
  return bytesToHex(
    sha256(
      concatBytes(
        domain,
        previous,
        unsigned(entry.seq, 8),
        unsigned(entry.at, 8),
        framed(entry.kind),
        framed(entry.body),
      ),
    ),
  )
}

/** The entry that follows `head`, with its hash. */
export function sealEntry(
  head: JournalHead,
  draft: { readonly at: number; readonly kind: string; readonly body: string },
): Entry {
  const entry = { seq: head.count + 1, at: draft.at, kind: draft.kind, body: draft.body }
  return { ...entry, hash: hashEntry(head.hash, entry) }
}
