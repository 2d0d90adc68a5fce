/** Reading bitcoin's wire format strictly: little-endian numbers, compact sizes in their one encoding,
 *  lists no longer than their bytes. Throws MalformedBytes, which each parser turns into a value. */

/** A block holds 4,000,000 weight units; no transaction has more bytes. */
export const MAX_BYTES = 4_000_000

export class MalformedBytes extends Error {}

export class ByteReader {
  readonly bytes: Uint8Array
  private readonly view: DataView
  at = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  private advance(length: number): number {
    const start = this.at
    if (length > this.bytes.length - start) throw new MalformedBytes('ends too early')
    this.at = start + length
    return start
  }

  take(length: number): Uint8Array {
    const start = this.advance(length)
    return this.bytes.subarray(start, start + length)
  }

  u8(): number {
    return this.view.getUint8(this.advance(1))
  }

  u32(): number {
    return this.view.getUint32(this.advance(4), true)
  }

  i32(): number {
    return this.view.getInt32(this.advance(4), true)
  }

  u64(): bigint {
    return this.view.getBigUint64(this.advance(8), true)
  }

  /** A count or length; each has one encoding only, so that nothing can be malleated by rewriting it. */
  compactSize(): number {
    const first = this.u8()
    if (first < 0xfd) return first
    const value =
      first === 0xfd
        ? this.view.getUint16(this.advance(2), true)
        : first === 0xfe
          ? this.u32()
          : Number(this.u64())
    const least = first === 0xfd ? 0xfd : first === 0xfe ? 0x10000 : 0x100000000
    if (value < least) throw new MalformedBytes('a length written longer than needed')
    if (value > MAX_BYTES) throw new MalformedBytes('a length beyond any transaction')
    return value
  }

  list<T>(read: () => T): readonly T[] {
    const count = this.compactSize()
    // A list of n things takes at least n bytes: a false count cannot make us allocate.
    if (count > this.bytes.length - this.at) throw new MalformedBytes('more items than bytes')
    const items: T[] = []
    while (items.length < count) items.push(read())
    return items
  }
}
