/** The one window: a sandboxed page of our own with the bridge as its only way out. */
import { BrowserWindow } from 'electron'
import { pageUrl } from './address.ts'

export interface WindowOptions {
  /** Absolute path of the CommonJS preload. */
  readonly preload: string
  readonly icon: string
  /** Developer tools can call the bridge like the page can: never in a packaged app. */
  readonly devTools: 'allowed' | 'refused'
}

export function openWindow(options: WindowOptions): BrowserWindow {
  const window = new BrowserWindow({
    width: 1360,
    height: 880,
    minWidth: 900,
    minHeight: 600,
    show: false,
    backgroundColor: '#0d1117',
    title: 'Bulkhead',
    icon: options.icon,
    autoHideMenuBar: true,
    webPreferences: {
      preload: options.preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      devTools: options.devTools === 'allowed',
    },
  })
  window.once('ready-to-show', () => window.show())
  void window.loadURL(pageUrl)
  return window
}
