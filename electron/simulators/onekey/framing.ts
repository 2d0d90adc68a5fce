/** Protocol v1 framing: a message cut into 64-byte packets and put together again.
 *  First packet: 3F 23 23, type u16BE, length u32BE, 55 bytes; the rest: 3F, 63 bytes; zero-padded. */

export const PACKET_SIZE = 64
const REPORT = 0x3f
const MARK = 0x23
const FIRST_DATA = 55
const NEXT_DATA = 63
/** Larger than anything a host may send here; guards the reader against a forged length. */
const MAX_LENGTH = 1 << 20

export interface RawMessage {
  readonly typeId: number
  readonly payload: Uint8Array
}

export function framePackets({ typeId, payload }: RawMessage): readonly Uint8Array[] {
  const first = new Uint8Array(PACKET_SIZE)
  const view = new DataView(first.buffer)
  first.set([REPORT, MARK, MARK])
  view.setUint16(3, typeId)
  view.setUint32(5, payload.length)
  first.set(payload.subarray(0, FIRST_DATA), 9)
  const packets = [first]
  for (let at = FIRST_DATA; at < payload.length; at += NEXT_DATA) {
    const packet = new Uint8Array(PACKET_SIZE)
    packet[0] = REPORT
    packet.set(payload.subarray(at, at + NEXT_DATA), 1)
    packets.push(packet)
  }
  return packets
}

/** Collects packets; answers the message when its last packet has come, else null. Throws on broken framing. */
export function createFrameReader(): (packet: Uint8Array) => RawMessage | null {
  let typeId = 0
  let expected = 0
  let parts: Uint8Array[] = []
  let have = 0
  const take = (data: Uint8Array): RawMessage | null => {
    const part = data.slice(0, expected - have)
    parts.push(part)
    have += part.length
    if (have < expected) return null
    const payload = new Uint8Array(expected)
    let at = 0
    for (const piece of parts) {
      payload.set(piece, at)
      at += piece.length
    }
    parts = []
    return { typeId, payload }
  }
  return (packet) => {
    if (packet.length !== PACKET_SIZE || packet[0] !== REPORT) throw new Error('broken packet')
    if (parts.length > 0) return take(packet.subarray(1))
    if (packet[1] !== MARK || packet[2] !== MARK) throw new Error('broken header')
    const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength)
    typeId = view.getUint16(3)
    expected = view.getUint32(5)
    have = 0
    if (expected > MAX_LENGTH) throw new Error('message too long')
    return take(packet.subarray(9))
  }
}
