/** Any JSON, made out of a real shape by changing a few of its places. Tests only. */
import fc from 'fast-check'

const oddValue = fc.oneof(
  fc.constantFrom<unknown>(
    '',
    'NaN',
    'constructor',
    '__proto__',
    '-0.0',
    '1e999',
    '1E-8',
    '-1',
    '9'.repeat(90),
    null,
    0,
    -1,
    1e308,
    true,
    [],
    {},
    [null],
    { toString: 1, valueOf: 1 },
  ),
  fc.jsonValue({ maxDepth: 2 }),
)

type Path = readonly (string | number)[]

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([key, child]) => pathsOf(child, [...path, key]))]
}

function replaceAt(root: unknown, path: Path, change: (value: unknown) => unknown): unknown {
  const [head, ...rest] = path
  if (head === undefined) return change(root)
  if (Array.isArray(root)) {
    return root.map((item, index) =>
      String(index) === String(head) ? replaceAt(item, rest, change) : item,
    )
  }
  if (typeof root !== 'object' || root === null) return root
  return Object.fromEntries(
    Object.entries(root).map(([key, child]) => [
      key,
      key === head ? replaceAt(child, rest, change) : child,
    ]),
  )
}

/** One to four places of the shape changed to something odd, or a list doubled. */
export function mutationsOf(shape: unknown): fc.Arbitrary<unknown> {
  const paths = pathsOf(shape)
  const change = fc.tuple(fc.constantFrom(...paths), oddValue, fc.boolean())
  return fc
    .array(change, { minLength: 1, maxLength: 4 })
    .map((changes) =>
      changes.reduce(
        (root, [path, odd, double]) =>
          replaceAt(root, path, (value) =>
            double && Array.isArray(value) ? [...value, ...value] : odd,
          ),
        shape,
      ),
    )
}

/** The shape with one place changed to `value`, once for each of its places. */
export function everywhere(shape: unknown, value: unknown): readonly unknown[] {
  return pathsOf(shape).map((path) => replaceAt(shape, path, () => value))
}

/** False where any number inside is NaN, infinite or negative zero. */
export function allFinite(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0)
  if (Array.isArray(value)) return value.every(allFinite)
  if (typeof value === 'object' && value !== null) return Object.values(value).every(allFinite)
  return true
}
