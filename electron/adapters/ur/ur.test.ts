import fc from 'fast-check'
import { UR, UREncoder } from '@ngraveio/bc-ur'
import { hex } from '@scure/base'
import { describe, expect, it } from 'vitest'
import { readByteString, readPartHeader, writeByteString } from './cbor.ts'
import { createUrFrames } from './ur.ts'

const frames = createUrFrames()
const small = createUrFrames({ fragmentBytes: 30 })
const deep = process.env['BULKHEAD_DEEP'] === '1'

function decoded(texts: readonly string[]): string {
  const read = frames.decode(texts)
  if (!read.ok) return `${read.refusal.data.field}: ${read.refusal.data.problem}`
  return read.value.kind === 'complete' ? hex.encode(read.value.psbt) : 'partial'
}

/** BCR-2020-006, "Example/Test Vector 3": a PSBT in one frame. */
const PSBT =
  '70736274ff01009a020000000258e87a21b56daf0c23be8e7070456c336f7cbaa5c8757924f545887bb2abdd750000000000ffffffff838d0427d0ec650a68aa46bb0b098aea4422c071b2ca78352a077959d07cea1d0100000000ffffffff0270aaf00800000000160014d85c2b71d0060b09c9886aeb815e50991dda124d00e1f5050000000016001400aea9a2e5f0f876a588df5546e8742d1d87008f000000000000000000'
const PSBT_UR =
  'ur:crypto-psbt/hdosjojkidjyzmadaenyaoaeaeaeaohdvsknclrejnpebncnrnmnjojofejzeojlkerdonspkpkkdkykfelokgprpyutkpaeaeaeaeaezmzmzmzmlslgaaditiwpihbkispkfgrkbdaslewdfycprtjsprsgksecdratkkhktikewdcaadaeaeaeaezmzmzmzmaojopkwtayaeaeaeaecmaebbtphhdnjstiambdassoloimwmlyhygdnlcatnbggtaevyykahaeaeaeaecmaebbaeplptoevwwtyakoonlourgofgvsjydpcaltaemyaeaeaeaeaeaeaeaeaebkgdcarh'

/** The published multipart sequence (message "Wolf" of 256 bytes, fragments of at most 30): the last of its nine
 *  pure fragments and three of its mixtures. */
const WOLF = {
  message:
    '590100916ec65cf77cadf55cd7f9cda1a1030026ddd42e905b77adc36e4f2d3ccba44f7f04f2de44f42d84c374a0e149136f25b01852545961d55f7f7a8cde6d0e2ec43f3b2dcb644a2209e8c9e34af5c4747984a5e873c9cf5f965e25ee29039fdf8ca74f1c769fc07eb7ebaec46e0695aea6cbd60b3ec4bbff1b9ffe8a9e7240129377b9d3711ed38d412fbb4442256f1e6f595e0fc57fed451fb0a0101fb76b1fb1e1b88cfdfdaa946294a47de8fff173f021c0e6f65b05c0a494e50791270a0050a73ae69b6725505a2ec8a5791457c9876dd34aadd192a53aa0dc66b556c0c215c7ceb8248b717c22951e65305b56a3706e3e86eb01c803bbf915d80edcd64d4d',
  parts: {
    1: 'ur:bytes/1-9/lpadascfadaxcywenbpljkhdcahkadaemejtswhhylkepmykhhtsytsnoyoyaxaedsuttydmmhhpktpmsrjtdkgslpgh',
    9: 'ur:bytes/9-9/lpasascfadaxcywenbpljkhdcajskecpmdckihdyhphfotjojtfmlnwmadspaxrkytbztpbauotbgtgtaeaevtgavtny',
    12: 'ur:bytes/12-9/lpbnascfadaxcywenbpljkhdcarllaluzmdmgstospeyiefmwejlwtpedamktksrvlcygmzemovovllarodtmtbnptrs',
    16: 'ur:bytes/16-9/lpbeascfadaxcywenbpljkhdcawygekobamwtlihsnpalnsghenskkiynthdzotsimtojetprsttmukirlrsbtamjtpd',
    20: 'ur:bytes/20-9/lpbbascfadaxcywenbpljkhdcayapmrleeleaxpasfrtrdkncffwjyjzgyetdmlewtkpktgllepfrltataztksmhkbot',
  },
}

