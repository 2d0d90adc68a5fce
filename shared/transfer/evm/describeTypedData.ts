/** Typed data as rows, in the order in which its types name them: exactly what is hashed, nothing else. Pure.
 *  Refuses with INPUT_INVALID what cannot be hashed without guessing (typedData.ts) and what is too long to be
 *  shown whole: nobody approves what was not shown. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { z } from 'zod'
import { ok, type Result, refuse } from '../../errors/refusal.ts'
import { parseEvmAddress } from './address.ts'
import { type Allowance, readTypedAllowance } from './allowance.ts'
import type { MessageRow, MessageWarning, TypedDataDescription } from './message.ts'
import { hashTypedData, shapeOf, type TypedData, typedDataSchema } from './typedData.ts'
import { visibleText } from './visibleText.ts'

const MAX_ROWS = 1_000
const MAX_TEXT = 10_000

/** @param text JSON as `eth_signTypedData_v4` takes it */
export function parseTypedData(text: string): Result<TypedData, 'INPUT_INVALID'> {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return refuse('INPUT_INVALID', { field: 'typedData', problem: 'no JSON' })
  }
  const parsed = typedDataSchema.safeParse(json)
  if (parsed.success) return ok(parsed.data)
  const [issue] = parsed.error.issues
  const field = issue?.path.join('.') ?? ''
  return refuse('INPUT_INVALID', {
    field: field === '' ? 'typedData' : field.slice(0, 200),
    problem: (issue?.message ?? '').slice(0, 200),
  })
}

export function describeTypedData(data: TypedData): Result<TypedDataDescription, 'INPUT_INVALID'> {
  // First: what is hashed has no unnamed field, no cycle, no number that reads in two ways.
  const hashes = hashTypedData(data)
  if (!hashes.ok) return hashes
  const domain = describeDomain(data)
  const fields = describeStruct(data.primaryType, data.message, data.types, 0)
  const rows = [...domain, ...fields]
  const long = rows.find(({ value }) => (value ?? '').length > MAX_TEXT)
  if (rows.length > MAX_ROWS || long !== undefined) {
    return refuse('INPUT_INVALID', {
      field: long?.name.slice(0, 100) ?? 'message',
      problem: 'too long to be shown whole',
    })
  }
  const chainId = data.domain['chainId']
  const { domainHash, messageHash, digest } = hashes.value
  return ok({
    kind: 'typed-data',
    primaryType: data.primaryType,
    domain,
    fields,
    chainId:
      chainId === undefined
        ? null
        : BigInt(z.union([z.string(), z.number(), z.bigint()]).parse(chainId)).toString(),
    domainHash: bytesToHex(domainHash),
    messageHash: bytesToHex(messageHash),
    digest: bytesToHex(digest),
    allowance: allowanceText(readTypedAllowance(data)),
    warnings: warningsOf(data, rows),
  })
}

function describeDomain(data: TypedData): readonly MessageRow[] {
  const types: Readonly<Record<string, string>> = {
    name: 'string',
    version: 'string',
    chainId: 'uint256',
    verifyingContract: 'address',
    salt: 'bytes32',
  }
  return Object.entries(types).flatMap(([name, type]) =>
    Object.hasOwn(data.domain, name)
      ? describeValue(name, type, data.domain[name], data.types, 0)
      : [],
  )
}

const structSchema = z.record(z.string(), z.unknown())

function describeStruct(
  type: string,
  value: unknown,
  types: TypedData['types'],
  depth: number,
): readonly MessageRow[] {
  const values = structSchema.parse(value)
  return (types[type] ?? []).flatMap((field) =>
    describeValue(field.name, field.type, values[field.name], types, depth),
  )
}

/** Only of values that were hashed: their shapes hold. */
function describeValue(
  name: string,
  type: string,
  value: unknown,
  types: TypedData['types'],
  depth: number,
): readonly MessageRow[] {
  const shape = shapeOf(type, types, name)
  const heading: MessageRow = { name, type, depth, value: null, note: null }
  switch (shape.kind) {
    case 'struct':
      return [heading, ...describeStruct(shape.name, value, types, depth + 1)]
    case 'array': {
      const items = z.array(z.unknown()).parse(value)
      if (items.length === 0) return [{ ...heading, value: '[]' }]
      const rows = items
        // One over what can be shown is enough to be refused.
        .slice(0, MAX_ROWS + 1)
        .flatMap((item, i) => describeValue(`${name}[${i}]`, shape.item, item, types, depth + 1))
      return [heading, ...rows]
    }
    case 'integer': {
      const integer = BigInt(z.union([z.string(), z.number(), z.bigint()]).parse(value))
      return [{ ...heading, value: integer.toString(), note: noteOf(name, integer, shape.bits) }]
    }
    case 'address': {
      const address = parseEvmAddress(String(value))
      return [{ ...heading, value: address.ok ? address.value : String(value) }]
    }
    case 'string':
      return [{ ...heading, value: visibleText(String(value)).text }]
    case 'bool':
      return [{ ...heading, value: String(value) }]
    case 'bytes':
    case 'fixed-bytes':
      return [{ ...heading, value: String(value).toLowerCase() }]
  }
}

const timeNames =
  /deadline|expir|valid(to|until|before|after)$|not(before|after)$|(start|end)time$/i
/** Seconds since 1970: 2001, and 3237. */
const [firstTime, lastTime] = [1_000_000_000n, 40_000_000_000n]

function noteOf(name: string, value: bigint, bits: number): MessageRow['note'] {
  if (timeNames.test(name)) {
    return value >= firstTime && value < lastTime
      ? { kind: 'time', at: Number(value) * 1_000 }
      : null
  }
  return bits >= 96 && value >= (1n << 96n) - 1n && value + 1n === nextPower(value)
    ? { kind: 'unlimited' }
    : null
}

/** 2^bits for the values that are all ones in the customary widths. */
function nextPower(value: bigint): bigint {
  return 1n << BigInt(value.toString(2).length)
}

function allowanceText(allowance: Allowance): TypedDataDescription['allowance'] {
  if (allowance.kind === 'none') return null
  const { kind, spender, amount } = allowance
  const address = spender === null ? undefined : parseEvmAddress(spender)
  return {
    kind,
    spender: address?.ok === true ? address.value : spender,
    amount: amount.kind === 'limited' ? amount.units.toString() : amount.kind,
  }
}

function warningsOf(data: TypedData, rows: readonly MessageRow[]): readonly MessageWarning[] {
  const warn = (key: MessageWarning['key'], values: MessageWarning['values'] = {}) => ({
    key,
    values,
  })
  const has = (name: string) => Object.hasOwn(data.domain, name)
  const hidden = rows.find(({ type, value }) => type === 'string' && /\\u\{/.test(value ?? ''))
  const endless = rows.find(
    ({ name, type, value }) =>
      timeNames.test(name) && /^uint\d*$/.test(type) && BigInt(value ?? 0) >= lastTime,
  )
  return [
    ...(has('chainId') ? [] : [warn('chainMissing')]),
    ...(has('verifyingContract') ? [] : [warn('contractMissing')]),
    ...(hidden === undefined ? [] : [warn('hiddenText', { field: hidden.name })]),
    ...(endless === undefined ? [] : [warn('neverExpires', { field: endless.name })]),
  ]
}
