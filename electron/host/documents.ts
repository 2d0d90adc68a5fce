/** Small sealed documents of the store, typed: parsed when read, canonical text when written. */
import type { z } from 'zod'
import { type Result, ok, refuse } from '../../shared/errors/refusal.ts'
import { decodeCanonical, encodeCanonical } from '../../shared/units/canonical.ts'
import type { StorePort } from './ports.ts'

export interface Document<T> {
  /** Undefined when it was never written. */
  read(): Result<
    T | undefined,
    'STORE_CORRUPT' | 'STORE_WRITE_FAILED' | 'JOURNAL_TAMPERED' | 'SECRETS_LOCKED'
  >
  write(
    value: T,
  ): Result<void, 'STORE_CORRUPT' | 'STORE_WRITE_FAILED' | 'JOURNAL_TAMPERED' | 'SECRETS_LOCKED'>
}

export function openDocument<Schema extends z.ZodType>(
  store: StorePort,
  name: string,
  schema: Schema,
): Document<z.output<Schema>> {
  return {
    read() {
      const text = store.readDocument(name)
      if (!text.ok) return text
      if (text.value === null) return ok(undefined)
      const decoded = decodeCanonical(text.value)
      const parsed = schema.safeParse(decoded?.value)
      return parsed.success
        ? ok(parsed.data)
        : refuse('STORE_CORRUPT', {
            file: name,
            reason: parsed.error.issues[0]?.message ?? 'malformed',
          })
    },
    write: (value) => store.writeDocument(name, encodeCanonical(value)),
  }
}