describe('the published vectors', () => {
  it('writes and reads the PSBT of BCR-2020-006', () => {
    const one = createUrFrames({ fragmentBytes: 400 }).encode(hex.decode(PSBT))
    expect(one).toEqual([PSBT_UR.toUpperCase()])
    expect(decoded([PSBT_UR])).toBe(PSBT)
    expect(decoded([PSBT_UR.toUpperCase()])).toBe(PSBT)
    expect(decoded([PSBT_UR.replace('crypto-psbt', 'psbt')])).toBe(PSBT)
  })

  it('mixes fragments as the published sequence does', () => {
    const message = hex.decode(WOLF.message)
    const written = small.encode(message.slice(3))
    expect(written).toHaveLength(27)
    const own = (text: string) => text.replace('ur:bytes', 'ur:crypto-psbt').toUpperCase()
    expect([written[0], written[8], written[11], written[15]]).toEqual(
      [WOLF.parts[1], WOLF.parts[9], WOLF.parts[12], WOLF.parts[16]].map(own),
    )
    expect(hex.encode(readByteString(message) ?? new Uint8Array())).toBe(WOLF.message.slice(6))
  })

  it('takes no frame of another kind of message', () => {
    expect(decoded([WOLF.parts[1]])).toBe('frames[0]: not a frame of a PSBT')
  })
})

/** Frames of one message without end. */
function* stream(psbt: Uint8Array): Generator<string> {
  const encoder = new UREncoder(new UR(Buffer.from(writeByteString(psbt)), 'crypto-psbt'), 60)
  for (;;) yield encoder.nextPart()
}

describe('frames lost on the way', () => {
  it('any loss only takes longer: the message comes out whole, in any order, with doubles', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 900 }),
        fc.infiniteStream(fc.boolean()),
        fc.integer({ min: 0, max: 30 }),
        (psbt, lost, late) => {
          const seen: string[] = []
          let asked = 0
          for (const frame of stream(psbt)) {
            if (++asked > 400) throw new Error('400 frames were not enough')
            if (asked <= late || lost.next().value) continue
            seen.unshift(frame, frame)
            const read = frames.decode(seen)
            if (!read.ok) throw new Error(read.refusal.data.problem)
            if (read.value.kind === 'partial') continue
            expect(hex.encode(read.value.psbt)).toBe(hex.encode(psbt))
            return
          }
        },
      ),
      { numRuns: deep ? 500 : 12 },
    )
  })

  it('what is shown in one loop decodes without any one of its frames', () => {
    const psbt = Uint8Array.from({ length: 700 }, (_, i) => i * 31)
    const shown = frames.encode(psbt)
    for (const lost of shown.keys()) {
      expect(decoded(shown.toSpliced(lost, 1))).toBe(hex.encode(psbt))
    }
  })

  it('says how far it is', () => {
    const shown = frames.encode(new Uint8Array(900).fill(7))
    expect(frames.decode(shown.slice(0, 2))).toEqual({
      ok: true,
      value: { kind: 'partial', received: 2, expected: 6 },
    })
    expect(frames.decode([])).toEqual({
      ok: true,
      value: { kind: 'partial', received: 0, expected: 0 },
    })
  })
})

