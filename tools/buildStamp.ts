/** Knows whether dist/ was built from the sources as they are now: a hash over what goes into it. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'

const parts = ['shared', 'electron', 'renderer', 'resources']
const files = [
  'package-lock.json',
  'tools/entries.ts',
  'tools/bundle.ts',
  'tools/buildPlugins.ts',
  'tools/build.ts',
]

function listFiles(root: string): readonly string[] {
  const inFolders = parts
    .filter((part) => existsSync(join(root, part)))
    .flatMap((part) =>
      readdirSync(join(root, part), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
        .map((entry) => relative(root, join(entry.parentPath, entry.name))),
    )
  return [...inFolders, ...files.filter((file) => existsSync(join(root, file)))].sort()
}

/** Hex sha256 over paths and contents. */
export function hashSources(root: string): string {
  const hash = createHash('sha256')
  for (const file of listFiles(root)) {
    const content = readFileSync(join(root, file))
    hash.update(`${file}\0${content.length}\0`).update(content)
  }
  return hash.digest('hex')
}

function stampFile(root: string): string {
  return join(root, 'dist', '.sources')
}

export function isBuilt(root: string): boolean {
  const file = stampFile(root)
  return existsSync(file) && readFileSync(file, 'utf8') === hashSources(root)
}

/** Call after a whole, successful build, with the hash taken before it began. */
export function markBuilt(root: string, hash: string): void {
  writeFileSync(stampFile(root), hash)
}
