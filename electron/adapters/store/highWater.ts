/** The high-water mark: the latest state the store was ever in, kept in a file beside the database.
 *  An old database put back then lies below the mark. Two sealed slots of one sector each, written in
 *  turn, so that a torn write leaves the other; written after the commit, so it may lag but never
 *  leads. It cannot show a rollback in which both files were put back together. */
import { closeSync, existsSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import { sealFields, sealMatches } from './seal.ts'

export interface Mark {
  readonly generation: number
  readonly count: number
  readonly hash: string
}

export interface HighWater {
  /** The highest mark whose seal holds; null when there is none. */
  read(): Mark | null
  raise(mark: Mark): void
  close(): void
}

/** One disk sector: written whole or not at all. */
const slotBytes = 512
const sealBytes = 32

function fields(mark: Mark): readonly (string | number)[] {
  return [mark.generation, mark.count, mark.hash]
}

function encodeSlot(key: Uint8Array, mark: Mark): Uint8Array {
  const slot = Buffer.alloc(slotBytes)
  slot.writeBigUInt64BE(BigInt(mark.generation), 0)
  slot.writeBigUInt64BE(BigInt(mark.count), 8)
  slot.write(mark.hash, 16, 'hex')
  slot.set(sealFields(key, 'high-water', fields(mark)), 48)
  return slot
}

function decodeSlot(key: Uint8Array, slot: Buffer): Mark | null {
  const generation = slot.readBigUInt64BE(0)
  const count = slot.readBigUInt64BE(8)
  const limit = BigInt(Number.MAX_SAFE_INTEGER)
  if (generation > limit || count > limit) return null
  const mark = {
    generation: Number(generation),
    count: Number(count),
    hash: slot.toString('hex', 16, 48),
  }
  const seal = slot.subarray(48, 48 + sealBytes)
  return sealMatches(key, 'high-water', fields(mark), seal) ? mark : null
}

/** Opens or creates the file. Throws the file system's errors. */
export function openHighWater(file: string, key: Uint8Array): HighWater {
  const fresh = !existsSync(file)
  const handle = openSync(file, fresh ? 'wx+' : 'r+', 0o600)
  if (fresh) {
    // Its full size at once: raising it later cannot fail for want of space.
    writeSync(handle, Buffer.alloc(2 * slotBytes), 0, 2 * slotBytes, 0)
    fsyncSync(handle)
  }
  const readSlot = (index: number): Mark | null => {
    const slot = Buffer.alloc(slotBytes)
    const length = readSync(handle, slot, 0, slotBytes, index * slotBytes)
    return length === slotBytes ? decodeSlot(key, slot) : null
  }
  const [first, second] = [readSlot(0), readSlot(1)]
  let newest = (second?.generation ?? -1) > (first?.generation ?? -1) ? 1 : 0
  let best = newest === 1 ? second : first
  return {
    read: () => best,
    raise(mark) {
      const target = 1 - newest
      writeSync(handle, encodeSlot(key, mark), 0, slotBytes, target * slotBytes)
      newest = target
      best = mark
    },
    close() {
      fsyncSync(handle)
      closeSync(handle)
    },
  }
}
