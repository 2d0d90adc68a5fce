/** A stand-in for the 'electron' module whose windows are pages of a real Chromium: runs the built desktop
 *  main, preload, page and host together where Electron's binary cannot be had. app:// is carried by a web
 *  origin of its own; utility processes are forked Node. When the window has loaded it reports what the page
 *  shows and could do as one line of JSON. It does not isolate worlds and has no sandbox of Electron's. */
import { type ChildProcess, fork } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type Page, type Route } from '@playwright/test'
import { findChromium } from '../programs.ts'

type Handler = (...args: readonly unknown[]) => unknown
type Serve = (request: Request) => Promise<Response>

const webOrigin = 'https://bulkhead.test'
const toApp = (url: string) => url.replace(webOrigin, 'app://bulkhead')
const toWeb = (url: string) => url.replace('app://bulkhead', webOrigin)

const appEvents = new EventEmitter()
const ipcHandlers = new Map<string, Handler>()
const paths = new Map<string, string>([['userData', join(tmpdir(), 'stand-in-profile')]])
let serve: Serve | undefined
let beforeRequest: Handler | undefined
let browser: Browser | undefined

function preventable(fields: object) {
  const event = { ...fields, prevented: false, preventDefault: () => (event.prevented = true) }
  return event
}

export const app = {
  isPackaged: true,
  on: (event: string, listener: Handler) => void appEvents.on(event, listener),
  requestSingleInstanceLock: () => true,
  enableSandbox: () => undefined,
  whenReady: async () => {
    const executablePath = findChromium()
    if (executablePath === undefined) throw new Error('no Chromium')
    const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking']
    browser = await chromium.launch({ executablePath, args, handleSIGTERM: false })
  },
  getPath: (name: string) => paths.get(name) ?? tmpdir(),
  setPath: (name: string, path: string) => void paths.set(name, path),
  getLocale: () => 'en',
  quit: () => {
    const event = preventable({})
    appEvents.emit('before-quit', event)
    if (event.prevented) return
    appEvents.emit('quit')
    const close = browser?.close() ?? Promise.resolve()
    close.then(
      () => process.exit(0),
      () => process.exit(1),
    )
  },
  exit: (code: number) => process.exit(code),
}
process.on('SIGTERM', () => app.quit())

export const session = {
  defaultSession: {
    setPermissionRequestHandler: () => undefined,
    setPermissionCheckHandler: () => undefined,
    setDevicePermissionHandler: () => undefined,
    on: () => undefined,
    webRequest: { onBeforeRequest: (handler: Handler) => (beforeRequest = handler) },
  },
}

export const protocol = {
  registerSchemesAsPrivileged: () => undefined,
  handle: (_scheme: string, handler: Serve) => (serve = handler),
}

export const ipcMain = {
  handle: (channel: string, handler: Handler) => void ipcHandlers.set(channel, handler),
  removeHandler: (channel: string) => void ipcHandlers.delete(channel),
}

export const Menu = { setApplicationMenu: () => undefined }

export const dialog = {
  showMessageBox: (_window: unknown, options: { readonly cancelId: number }) =>
    Promise.resolve({ response: options.cancelId }),
}

export const safeStorage = {
  getSelectedStorageBackend: () => 'basic_text',
  isAsyncEncryptionAvailable: () => Promise.resolve(false),
}

export const utilityProcess = {
  fork(entry: string, args: readonly string[], options: { readonly env: NodeJS.ProcessEnv }) {
    const child: ChildProcess = fork(entry, [...args], { env: options.env, execArgv: [] })
    const events = new EventEmitter()
    child.on('message', (message) => events.emit('message', message))
    child.on('exit', (code) => events.emit('exit', code))
    return Object.assign(events, {
      postMessage: (message: object) => void (child.connected && child.send(message)),
      kill: () => child.kill('SIGKILL'),
    })
  },
}

/** The preload's own 'electron', inside the page. */
const preloadOpening = `
  const listeners = new Map()
  window.__emit = (channel, args) => { for (const listener of listeners.get(channel) ?? []) listener({}, ...args) }
  const electron = {
    contextBridge: { exposeInMainWorld: (name, api) => Object.defineProperty(window, name, { value: Object.freeze(api) }) },
    ipcRenderer: {
      invoke: (channel, ...args) => window.__invoke(channel, args),
      on: (channel, listener) => listeners.set(channel, [...(listeners.get(channel) ?? []), listener]),
      off: (channel, listener) => listeners.set(channel, (listeners.get(channel) ?? []).filter((each) => each !== listener)),
    },
  }
`

