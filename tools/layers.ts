/** Judges the imports of the product's sources by the table in layerRules.ts. Tests beside the code are
 *  not judged (they may stand on both sides of a wall), but product code may not import them. */
import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join, posix, relative, sep } from 'node:path'
import { guardedNames, openData, owners, withoutNode, type Zone, zones } from './layerRules.ts'
import { findReferences, type Reference } from './references.ts'

export interface Violation {
  readonly file: string
  readonly line: number
  readonly problem: string
}

const productFolders = ['shared', 'electron', 'renderer']
const isSource = /\.[cm]?tsx?$/
const isTest = /\.test\.tsx?$/
const builtins = new Set(builtinModules)

function within(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

function zoneOf(path: string): Zone | undefined {
  return zones
    .filter((zone) => within(path, zone.path))
    .sort((a, b) => b.path.length - a.path.length)[0]
}

/** 'zod/v4' → 'zod', '@noble/hashes/sha2.js' → '@noble/hashes', 'fs/promises' → 'node:fs/promises'. */
function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier
  if (builtins.has(specifier)) return `node:${specifier}`
  const [first = '', second = ''] = specifier.split('/')
  return first.startsWith('@') ? `${first}/${second}` : first
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('/*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}

function judgePackage(zone: Zone, specifier: string): string | undefined {
  const name = packageOf(specifier)
  const owner = owners.find((each) => matches(each.package, name))
  if (owner && !owner.zones.includes(zone.path) && !openData.includes(specifier)) {
    return `only ${owner.zones.join(', ')} may import '${owner.package}'`
  }
  if (name.startsWith('node:') && withoutNode.includes(zone.path)) {
    return `${zone.path} may not import '${name}'`
  }
  const allowed = zone.packages.some((pattern) => pattern === '*' || matches(pattern, name))
  return allowed ? undefined : `${zone.path} may not import '${name}'`
}

function judgeFile(zone: Zone, target: string): string | undefined {
  if (!/\.[a-z0-9]+$/.test(target)) return 'a relative import needs its file extension'
  if (isTest.test(target)) return 'product code may not import a test'
  if (within(target, 'resources')) {
    return zone.reaches.includes('resources')
      ? undefined
      : `${zone.path} may not import from resources`
  }
  const to = zoneOf(target)
  if (!to) return `'${target}' lies outside every layer`
  if (to.path === zone.path || zone.reaches.includes(to.path)) return undefined
  return `${zone.path} may not import from ${to.path}`
}

function judgeNames(file: string, target: string, names: readonly string[]): string | undefined {
  const guard = guardedNames.find(
    (each) =>
      !within(file, each.folder) &&
      (names.includes(each.name) || (target === each.file && names.includes('*'))),
  )
  return guard && `only ${guard.folder} may import ${guard.name}`
}

function judgeReference(file: string, zone: Zone, reference: Reference): string | undefined {
  const { specifier, names } = reference
  if (specifier === null) return 'an import must name its module in plain text'
  const path = specifier.replace(/[?#].*$/, '')
  if (path.startsWith('/') || path.startsWith('#')) return `'${specifier}' is not a relative import`
  if (!path.startsWith('.')) return judgePackage(zone, path) ?? judgeNames(file, path, names)
  const target = posix.normalize(posix.join(posix.dirname(file), path))
  return judgeNames(file, target, names) ?? judgeFile(zone, target)
}

/** Violations of one file; `file` is relative to the repository, with forward slashes. */
export function judgeSource(file: string, source: string): readonly Violation[] {
  const zone = zoneOf(file)
  if (!zone) return [{ file, line: 1, problem: 'the file lies outside every layer' }]
  const references = findReferences(file, source)
  const found = references.flatMap((reference) => {
    const problem = judgeReference(file, zone, reference)
    return problem === undefined ? [] : [{ file, line: reference.line, problem }]
  })
  const guard = guardedNames.find((each) => within(file, each.folder) && file !== each.file)
  // Handing the guarded name on would open the door that the folder keeps.
  if (guard && new RegExp(`export\\s*(\\{[^}]*\\b${guard.name}\\b|\\*)`).test(source)) {
    found.push({ file, line: 1, problem: `${guard.name} may not be exported again` })
  }
  return found
}

/** Repository-relative paths of the product's sources under `root`, tests left out. */
export function listSources(root: string): readonly string[] {
  return productFolders.flatMap((folder) => {
    let entries
    try {
      entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    } catch {
      return []
    }
    return entries
      .filter((entry) => entry.isFile() && isSource.test(entry.name) && !isTest.test(entry.name))
      .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
  })
}

/** All violations under `root`. Throws when there is nothing to judge: an empty look proves nothing. */
export function judgeTree(root: string): readonly Violation[] {
  const files = listSources(root)
  if (files.length === 0) throw new Error(`no sources under ${root}`)
  return files.flatMap((file) => judgeSource(file, readFileSync(join(root, file), 'utf8')))
}
