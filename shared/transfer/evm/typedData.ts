/** EIP-712 typed data: from foreign JSON to what is signed, encoded by us field by field. Pure.
 *  Refuses what other programs guess at: fields the types do not name (shown but not signed), missing
 *  ones, numbers out of range or past 2^53, text that is no Unicode, aliases like `uint`, cycles, a
 *  domain that differs from its own type. Refusals are INPUT_INVALID naming the field's path. */
import { keccak_256 } from '@noble/hashes/sha3.js'
import { hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { z } from 'zod'
import { ok, type Result, refuse } from '../../errors/refusal.ts'
import { concatBytes } from '../../vault/hash.ts'
import { parseEvmAddress } from './address.ts'

const nameSchema = z.string().regex(/^[A-Za-z_$][A-Za-z0-9_$]{0,99}$/)
const fieldSchema = z.object({ name: nameSchema, type: z.string().max(100) }).readonly()
const recordSchema = z.record(z.string(), z.unknown())

/** As `eth_signTypedData_v4` takes it; values are checked against the types when hashed. */
export const typedDataSchema = z
  .strictObject({
    types: z.record(nameSchema, z.array(fieldSchema).max(100).readonly()),
    primaryType: nameSchema,
    domain: recordSchema,
    message: recordSchema,
  })
  .readonly()
export type TypedData = z.infer<typeof typedDataSchema>
type Types = TypedData['types']

/** 32 bytes each; `digest` is what is signed, the other two are what small devices show. */
export interface TypedDataHashes {
  readonly domainHash: Uint8Array
  readonly messageHash: Uint8Array
  readonly digest: Uint8Array
}

/** The domain's fields in the order in which the standard lists them. */
const domainFields = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
  { name: 'salt', type: 'bytes32' },
]
const DOMAIN = 'EIP712Domain'
const MAX_ARRAY = 10_000

/** Thrown inside this file only; `hashTypedData` turns it into the refusal. */
class Malformed extends Error {
  readonly field: string
  constructor(field: string, problem: string) {
    super(problem)
    this.field = field
  }
}

/** keccak256(0x1901 ‖ domainHash ‖ messageHash), and its two parts. */
export function hashTypedData(data: TypedData): Result<TypedDataHashes, 'INPUT_INVALID'> {
  try {
    const domainTypes = { ...data.types, [DOMAIN]: domainTypeOf(data) }
    const domainHash = hashStruct(DOMAIN, data.domain, domainTypes, 'domain')
    // The domain alone says nothing; no program needs it signed.
    if (data.primaryType === DOMAIN) throw new Malformed('primaryType', 'the domain itself')
    const messageHash = hashStruct(data.primaryType, data.message, data.types, 'message')
    const digest = keccak_256(concatBytes([Uint8Array.of(0x19, 1), domainHash, messageHash]))
    return ok({ domainHash, messageHash, digest })
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    return refuse('INPUT_INVALID', { field: error.field, problem: error.message })
  }
}

/** The domain's type follows from the fields present; where the types name it, both must agree. */
function domainTypeOf(data: TypedData): Types[string] {
  const present = domainFields.filter((field) => Object.hasOwn(data.domain, field.name))
  const declared = data.types[DOMAIN]
  if (declared === undefined) return present
  const same =
    declared.length === present.length &&
    declared.every((field, i) => {
      const expected = present[i]
      return field.name === expected?.name && field.type === expected.type
    })
  if (!same) throw new Malformed(`types.${DOMAIN}`, 'differs from the domain')
  return declared
}

// ── types ─────────────────────────────────────────────────────────────────────

type Shape =
  | { readonly kind: 'array'; readonly item: string; readonly length: number | null }
  | { readonly kind: 'integer'; readonly signed: boolean; readonly bits: number }
  | { readonly kind: 'fixed-bytes'; readonly length: number }
  | { readonly kind: 'address' | 'bool' | 'string' | 'bytes' }
  | { readonly kind: 'struct'; readonly name: string }

export function shapeOf(type: string, types: Types, path: string): Shape {
  const [, item, length] = /^(.+)\[(|[1-9]\d{0,4})\]$/.exec(type) ?? []
  if (item !== undefined && length !== undefined) {
    return { kind: 'array', item, length: length === '' ? null : Number(length) }
  }
  if (type === 'address' || type === 'bool' || type === 'string' || type === 'bytes') {
    return { kind: type }
  }
  const [, unsigned, bits] = /^(u?)int([1-9]\d{0,2})$/.exec(type) ?? []
  if (bits !== undefined && Number(bits) % 8 === 0 && Number(bits) <= 256) {
    return { kind: 'integer', signed: unsigned === '', bits: Number(bits) }
  }
  const [, size] = /^bytes([1-9]\d?)$/.exec(type) ?? []
  if (size !== undefined && Number(size) <= 32) return { kind: 'fixed-bytes', length: Number(size) }
  if (Object.hasOwn(types, type)) return { kind: 'struct', name: type }
  throw new Malformed(path, `unknown type ${type}`)
}

/** 'Mail(Person from,Person to)Person(string name)': the struct, then those it uses by name. */
function encodeType(name: string, types: Types, path: string): string {
  const used = new Set<string>()
  collectStructs(name, types, path, [], used)
  used.delete(name)
  return [name, ...[...used].sort()]
    .map((each) => {
      const fields = fieldsOf(each, types, path)
      return `${each}(${fields.map((field) => `${field.type} ${field.name}`).join(',')})`
    })
    .join('')
}

