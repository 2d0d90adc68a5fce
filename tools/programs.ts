/** Where the programs that a run may use are found; undefined where this machine has none.
 *  Looks only, never installs or downloads. */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function onPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  // The project's own .bin holds wrappers whose binaries may be missing.
  const outside = folders.filter((folder) => folder !== '' && !folder.includes('node_modules'))
  return outside.map((folder) => join(folder, name)).find(isExecutable)
}

/** A Chromium that is already on the machine; `BULKHEAD_CHROMIUM` names another one. */
export function findChromium(): string | undefined {
  const named = process.env['BULKHEAD_CHROMIUM']
  if (named !== undefined) return isExecutable(named) ? named : undefined
  return ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']
    .map(onPath)
    .find((path) => path !== undefined)
}

/** The EVM test node: from the optional dependency, or on PATH. */
export function findAnvil(): string | undefined {
  const packaged = join(root, 'node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil')
  return isExecutable(packaged) ? packaged : onPath('anvil')
}

/** The independent bitcoin wallet that the simulated chain is held to. */
export function findElectrum(): string | undefined {
  return onPath('electrum')
}

/** Folder of the recorded venue data, which is never part of a clone. */
export function findRecordedData(): string | undefined {
  const folder = process.env['BULKHEAD_DATA'] ?? join(root, '../shared/data')
  return existsSync(join(folder, 'recorded-positions.json')) ? folder : undefined
}

/** Electron's own binary; its package brings none and downloads it at the first start. */
export function findElectron(): string | undefined {
  const folder = join(root, 'node_modules/electron')
  const override = process.env['ELECTRON_OVERRIDE_DIST_PATH']
  try {
    const name = override ? 'electron' : readFileSync(join(folder, 'path.txt'), 'utf8')
    const path = join(override ?? join(folder, 'dist'), name)
    return isExecutable(path) ? path : undefined
  } catch {
    return undefined
  }
}
