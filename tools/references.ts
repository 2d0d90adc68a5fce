/** Finds every module a TypeScript file refers to, however it is written: static, dynamic and type
 *  imports, re-exports, `require`, and `new URL('./x.ts', import.meta.url)` (worker entries).
 *  It reads the tree of the parser that also bundles the app, so both see the same imports.
 *  Refuses files that do not parse: an unreadable file must never pass as one without imports. */
import { parseSync } from 'vite'

export interface Reference {
  /** The text between the quotes; null where it is computed at run time. */
  readonly specifier: string | null
  /** Names taken from that module; '*' for all of them. */
  readonly names: readonly string[]
  /** 1-based. */
  readonly line: number
}

interface Node {
  readonly type: string
  readonly start: number
  readonly [key: string]: unknown
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}

function literal(value: unknown): string | null {
  if (!isNode(value)) return null
  if (value.type === 'Literal' && typeof value['value'] === 'string') return value['value']
  if (value.type === 'TemplateLiteral' && Array.isArray(value['quasis'])) {
    const [only, ...rest] = value['quasis']
    if (rest.length > 0 || !isNode(only)) return null
    const text = only['value']
    if (typeof text === 'object' && text !== null && 'cooked' in text) return String(text.cooked)
  }
  return null
}

/** The name behind an identifier or a string used as one (`import { 'x' as y }`). */
function nameOf(value: unknown): string {
  if (!isNode(value)) return '*'
  return String(value['name'] ?? value['value'])
}

function specifierNames(node: Node): readonly string[] {
  const specifiers = Array.isArray(node['specifiers']) ? node['specifiers'].filter(isNode) : []
  return specifiers.map((each) => {
    if (each.type === 'ImportSpecifier') return nameOf(each['imported'])
    if (each.type === 'ExportSpecifier') return nameOf(each['local'])
    return each.type === 'ImportDefaultSpecifier' ? 'default' : '*'
  })
}

type Found = Omit<Reference, 'line'>

function referenceOf(node: Node): Found | undefined {
  const [first, second] = Array.isArray(node['arguments']) ? node['arguments'] : []
  switch (node.type) {
    case 'ImportDeclaration':
      return { specifier: literal(node['source']), names: specifierNames(node) }
    case 'ExportNamedDeclaration':
      return isNode(node['source'])
        ? { specifier: literal(node['source']), names: specifierNames(node) }
        : undefined
    case 'ExportAllDeclaration':
    case 'ImportExpression':
    case 'TSImportType':
      return { specifier: literal(node['source']), names: ['*'] }
    case 'TSExternalModuleReference':
      return { specifier: literal(node['expression']), names: ['*'] }
    case 'CallExpression':
      return isNode(node['callee']) && node['callee']['name'] === 'require'
        ? { specifier: literal(first), names: ['*'] }
        : undefined
    case 'NewExpression': {
      const ofUrl = isNode(node['callee']) && node['callee']['name'] === 'URL'
      if (!ofUrl || !isNode(second) || second.type !== 'MemberExpression') return undefined
      const target = literal(first)
      return target?.match(/\.[cm]?[jt]sx?$/) ? { specifier: target, names: ['*'] } : undefined
    }
    default:
      return undefined
  }
}

/** Every reference in the order of the text. Throws on a syntax error. */
export function findReferences(file: string, source: string): readonly Reference[] {
  const parsed = parseSync(file, source)
  const [error] = parsed.errors
  if (error !== undefined) throw new SyntaxError(`${file}: ${error.message}`)
  const found: Reference[] = []
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(visit)
    if (!isNode(value)) return
    const reference = referenceOf(value)
    if (reference) {
      found.push({ ...reference, line: source.slice(0, value.start).split('\n').length })
    }
    Object.values(value).forEach(visit)
  }
  visit(parsed.program)
  return found
}
