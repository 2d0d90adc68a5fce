/** The little CBOR (RFC 8949) that URs of PSBTs are made of: one byte string, and the list of a part's header.
 *  Strict: definite lengths in their shortest form, nothing after the end. Undefined for anything else. */

/** What a part of a multipart UR says of itself and of its message. */
export interface PartHeader {
  readonly number: number
  readonly count: number
  readonly messageLength: number
  /** CRC32 of the whole message. */
  readonly checksum: number
  readonly fragmentLength: number
}

const UNSIGNED = 0
const BYTES = 2
/** Initial byte of a list of five. */
const LIST_OF_FIVE = 0x85

interface Head {
  readonly major: number
  readonly value: number
  readonly next: number
}

function readHead(bytes: Uint8Array, at: number): Head | undefined {
  const initial = bytes[at]
  if (initial === undefined) return undefined
  const [major, short] = [initial >> 5, initial & 0x1f]
  if (short < 24) return { major, value: short, next: at + 1 }
  const width = short === 24 ? 1 : short === 25 ? 2 : short === 26 ? 4 : undefined
  if (width === undefined || at + 1 + width > bytes.length) return undefined
  let value = 0
  for (let i = 1; i <= width; i++) value = value * 256 + (bytes[at + i] ?? 0)
  const least = width === 1 ? 24 : width === 2 ? 0x100 : 0x10000
  return value < least ? undefined : { major, value, next: at + 1 + width }
}

/** The content of exactly one byte string. */
export function readByteString(bytes: Uint8Array): Uint8Array | undefined {
  const head = readHead(bytes, 0)
  if (head?.major !== BYTES || head.next + head.value !== bytes.length) return undefined
  return bytes.slice(head.next)
}

export function writeByteString(content: Uint8Array): Uint8Array {
  const { length } = content
  const head =
    length < 24
      ? [0x40 + length]
      : length < 0x100
        ? [0x58, length]
        : length < 0x10000
          ? [0x59, length >> 8, length & 0xff]
          : [0x5a, length >>> 24, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff]
  const bytes = new Uint8Array(head.length + length)
  bytes.set(head)
  bytes.set(content, head.length)
  return bytes
}

/** [number, count, message length, checksum, fragment]. */
export function readPartHeader(bytes: Uint8Array): PartHeader | undefined {
  if (bytes[0] !== LIST_OF_FIVE) return undefined
  const values: number[] = []
  let at = 1
  for (let i = 0; i < 4; i++) {
    const head = readHead(bytes, at)
    if (head?.major !== UNSIGNED) return undefined
    values.push(head.value)
    at = head.next
  }
  const fragment = readHead(bytes, at)
  if (fragment?.major !== BYTES || fragment.next + fragment.value !== bytes.length) return undefined
  const [number = 0, count = 0, messageLength = 0, checksum = 0] = values
  return { number, count, messageLength, checksum, fragmentLength: fragment.value }
}
