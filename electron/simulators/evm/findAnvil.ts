/** Where the anvil binary is: the optional npm package for this platform, else the PATH.
 *  Says everything it looked at when there is none; never downloads anything. */
import { accessSync, constants } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'

const PACKAGE = '@foundry-rs/anvil-linux-amd64'

export type AnvilSearch =
  | { readonly kind: 'found'; readonly path: string }
  | { readonly kind: 'missing'; readonly lookedFor: readonly string[] }

export function findAnvil(
  env: { readonly PATH?: string | undefined } = process.env,
  packageName: string = PACKAGE,
): AnvilSearch {
  const lookedFor: string[] = []
  const packaged = packagedAnvil(packageName)
  if (packaged !== undefined && isExecutable(packaged)) return { kind: 'found', path: packaged }
  lookedFor.push(`npm package ${packageName} (bin/anvil)`)

  const name = process.platform === 'win32' ? 'anvil.exe' : 'anvil'
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  const onPath = folders.map((folder) => join(folder, name)).find(isExecutable)
  if (onPath !== undefined) return { kind: 'found', path: onPath }
  lookedFor.push(`${name} on PATH (${folders.length} folders)`)
  return { kind: 'missing', lookedFor }
}

function packagedAnvil(packageName: string): string | undefined {
  try {
    const manifest = createRequire(import.meta.url).resolve(`${packageName}/package.json`)
    return join(dirname(manifest), 'bin', 'anvil')
  } catch {
    return undefined
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
