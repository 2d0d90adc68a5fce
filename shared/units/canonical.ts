/** Text form of everything that crosses a process, a digest or the journal: JSON with sorted keys and
 *  bigints as {"$n":"123"}. Canonical: equal values have equal text. Keys that begin with $ are escaped with
 *  one more $. Refuses what JSON would silently change: NaN, infinities, functions, undefined in arrays. */

/** Throws TypeError for a value that has no exact text. Undefined properties are left out. */
export function encodeCanonical(value: unknown): string {
  if (value === null) return 'null'
  switch (typeof value) {
    case 'boolean':
      return value ? 'true' : 'false'
    case 'string':
      return JSON.stringify(value)
    case 'bigint':
      return `{"$n":"${value}"}`
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`no exact text for ${value}`)
      return JSON.stringify(value)
    case 'object':
      break
    default:
      throw new TypeError(`no exact text for a ${typeof value}`)
  }
  if (Array.isArray(value)) return `[${value.map(encodeCanonical).join(',')}]`
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError('only plain objects have an exact text')
  }
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(
      ([key, member]) =>
        `${JSON.stringify(key.startsWith('$') ? `$${key}` : key)}:${encodeCanonical(member)}`,
    )
  return `{${members.join(',')}}`
}

/** Reads what `encodeCanonical` wrote (or any JSON); undefined for anything else. */
export function decodeCanonical(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: revive(JSON.parse(text)) }
  } catch {
    return undefined
  }
}

function revive(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(revive)
  const entries = Object.entries(value)
  const [first] = entries
  if (entries.length === 1 && first !== undefined && first[0] === '$n') {
    const digits: unknown = first[1]
    if (typeof digits !== 'string' || !/^(0|-?[1-9]\d{0,1000})$/.test(digits))
      throw new TypeError('malformed bigint')
    return BigInt(digits)
  }
  return Object.fromEntries(
    entries.map(([key, member]): [string, unknown] => {
      // fromEntries would define it as an own property, yet nothing of ours is ever named so.
      if (key === '__proto__') throw new TypeError('forbidden key')
      if (key.startsWith('$') && !key.startsWith('$$')) throw new TypeError('unknown escape')
      return [key.startsWith('$$') ? key.slice(1) : key, revive(member)]
    }),
  )
}
