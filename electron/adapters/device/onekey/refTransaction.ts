/** A raw previous transaction in the pieces that the device asks for, so that it can hash it to its id
 *  and see the amounts for itself. Reads with and without witness; refuses anything left over.
 *  Source: bitcoin's serialisation, BIP144. */

export interface RefTransaction {
  readonly hash: string
  readonly version: number
  readonly lock_time: number
  readonly inputs: readonly {
    readonly prev_hash: string
    readonly prev_index: number
    readonly script_sig: string
    readonly sequence: number
  }[]
  readonly bin_outputs: readonly { readonly amount: string; readonly script_pubkey: string }[]
}

class Truncated extends Error {}

function reader(data: Buffer) {
  let at = 0
  const take = (length: number): Buffer => {
    if (length > data.length - at) throw new Truncated()
    at += length
    return data.subarray(at - length, at)
  }
  const compact = (): number => {
    const first = take(1).readUInt8()
    if (first < 0xfd) return first
    if (first === 0xfd) return take(2).readUInt16LE()
    if (first === 0xfe) return take(4).readUInt32LE()
    // Nothing in a transaction that fits a block has 2^32 of anything.
    throw new Truncated()
  }
  return {
    take,
    compact,
    u32: () => take(4).readUInt32LE(),
    u64: () => take(8).readBigUInt64LE(),
    sized: () => take(compact()),
    peek: (offset: number) => data[at + offset],
    atEnd: () => at === data.length,
  }
}

/**
 * @param hash  the id under which the device will ask for it, as people read it
 * @returns null when `rawHex` is not one whole transaction
 */
export function parseRefTransaction(hash: string, rawHex: string): RefTransaction | null {
  try {
    return read(hash, Buffer.from(rawHex, 'hex'))
  } catch (error) {
    if (error instanceof Truncated) return null
    throw error
  }
}

function read(hash: string, data: Buffer): RefTransaction | null {
  const bytes = reader(data)
  const version = bytes.u32()
  const hasWitness = bytes.peek(0) === 0 && bytes.peek(1) === 1
  if (hasWitness) bytes.take(2)
  const inputs = Array.from({ length: bytes.compact() }, () => ({
    prev_hash: Buffer.from(bytes.take(32)).reverse().toString('hex'),
    prev_index: bytes.u32(),
    script_sig: bytes.sized().toString('hex'),
    sequence: bytes.u32(),
  }))
  const bin_outputs = Array.from({ length: bytes.compact() }, () => ({
    amount: bytes.u64().toString(),
    script_pubkey: bytes.sized().toString('hex'),
  }))
  if (hasWitness) {
    for (const _ of inputs) for (let items = bytes.compact(); items > 0; items--) bytes.sized()
  }
  const lock_time = bytes.u32()
  return bytes.atEnd() ? { hash, version, lock_time, inputs, bin_outputs } : null
}