class WebContents extends EventEmitter {
  readonly mainFrame = { url: '' }
  page: Page | undefined
  setWindowOpenHandler() {}
  send(channel: string, ...args: readonly unknown[]) {
    const text = JSON.stringify([channel, args])
    // The page may be closing: an event more or less is lost with it.
    this.page
      ?.evaluate((sent) => {
        const [name, values]: readonly [string, unknown] = JSON.parse(sent)
        Reflect.get(window, '__emit')(name, values)
      }, text)
      .catch(() => undefined)
  }
}

async function answerRoute(route: Route, contents: WebContents): Promise<void> {
  const request = route.request()
  const url = toApp(request.url())
  let cancel = false
  beforeRequest?.({ url }, (decision: { readonly cancel: boolean }) => (cancel = decision.cancel))
  if (request.isNavigationRequest()) {
    const isMainFrame = request.frame().parentFrame() === null
    const event = preventable({ url, isMainFrame })
    contents.emit('will-frame-navigate', event)
    cancel ||= event.prevented
  }
  if (cancel) return route.abort('blockedbyclient')
  if (!url.startsWith('app://')) return route.continue()
  const answer = await serve?.(new Request(url, { method: request.method() }))
  if (!answer) return route.abort()
  return route.fulfill({
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
    body: Buffer.from(await answer.arrayBuffer()),
  })
}

/** What the page looks like and what it is kept from, asked from inside it. */
async function report(page: Page, complaints: readonly string[]): Promise<object> {
  await page.waitForFunction(() => (document.getElementById('root')?.childElementCount ?? 0) > 0)
  await page.waitForTimeout(3_000)
  const probe = await page.evaluate(async () => {
    const bridge = Reflect.get(window, 'bulkhead')
    const attempt = (run: () => Promise<unknown>) =>
      run().then(
        () => 'allowed',
        () => 'refused',
      )
    const framed = document.createElement('iframe')
    framed.src = 'https://example.org/'
    document.body.append(framed)
    const inline = document.createElement('script')
    inline.textContent = 'window.inlineRan = true'
    document.body.append(inline)
    return {
      title: document.title,
      text: document.body.innerText.slice(0, 4_000),
      bridge: Object.keys(bridge).sort(),
      status: String(await bridge.call('status.read', '{}')),
      unknown: String(await bridge.call('no.such.method', '{}')),
      fetched: await attempt(() => fetch('https://example.org/')),
      elsewhere: await attempt(() =>
        fetch('../secret.json').then((r) => (r.ok ? r : Promise.reject(r))),
      ),
      inlineRan: Reflect.get(window, 'inlineRan') === true,
    }
  })
  return { ...probe, complaints }
}

export class BrowserWindow extends EventEmitter {
  readonly webContents = new WebContents()
  readonly preload: string
  constructor(options: { readonly webPreferences: { readonly preload: string } }) {
    super()
    this.preload = options.webPreferences.preload
    appEvents.emit('web-contents-created', {}, this.webContents)
  }
  async loadURL(url: string) {
    if (!browser) throw new Error('not ready')
    const { webContents } = this
    const page = await browser.newPage()
    webContents.page = page
    const complaints: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.exposeBinding('__invoke', ({ frame }, channel: string, args: readonly unknown[]) => {
      const senderFrame = frame === page.mainFrame() ? webContents.mainFrame : null
      return ipcHandlers.get(channel)?.({ sender: webContents, senderFrame }, ...args)
    })
    const code = readFileSync(this.preload, 'utf8')
    await page.addInitScript(
      `if (window === window.top) { ${preloadOpening}\n;((require) => { ${code}\n})(() => electron) }`,
    )
    await page.route('**', (route) => answerRoute(route, webContents))
    webContents.mainFrame.url = url
    await page.goto(toWeb(url))
    this.emit('ready-to-show')
    // Complaints that the probes below will cause are not the page's own.
    const own = await page.waitForTimeout(4_000).then(() => [...complaints])
    process.stdout.write(`${JSON.stringify({ smoke: await report(page, own) })}\n`)
  }
  isDestroyed() {
    return false
  }
  isMinimized() {
    return false
  }
  show() {}
  focus() {}
  restore() {}
}
