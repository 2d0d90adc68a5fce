/** EIP-712 as the firmware reads it: it asks for the members of each struct and for each value, and hashes
 *  them by itself. Nothing is taken from the host but names, types and values. Source: EIP-712. */
import { keccak_256 } from '@noble/hashes/sha3'
import { bytesToHex } from '@noble/hashes/utils'
import { z } from 'zod'
import { join, toBigInt } from './bytes.ts'
import { checksumAddress } from './keys.ts'
import { DeviceFailure, type Session } from './session.ts'

interface FieldType {
  readonly data_type: string
  readonly size?: number | undefined
  readonly entry_type?: FieldType | null | undefined
  readonly struct_name?: string | undefined
}

const fieldTypeSchema: z.ZodType<FieldType> = z.lazy(() =>
  z.object({
    data_type: z.string(),
    size: z.int().optional(),
    entry_type: fieldTypeSchema.nullish(),
    struct_name: z.string().optional(),
  }),
)
const structSchema = z.object({
  members: z.array(z.object({ name: z.string(), type: fieldTypeSchema })),
})
const valueSchema = z.object({ value: z.instanceof(Uint8Array) })

type Member = z.infer<typeof structSchema>['members'][number]

export interface TypedValue {
  readonly name: string
  readonly value: string
}

export interface TypedContent {
  readonly hash: Uint8Array
  /** In the order in which they are shown. */
  readonly values: readonly TypedValue[]
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

function typeName(type: FieldType): string {
  switch (type.data_type) {
    case 'UINT':
      return `uint${(type.size ?? 0) * 8}`
    case 'INT':
      return `int${(type.size ?? 0) * 8}`
    case 'BYTES':
      return `bytes${type.size === undefined || type.size === 0 ? '' : type.size}`
    case 'ARRAY': {
      const fixed = type.size === undefined || type.size === 0 ? '' : `${type.size}`
      return `${typeName(entryOf(type))}[${fixed}]`
    }
    case 'STRUCT':
      return type.struct_name ?? ''
    default:
      return type.data_type.toLowerCase()
  }
}

function entryOf(type: FieldType): FieldType {
  if (type.entry_type === null || type.entry_type === undefined) {
    throw new DeviceFailure('Failure_DataError', 'Invalid type')
  }
  return type.entry_type
}

function leftPad(value: Uint8Array, fill: number): Uint8Array {
  if (value.length > 32) throw new DeviceFailure('Failure_DataError', 'Invalid length')
  return join(new Uint8Array(32 - value.length).fill(fill), value)
}

function rightPad(value: Uint8Array): Uint8Array {
  if (value.length > 32) throw new DeviceFailure('Failure_DataError', 'Invalid length')
  return join(value, new Uint8Array(32 - value.length))
}

/** One value in its 32 bytes, and as a person reads it. */
function encodeAtom(type: FieldType, value: Uint8Array): { word: Uint8Array; text: string } {
  const hexText = `0x${bytesToHex(value)}`
  switch (type.data_type) {
    case 'UINT':
      return { word: leftPad(value, 0), text: `${toBigInt(value)}` }
    case 'INT': {
      const negative = ((value[0] ?? 0) & 0x80) !== 0
      const offset = negative ? 1n << BigInt(8 * value.length) : 0n
      return { word: leftPad(value, negative ? 0xff : 0), text: `${toBigInt(value) - offset}` }
    }
    case 'BOOL':
      return { word: leftPad(value, 0), text: toBigInt(value) === 0n ? 'false' : 'true' }
    case 'ADDRESS':
      return { word: leftPad(value, 0), text: checksumAddress(value) }
    case 'STRING':
      return { word: keccak_256(value), text: new TextDecoder().decode(value) }
    case 'BYTES':
      return type.size === undefined || type.size === 0
        ? { word: keccak_256(value), text: hexText }
        : { word: rightPad(value), text: hexText }
    default:
      throw new DeviceFailure('Failure_DataError', 'Invalid type')
  }
}

/** Each struct's members by its name. */
export type TypedStructs = Map<string, readonly Member[]>

/** Asks for a struct and those it uses. The firmware knows every type before it asks for the first value. */
export async function learnTypes(
  session: Session,
  primary: string,
  structs: TypedStructs,
): Promise<void> {
  if (structs.has(primary)) return
  const reply = await session.ask(
    'EthereumTypedDataStructRequestOneKey',
    { name: primary },
    'EthereumTypedDataStructAckOneKey',
  )
  const { members } = structSchema.parse(reply.body)
  structs.set(primary, members)
  for (const { type } of members) {
    let inner = type
    while (inner.data_type === 'ARRAY') inner = entryOf(inner)
    if (inner.data_type === 'STRUCT') await learnTypes(session, inner.struct_name ?? '', structs)
  }
}

/**
 * Reads the domain (root 0) or the message (root 1) out of the host.
 * @returns hashStruct of it, and its values
 */
export async function readTypedData(
  session: Session,
  primary: string,
  root: 0 | 1,
  structs: TypedStructs,
): Promise<TypedContent> {
  const values: TypedValue[] = []

  function membersOf(name: string): readonly Member[] {
    const members = structs.get(name)
    if (members === undefined) throw new DeviceFailure('Failure_DataError', 'Unknown type')
    return members
  }

  /** Name and those it uses, sorted: Mail(Person from,Person to)Person(string name). */
  function encodeType(name: string): string {
    const used = new Set<string>()
    const visit = (struct: string): void => {
      if (used.has(struct)) return
      used.add(struct)
      for (const { type } of membersOf(struct)) {
        let inner = type
        while (inner.data_type === 'ARRAY') inner = entryOf(inner)
        if (inner.data_type === 'STRUCT') visit(inner.struct_name ?? '')
      }
    }
    visit(name)
    used.delete(name)
    return [name, ...[...used].sort()]
      .map((struct) => {
        const fields = membersOf(struct).map((m) => `${typeName(m.type)} ${m.name}`)
        return `${struct}(${fields.join(',')})`
      })
      .join('')
  }

  async function valueAt(path: readonly number[]): Promise<Uint8Array> {
    const reply = await session.ask(
      'EthereumTypedDataValueRequestOneKey',
      { member_path: path },
      'EthereumTypedDataValueAckOneKey',
    )
    return valueSchema.parse(reply.body).value
  }

  async function encodeField(
    type: FieldType,
    path: readonly number[],
    label: string,
  ): Promise<Uint8Array> {
    if (type.data_type === 'STRUCT') return hashStruct(type.struct_name ?? '', path, label)
    if (type.data_type !== 'ARRAY') {
      const { word, text } = encodeAtom(type, await valueAt(path))
      values.push({ name: label, value: text })
      return word
    }
    const count =
      type.size === undefined || type.size === 0 ? Number(toBigInt(await valueAt(path))) : type.size
    const words: Uint8Array[] = []
    for (let i = 0; i < count; i++) {
      words.push(await encodeField(entryOf(type), [...path, i], `${label}[${i}]`))
    }
    return keccak_256(join(...words))
  }

  async function hashStruct(
    name: string,
    path: readonly number[],
    label: string,
  ): Promise<Uint8Array> {
    const words = [keccak_256(utf8(encodeType(name)))]
    for (const [i, member] of membersOf(name).entries()) {
      const inner = label === '' ? member.name : `${label}.${member.name}`
      words.push(await encodeField(member.type, [...path, i], inner))
    }
    return keccak_256(join(...words))
  }

  return { hash: await hashStruct(primary, [root], ''), values }
}
