/** The desktop app: one instance, one window, one host. Nothing happens at import; `runDesktop` starts it.
 *  Order matters: scheme and guards before the app is ready, the host before the page that calls it. */
import { join } from 'node:path'
import { app, type BrowserWindow, Menu, session } from 'electron'
import { type HostClient, startHostClient } from '../hostClient.ts'
import type { Answer, Ask } from '../hostProtocol.ts'
import { connectBridge } from './bridge.ts'
import { createConfirmation } from './confirmation.ts'
import { guardEverything, guardSession } from './guards.ts'
import { forkHost } from './hostProcess.ts'
import { answerKeySlot } from './keySlot.ts'
import { registerPageScheme, servePage } from './pageProtocol.ts'
import { openWindow } from './window.ts'

export interface DesktopPaths {
  /** Folder with the built programs (dist/). */
  readonly built: string
  readonly icon: string
}

/** A data directory of its own for the demo: the two never meet. */
export function hostArgs(mode: 'demo' | 'real', userData: string): readonly string[] {
  return mode === 'demo'
    ? ['--demo', `--data=${join(userData, 'demo')}`]
    : [`--data=${join(userData, 'data')}`]
}

function stopBeforeQuit(host: HostClient): void {
  let stopped = false
  app.on('before-quit', (event) => {
    if (stopped) return
    event.preventDefault()
    void host.stop().then(() => {
      stopped = true
      app.quit()
    })
  })
}

function startHost(paths: DesktopPaths, mode: 'demo' | 'real', confirm: Confirm): HostClient {
  const answer = (ask: Ask, signal: AbortSignal): Promise<Answer> =>
    ask.kind === 'confirm' ? confirm(ask, signal) : answerKeySlot(ask)
  return startHostClient({
    start: () =>
      forkHost(join(paths.built, 'host/main.js'), hostArgs(mode, app.getPath('userData'))),
    answer,
    log: (line) => process.stderr.write(`bulkhead: ${line}\n`),
    later: (run, delayMs) => {
      const timer = setTimeout(run, delayMs)
      return () => clearTimeout(timer)
    },
  })
}

type Confirm = ReturnType<typeof createConfirmation>

/** Resolves once the window is open; false when another instance has it. */
export async function runDesktop(paths: DesktopPaths, argv: readonly string[]): Promise<boolean> {
  if (!app.requestSingleInstanceLock()) {
    app.quit()
    return false
  }
  let window: BrowserWindow | null = null
  registerPageScheme()
  guardEverything()
  app.on('second-instance', () => {
    if (window?.isMinimized()) window.restore()
    window?.focus()
  })
  app.on('window-all-closed', () => app.quit())
  await app.whenReady()
  guardSession(session.defaultSession)
  // On macOS the menu is where copy and paste live.
  if (app.isPackaged && process.platform !== 'darwin') Menu.setApplicationMenu(null)
  servePage(join(paths.built, 'renderer'))
  const mode = argv.includes('--demo') ? 'demo' : 'real'
  const host = startHost(
    paths,
    mode,
    createConfirmation(() => window),
  )
  stopBeforeQuit(host)
  window = openWindow({
    preload: join(paths.built, 'desktop/preload.cjs'),
    icon: paths.icon,
    devTools: app.isPackaged ? 'refused' : 'allowed',
  })
  const disconnect = connectBridge(window, host)
  window.once('closed', () => {
    disconnect()
    window = null
  })
  return true
}
