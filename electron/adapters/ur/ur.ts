/** PSBTs as frames of an animated QR code: UR `crypto-psbt` (BCR-2020-005, -006; fountain code BCR-2020-014's
 *  multipart form). What a camera saw is foreign: each frame's own lengths are checked here before the library
 *  reserves anything by them, and a frame that does not fit the others is refused. Bytes in, bytes out. */
import { UR, URDecoder, UREncoder } from '@ngraveio/bc-ur'
import { type Result, ok, refuse } from '../../../shared/errors/refusal.ts'
import type { FramesPort, FramesRead } from '../../host/ports.ts'
import { type PartHeader, readByteString, readPartHeader, writeByteString } from './cbor.ts'

const outgoingType = 'crypto-psbt'
/** `psbt` is the name that took its place in the registry; what is inside is the same. */
const frameText = /^ur:(crypto-psbt|psbt)\/(?:([1-9]\d{0,9})-([1-9]\d{0,9})\/)?([a-z]{2,})$/

/** Of the message, per frame: about 420 letters, which a camera reads at arm's length. */
const fragmentBytes = 180
/** A PSBT of more is no payment of ours, and mixing costs time by the square of it. */
const mostFragments = 500
const mostBytes = 1_000_000
/** Shown after the pure fragments in each round; the next round brings those again. */
const mostMixtures = 200

export interface FrameLimits {
  readonly fragmentBytes: number
}

function malformed(index: number, problem: string): Result<never, 'INPUT_INVALID'> {
  return refuse('INPUT_INVALID', { field: `frames[${index}]`, problem })
}

interface Frame {
  readonly type: string
  readonly text: string
  /** Null for a message of one frame. */
  readonly part: PartHeader | null
  readonly body: Uint8Array
}

/** The bytes behind a frame's letters; undefined where letters or their checksum are wrong. */
function readBody(letters: string): Uint8Array | undefined {
  try {
    return new Uint8Array(URDecoder.decode(`ur:${outgoingType}/${letters}`).cbor)
  } catch {
    return undefined
  }
}

function readFrame(index: number, text: string): Result<Frame, 'INPUT_INVALID'> {
  const lower = text.trim().toLowerCase()
  const [, type, number, count, letters] = frameText.exec(lower) ?? []
  if (type === undefined || letters === undefined) return malformed(index, 'not a frame of a PSBT')
  const body = readBody(letters)
  if (body === undefined) return malformed(index, 'damaged: its checksum is wrong')
  if (number === undefined) return ok({ type, text: lower, part: null, body })
  const part = readPartHeader(body)
  if (part === undefined) return malformed(index, 'not a part of a message')
  if (part.number !== Number(number) || part.count !== Number(count))
    return malformed(index, 'says one number outside and another inside')
  if (part.count > mostFragments || part.messageLength > mostBytes)
    return malformed(index, `longer than ${mostFragments} frames`)
  // The fragments are as long as the message needs and no longer.
  const needed = Math.ceil(part.messageLength / part.count)
  if (part.messageLength === 0 || part.fragmentLength !== needed)
    return malformed(index, 'its length does not fit its message')
  return ok({ type, text: lower, part, body })
}

function isSameMessage(a: Frame, b: Frame): boolean {
  return (
    a.type === b.type &&
    a.part?.count === b.part?.count &&
    a.part?.messageLength === b.part?.messageLength &&
    a.part?.checksum === b.part?.checksum &&
    (a.part !== null || a.text === b.text)
  )
}

function complete(body: Uint8Array): Result<FramesRead, 'INPUT_INVALID'> {
  const psbt = readByteString(body)
  return psbt === undefined
    ? refuse('INPUT_INVALID', { field: 'frames', problem: 'no bytes inside' })
    : ok({ kind: 'complete', psbt })
}

function decode(texts: readonly string[]): Result<FramesRead, 'INPUT_INVALID'> {
  const decoder = new URDecoder()
  let first: Frame | undefined
  for (const [index, text] of texts.entries()) {
    const frame = readFrame(index, text)
    if (!frame.ok) return frame
    first ??= frame.value
    if (!isSameMessage(first, frame.value)) return malformed(index, 'a frame of another message')
    if (frame.value.part === null) return complete(frame.value.body)
    if (decoder.isComplete()) continue
    decoder.receivePart(frame.value.text)
    if (decoder.isError())
      return refuse('INPUT_INVALID', {
        field: 'frames',
        problem: 'together they do not have the checksum that each of them names',
      })
  }
  if (decoder.isComplete()) return complete(new Uint8Array(decoder.resultUR().cbor))
  return ok({
    kind: 'partial',
    received: decoder.receivedPartIndexes().length,
    expected: first?.part?.count ?? 0,
  })
}

export function createUrFrames(limits: FrameLimits = { fragmentBytes }): FramesPort {
  return {
    encode(psbt) {
      const message = new UR(Buffer.from(writeByteString(psbt)), outgoingType)
      const encoder = new UREncoder(message, limits.fragmentBytes)
      const count = encoder.fragmentsLength
      const frames = count === 1 ? 1 : count + Math.min(2 * count, mostMixtures)
      return Array.from({ length: frames }, () => encoder.nextPart().toUpperCase())
    },
    decode,
  }
}
