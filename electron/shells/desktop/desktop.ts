/** The desktop app: one instance, one window, one host. Nothing happens at import; `runDesktop` starts it.
 *  Order matters: scheme and guards before the app is ready, the host before the page that calls it. */
import { join } from 'node:path'
import { app, type BrowserWindow, Menu, session } from 'electron'
import { type HostClient, startHostClient } from '../hostClient.ts'
import type { Answer, Ask } from '../hostProtocol.ts'
import { connectBridge } from './bridge.ts'
import { createConfirmation } from './confirmation.ts'
import { type Mode, realMode, useDemoProfile } from './mode.ts'
import { guardEverything, guardSession } from './guards.ts'
import { forkHost } from './hostProcess.ts'
import { answerKeySlot } from './keySlot.ts'
import { registerPageScheme, servePage } from './pageProtocol.ts'
import { openWindow } from './window.ts'

export interface DesktopOptions {
  /** Folder with the built programs (dist/). */
  readonly built: string
  readonly icon: string
  /** Data directory of the real app. */
  readonly directory: string
  /** Called once, when the host was started; a failure of it is logged and changes nothing. */
  readonly greet: (host: Pick<HostClient, 'call'>) => Promise<void>
  /** Null for the real app. Rejects when the demo cannot run here; nothing is opened then. */
  readonly startDemo: (() => Promise<Mode>) | null
}

const log = (line: string) => process.stderr.write(`bulkhead: ${line}\n`)

function startHost(
  built: string,
  mode: Mode,
  answer: (ask: Ask, signal: AbortSignal) => Promise<Answer>,
): HostClient {
  return startHostClient({
    start: () => forkHost(join(built, 'host/main.js'), mode.args, mode.environment),
    answer,
    log,
    later: (run, delayMs) => {
      const timer = setTimeout(run, delayMs)
      return () => clearTimeout(timer)
    },
  })
}

function endBeforeQuit(end: () => Promise<void>): void {
  let state: 'running' | 'ending' | 'ended' = 'running'
  app.on('before-quit', (event) => {
    if (state === 'ended') return
    event.preventDefault()
    if (state === 'ending') return
    state = 'ending'
    void end()
      .catch((error: unknown) => log(`ending failed: ${String(error)}`))
      .then(() => {
        state = 'ended'
        app.quit()
      })
  })
}

/** Resolves once the window is open; false when another instance has it. */
export async function runDesktop(options: DesktopOptions): Promise<boolean> {
  if (options.startDemo !== null) useDemoProfile()
  if (!app.requestSingleInstanceLock()) {
    app.quit()
    return false
  }
  let window: BrowserWindow | null = null
  let simulator: string | null = null
  registerPageScheme()
  guardEverything(() => simulator)
  app.on('second-instance', () => {
    if (window?.isMinimized()) window.restore()
    window?.focus()
  })
  app.on('window-all-closed', () => app.quit())
  await app.whenReady()
  guardSession(session.defaultSession, () => simulator)
  // On macOS the menu is where copy and paste live.
  if (app.isPackaged && process.platform !== 'darwin') Menu.setApplicationMenu(null)

  const mode = options.startDemo === null ? realMode(options.directory) : await options.startDemo()
  simulator = mode.simulatorOrigin
  servePage(join(options.built, 'renderer'), simulator)
  const confirm = createConfirmation(() => window)
  const host = startHost(options.built, mode, (ask, signal) =>
    ask.kind === 'confirm' ? confirm(ask, signal) : answerKeySlot(ask),
  )
  endBeforeQuit(async () => {
    await host.stop()
    await mode.end()
  })
  window = openWindow({
    preload: join(options.built, 'desktop/preload.cjs'),
    icon: options.icon,
    devTools: app.isPackaged ? 'refused' : 'allowed',
  })
  const disconnect = connectBridge(window, host)
  window.once('closed', () => {
    disconnect()
    window = null
  })
  void options.greet(host).catch((error: unknown) => log(String(error)))
  return true
}