/** Own names only: 'constructor' is on every object. */
function fieldsOf(name: string, types: Types, path: string): NonNullable<Types[string]> {
  const fields = Object.hasOwn(types, name) ? types[name] : undefined
  if (fields === undefined) throw new Malformed(path, `unknown type ${name}`)
  return fields
}

function collectStructs(
  name: string,
  types: Types,
  path: string,
  above: readonly string[],
  used: Set<string>,
): void {
  if (above.includes(name)) throw new Malformed(path, `${name} contains itself`)
  if (used.has(name)) return
  const fields = fieldsOf(name, types, path)
  used.add(name)
  if (new Set(fields.map((field) => field.name)).size !== fields.length) {
    throw new Malformed(path, `${name} names a field twice`)
  }
  for (const field of fields) {
    let shape = shapeOf(field.type, types, `${path}.${field.name}`)
    while (shape.kind === 'array') shape = shapeOf(shape.item, types, `${path}.${field.name}`)
    if (shape.kind === 'struct') collectStructs(shape.name, types, path, [...above, name], used)
  }
}

// ── values ────────────────────────────────────────────────────────────────────

function hashStruct(name: string, value: unknown, types: Types, path: string): Uint8Array {
  return keccak_256(encodeStruct(name, value, types, path))
}

/** typeHash ‖ one word per field. */
function encodeStruct(name: string, value: unknown, types: Types, path: string): Uint8Array {
  const typeHash = keccak_256(utf8ToBytes(encodeType(name, types, path)))
  const record = recordSchema.safeParse(value)
  if (!record.success) throw new Malformed(path, `no ${name}`)
  const fields = fieldsOf(name, types, path)
  const unsigned = Object.keys(record.data).find((key) => !fields.some((f) => f.name === key))
  if (unsigned !== undefined) throw new Malformed(`${path}.${unsigned}`, `not part of ${name}`)
  const words = fields.map((field) => {
    const own = Object.hasOwn(record.data, field.name) ? record.data[field.name] : undefined
    return encodeValue(field.type, own, types, `${path}.${field.name}`)
  })
  return concatBytes([typeHash, ...words])
}

/** One 32-byte word. */
function encodeValue(type: string, value: unknown, types: Types, path: string): Uint8Array {
  const shape = shapeOf(type, types, path)
  switch (shape.kind) {
    case 'struct':
      return hashStruct(shape.name, value, types, path)
    case 'array': {
      if (!Array.isArray(value)) throw new Malformed(path, 'no list')
      const right = shape.length ?? value.length
      if (value.length !== right) throw new Malformed(path, `${value.length} items, not ${right}`)
      if (value.length > MAX_ARRAY) throw new Malformed(path, 'too long')
      const items: readonly unknown[] = value
      const words = items.map((item, i) => encodeValue(shape.item, item, types, `${path}[${i}]`))
      return keccak_256(concatBytes(words))
    }
    case 'string':
      if (typeof value !== 'string') throw new Malformed(path, 'no text')
      // A lone surrogate has no UTF-8 form; programs differ in what they put in its place.
      if (!value.isWellFormed()) throw new Malformed(path, 'no Unicode text')
      return keccak_256(utf8ToBytes(value))
    case 'bytes':
      return keccak_256(readBytes(value, path))
    case 'fixed-bytes': {
      const bytes = readBytes(value, path)
      if (bytes.length !== shape.length) throw new Malformed(path, `not ${shape.length} bytes`)
      return concatBytes([bytes, new Uint8Array(32 - bytes.length)])
    }
    case 'bool':
      if (typeof value !== 'boolean') throw new Malformed(path, 'neither true nor false')
      return word(value ? 1n : 0n)
    case 'address': {
      const address = typeof value === 'string' ? parseEvmAddress(value) : undefined
      if (address?.ok !== true) throw new Malformed(path, 'no address')
      return word(BigInt(address.value))
    }
    case 'integer':
      return word(readInteger(value, shape.signed, shape.bits, path))
  }
}

function readBytes(value: unknown, path: string): Uint8Array {
  if (typeof value !== 'string' || !/^0x([0-9a-fA-F]{2})*$/.test(value)) {
    throw new Malformed(path, 'no 0x-prefixed hex')
  }
  return hexToBytes(value.slice(2))
}

/** A number, or decimal or 0x-prefixed text. */
function readInteger(value: unknown, signed: boolean, bits: number, path: string): bigint {
  const plain =
    (typeof value === 'number' && Number.isSafeInteger(value)) ||
    typeof value === 'bigint' ||
    (typeof value === 'string' && /^(-?(0|[1-9]\d{0,77})|0x[0-9a-fA-F]{1,64})$/.test(value))
  if (!plain) throw new Malformed(path, 'no exact integer')
  const integer = BigInt(value)
  const low = signed ? -(1n << BigInt(bits - 1)) : 0n
  const high = signed ? (1n << BigInt(bits - 1)) - 1n : (1n << BigInt(bits)) - 1n
  if (integer < low || integer > high) {
    throw new Malformed(path, `out of range of ${signed ? '' : 'u'}int${bits}`)
  }
  return integer
}

/** Big-endian, two's complement. */
function word(value: bigint): Uint8Array {
  return hexToBytes(BigInt.asUintN(256, value).toString(16).padStart(64, '0'))
}
