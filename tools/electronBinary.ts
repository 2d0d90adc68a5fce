/** Decides whether Electron's window can be opened here: the binary is present, or can be had. */
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { findElectron } from './programs.ts'

export type ElectronBinary =
  | { readonly kind: 'found'; readonly path: string }
  | { readonly kind: 'absent'; readonly reason: string }

const probeMs = 1_000
const require = createRequire(import.meta.url)

/** Where Electron's own installer would load the binary from. */
function downloadAddress(): string {
  const { version } = require('electron/package.json')
  const mirror =
    process.env['ELECTRON_MIRROR'] ?? 'https://github.com/electron/electron/releases/download/'
  return `${mirror}v${String(version)}/SHASUMS256.txt`
}

async function canDownload(): Promise<boolean> {
  try {
    const answer = await fetch(downloadAddress(), {
      method: 'HEAD',
      signal: AbortSignal.timeout(probeMs),
    })
    return answer.ok
  } catch {
    return false
  }
}

/** Electron's installer checks the sum of what it loads against its own package. */
function download(): Promise<boolean> {
  const installer = fileURLToPath(new URL('../node_modules/electron/install.js', import.meta.url))
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [installer], { stdio: ['ignore', 'ignore', 'ignore'] })
    child.on('error', () => resolve(false))
    child.on('close', (code) => resolve(code === 0))
  })
}

function whyNoWindow(): string | undefined {
  if (process.env['BULKHEAD_SHELL'] === 'web') return 'BULKHEAD_SHELL=web'
  if (process.platform !== 'linux') return undefined
  const { DISPLAY: x11, WAYLAND_DISPLAY: wayland } = process.env
  if (!x11 && !wayland) return 'there is no display'
  // Chromium's sandbox refuses root, and we never run without it.
  return process.getuid?.() === 0 ? "Electron's sandbox does not run as root" : undefined
}

/** Asks within a second; downloads only what answers. */
export async function obtainElectron(say: (line: string) => void): Promise<ElectronBinary> {
  const reason = whyNoWindow()
  if (reason !== undefined) return { kind: 'absent', reason }
  const present = findElectron()
  if (present !== undefined) return { kind: 'found', path: present }
  if (!(await canDownload())) {
    return { kind: 'absent', reason: "Electron's binary cannot be downloaded here" }
  }
  say('bulkhead: downloading Electron (once, about 120 MB)')
  const loaded = await download()
  const path = findElectron()
  return loaded && path !== undefined
    ? { kind: 'found', path }
    : { kind: 'absent', reason: "the download of Electron's binary failed" }
}