/** A frame that says these numbers, with sound letters. */
function forge(numbers: readonly number[], fragment: number, outside?: string): string {
  const uint = (value: number) => {
    if (value < 24) return [value]
    const wide = [value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255]
    return value < 0x100
      ? [0x18, value]
      : value < 0x10000
        ? [0x19, ...wide.slice(2)]
        : [0x1a, ...wide]
  }
  const head = fragment < 24 ? [0x40 + fragment] : [0x58, fragment]
  const cbor = [0x85, ...numbers.flatMap(uint), ...head, ...new Array<number>(fragment).fill(9)]
  const body = UREncoder.encodeSinglePart(new UR(Buffer.from(cbor), 'crypto-psbt')).split('/')[1]
  return `ur:crypto-psbt/${outside ?? `${numbers[0]}-${numbers[1]}`}/${body}`
}

describe('hostile frames', () => {
  const [first = '', second = '', ...rest] = frames.encode(new Uint8Array(900).fill(3))
  const foreign = frames.encode(new Uint8Array(900).fill(4))[1] ?? ''

  it.each([
    ['no frame at all', ['https://example.org'], 'frames[0]: not a frame of a PSBT'],
    [
      'a damaged letter',
      [first, second.replace(/..$/, 'AE')],
      'frames[1]: damaged: its checksum is wrong',
    ],
    [
      'four billion frames',
      [forge([1, 0xffffffff, 0xffffffff, 1], 1)],
      'frames[0]: longer than 500 frames',
    ],
    ['501 frames', [forge([1, 501, 5_010, 1], 10)], 'frames[0]: longer than 500 frames'],
    [
      'a message of a gigabyte',
      [forge([1, 400, 1_000_000_000, 1], 10)],
      'frames[0]: longer than 500 frames',
    ],
    [
      'an empty message',
      [forge([1, 4, 0, 1], 10)],
      'frames[0]: its length does not fit its message',
    ],
    [
      'too short a fragment',
      [forge([1, 4, 4_000, 1], 10)],
      'frames[0]: its length does not fit its message',
    ],
    [
      'another number inside',
      [forge([2, 4, 40, 1], 10, '1-4')],
      'frames[0]: says one number outside and another inside',
    ],
    ['a frame of another message', [first, foreign], 'frames[1]: a frame of another message'],
    ['a whole message among parts', [first, PSBT_UR], 'frames[1]: a frame of another message'],
  ])('refuses %s', (_, texts, problem) => {
    expect(decoded(texts)).toBe(problem)
  })

  it('refuses fragments that together have another checksum than they name', () => {
    const forged = [1, 2, 3, 4].map((number) => forge([number, 4, 40, 12_345], 10))
    expect(decoded(forged)).toBe(
      'frames: together they do not have the checksum that each of them names',
    )
  })

  it('refuses a message that is no byte string', () => {
    const list = UREncoder.encodeSinglePart(new UR(Buffer.from([0x82, 1, 2]), 'crypto-psbt'))
    expect(decoded([list])).toBe('frames: no bytes inside')
  })

  it('any letters at all are refused or incomplete, never thrown at', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.constantFrom(first, second, ...rest))),
        (texts) => {
          decoded(texts)
        },
      ),
      { numRuns: deep ? 5_000 : 200 },
    )
  })
})

describe('CBOR', () => {
  it('byte strings of every length come back; longer forms and rests are refused', () => {
    for (const length of [0, 1, 23, 24, 255, 256, 65_535, 65_536]) {
      const content = new Uint8Array(length).fill(1)
      expect(readByteString(writeByteString(content))).toEqual(content)
    }
    for (const bad of [
      '5801aa',
      '590001aa',
      '41',
      '41aaaa',
      '61aa',
      '5f41aaff',
      '5b00000000000000',
      '',
    ]) {
      expect(readByteString(hex.decode(bad))).toBeUndefined()
    }
    expect(readPartHeader(hex.decode('8501010a0041aa'))).toEqual({
      number: 1,
      count: 1,
      messageLength: 10,
      checksum: 0,
      fragmentLength: 1,
    })
    for (const bad of [
      '8401010a0041aa',
      '8501010a2041aa',
      '8501010a0061aa',
      '8501010a0041',
      '85',
    ]) {
      expect(readPartHeader(hex.decode(bad))).toBeUndefined()
    }
  })
})
