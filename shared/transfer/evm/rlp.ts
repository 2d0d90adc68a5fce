/** Recursive length prefix, Ethereum's serialisation (Yellow Paper, appendix B). Pure.
 *  The encoder only builds, the decoder only reads; they share no code, so one can check the other.
 *  The decoder refuses every second spelling of the same value: long forms of short lengths,
 *  leading zeros in lengths, wrapped single bytes, bytes after the end. */
import { concatBytes } from '../../vault/hash.ts'

/** What goes in: bytes, or a list of the same. */
export type RlpInput = Uint8Array | readonly RlpInput[]

/** What comes out; `raw` is the item with its own prefix, exactly as received. */
export type RlpItem =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly raw: Uint8Array }
  | { readonly kind: 'list'; readonly items: readonly RlpItem[]; readonly raw: Uint8Array }

export type RlpReading =
  | { readonly ok: true; readonly item: RlpItem }
  | { readonly ok: false; readonly problem: string }

/** Nested deeper than any transaction needs: stops a hostile answer from exhausting the stack. */
const MAX_DEPTH = 8

// ── writing ───────────────────────────────────────────────────────────────────

export function encodeRlp(input: RlpInput): Uint8Array {
  if (input instanceof Uint8Array) {
    const [first] = input
    if (input.length === 1 && first !== undefined && first < 0x80) return input.slice()
    return concatBytes([encodePrefix(0x80, input.length), input])
  }
  return encodeRlpList(input.map(encodeRlp))
}

/** A list whose items are encoded already. */
export function encodeRlpList(encodedItems: readonly Uint8Array[]): Uint8Array {
  const payload = concatBytes(encodedItems)
  return concatBytes([encodePrefix(0xc0, payload.length), payload])
}

/** Big-endian without leading zeros; zero is the empty string. Throws on a negative number. */
export function integerBytes(value: bigint): Uint8Array {
  if (value < 0n) throw new RangeError('RLP has no negative integers')
  if (value === 0n) return new Uint8Array(0)
  const hex = value.toString(16)
  const even = hex.length % 2 === 0 ? hex : `0${hex}`
  return Uint8Array.from({ length: even.length / 2 }, (_, i) =>
    Number.parseInt(even.slice(2 * i, 2 * i + 2), 16),
  )
}

function encodePrefix(base: 0x80 | 0xc0, length: number): Uint8Array {
  if (length <= 55) return Uint8Array.of(base + length)
  const size = integerBytes(BigInt(length))
  return concatBytes([Uint8Array.of(base + 55 + size.length), size])
}

// ── reading ───────────────────────────────────────────────────────────────────

/** Reads exactly one item that fills `bytes`. */
export function decodeRlp(bytes: Uint8Array): RlpReading {
  const reading = readItem(bytes, 0, bytes.length, 0)
  if (!reading.ok) return reading
  if (reading.end !== bytes.length) return { ok: false, problem: 'bytes after the end' }
  return { ok: true, item: reading.item }
}

type Span = {
  readonly ok: true
  readonly list: boolean
  readonly start: number
  readonly end: number
}
type Bad = { readonly ok: false; readonly problem: string }

function readItem(
  bytes: Uint8Array,
  offset: number,
  limit: number,
  depth: number,
): { readonly ok: true; readonly item: RlpItem; readonly end: number } | Bad {
  if (depth > MAX_DEPTH) return { ok: false, problem: 'nested too deeply' }
  const span = readPrefix(bytes, offset, limit)
  if (!span.ok) return span
  const raw = bytes.slice(offset, span.end)
  if (!span.list) {
    const item: RlpItem = { kind: 'bytes', bytes: bytes.slice(span.start, span.end), raw }
    return { ok: true, item, end: span.end }
  }
  const items: RlpItem[] = []
  for (let at = span.start; at < span.end; ) {
    const next = readItem(bytes, at, span.end, depth + 1)
    if (!next.ok) return next
    items.push(next.item)
    at = next.end
  }
  return { ok: true, item: { kind: 'list', items, raw }, end: span.end }
}

/** Where the payload of the item at `offset` lies. */
function readPrefix(bytes: Uint8Array, offset: number, limit: number): Span | Bad {
  const prefix = offset < limit ? bytes[offset] : undefined
  if (prefix === undefined) return { ok: false, problem: 'ends too early' }
  if (prefix < 0x80) return { ok: true, list: false, start: offset, end: offset + 1 }
  const list = prefix >= 0xc0
  const short = prefix - (list ? 0xc0 : 0x80)
  if (short <= 55) {
    const start = offset + 1
    const end = start + short
    if (end > limit) return { ok: false, problem: 'ends too early' }
    const only = bytes[start]
    if (!list && short === 1 && only !== undefined && only < 0x80) {
      return { ok: false, problem: 'a single byte with a length prefix' }
    }
    return { ok: true, list, start, end }
  }
  return readLongLength(bytes, offset + 1, short - 55, limit, list)
}

function readLongLength(
  bytes: Uint8Array,
  offset: number,
  size: number,
  limit: number,
  list: boolean,
): Span | Bad {
  const start = offset + size
  if (start > limit) return { ok: false, problem: 'ends too early' }
  if (bytes[offset] === 0) return { ok: false, problem: 'length with leading zeros' }
  // Four bytes of length are 4 GiB; more cannot be in memory and would lose bits below.
  if (size > 4) return { ok: false, problem: 'ends too early' }
  let length = 0
  for (const byte of bytes.subarray(offset, start)) length = length * 256 + byte
  if (length <= 55) return { ok: false, problem: 'long form of a short length' }
  if (start + length > limit) return { ok: false, problem: 'ends too early' }
  return { ok: true, list, start, end: start + length }
}
