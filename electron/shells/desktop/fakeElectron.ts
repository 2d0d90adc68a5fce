/** Stands for the 'electron' module in tests (vitest aliases it): records what the shell set up and lets a
 *  test play the page, the host and the user. Enforces what the shell relies on: order around `ready`, one
 *  handler per channel. It cannot prove sandboxing, fuses or a real keychain. */
import { EventEmitter } from 'node:events'

type Handler = (...args: readonly unknown[]) => unknown

class FakeSession extends EventEmitter {
  readonly handlers = new Map<string, Handler>()
  readonly webRequest = {
    onBeforeRequest: (handler: Handler) => this.handlers.set('beforeRequest', handler),
  }
  setPermissionRequestHandler(handler: Handler) {
    this.handlers.set('permissionRequest', handler)
  }
  setPermissionCheckHandler(handler: Handler) {
    this.handlers.set('permissionCheck', handler)
  }
  setDevicePermissionHandler(handler: Handler) {
    this.handlers.set('devicePermission', handler)
  }
}

export class FakeWebContents extends EventEmitter {
  readonly sent: (readonly unknown[])[] = []
  readonly mainFrame = { url: '' }
  windowOpenHandler: Handler = () => ({ action: 'allow' })
  setWindowOpenHandler(handler: Handler) {
    this.windowOpenHandler = handler
  }
  send(...args: readonly unknown[]) {
    this.sent.push(args)
  }
}

export class FakeUtilityProcess extends EventEmitter {
  readonly posted: unknown[] = []
  killed = false
  readonly entry: string
  readonly args: readonly string[]
  readonly options: Readonly<Record<string, unknown>>
  constructor(entry: string, args: readonly string[], options: Readonly<Record<string, unknown>>) {
    super()
    this.entry = entry
    this.args = args
    this.options = options
  }
  postMessage(message: unknown) {
    this.posted.push(structuredClone(message))
  }
  kill() {
    this.killed = true
    this.emit('exit', 143)
    return true
  }
}

export interface DialogCall {
  readonly options: Readonly<Record<string, unknown>> & {
    readonly buttons: readonly string[]
    readonly signal: AbortSignal
  }
  /** Presses the button with this index. */
  readonly press: (response: number) => void
}

/** All that one test sees; `resetFakeElectron` begins anew. */
function createWorld() {
  return {
    ready: false,
    quits: 0,
    exitCode: null as number | null,
    hasLock: true,
    locale: 'en-GB',
    paths: new Map<string, string>(),
    sandboxed: false,
    schemes: [] as unknown[],
    protocols: new Map<string, (request: Request) => Promise<Response>>(),
    ipc: new Map<string, Handler>(),
    windows: [] as BrowserWindow[],
    hosts: [] as FakeUtilityProcess[],
    dialogs: [] as DialogCall[],
    keychain: { available: true, backend: 'gnome_libsecret', rotated: false },
    exposed: new Map<string, Readonly<Record<string, Handler>>>(),
    session: new FakeSession(),
    appEvents: new EventEmitter(),
    rendererEvents: new EventEmitter(),
    invoked: [] as (readonly unknown[])[],
    invokeAnswer: (): unknown => undefined,
    menu: undefined as unknown,
  }
}

export let world = createWorld()

export function resetFakeElectron(): void {
  world = createWorld()
}

export const app = {
  isPackaged: false,
  on: (event: string, listener: Handler) => void world.appEvents.on(event, listener),
  requestSingleInstanceLock: () => world.hasLock,
  whenReady: async () => {
    await Promise.resolve()
    world.ready = true
    world.appEvents.emit('session-created', world.session)
  },
  quit: () => {
    let prevented = false
    world.appEvents.emit('before-quit', { preventDefault: () => (prevented = true) })
    if (prevented) return
    world.quits += 1
    world.appEvents.emit('quit')
  },
  exit: (code: number) => {
    world.exitCode = code
  },
  enableSandbox: () => {
    if (world.ready) throw new Error('enableSandbox after ready')
    world.sandboxed = true
  },
  getPath: (name: string) => world.paths.get(name) ?? `/fake/${name}`,
  setPath: (name: string, path: string) => void world.paths.set(name, path),
  getLocale: () => world.locale,
}

export const session = {
  get defaultSession() {
    if (!world.ready) throw new Error('session before ready')
    return world.session
  },
}

export const protocol = {
  registerSchemesAsPrivileged: (schemes: readonly unknown[]) => {
    if (world.ready) throw new Error('registerSchemesAsPrivileged after ready')
    world.schemes.push(...schemes)
  },
  handle: (scheme: string, handler: (request: Request) => Promise<Response>) => {
    if (!world.ready) throw new Error('protocol.handle before ready')
    world.protocols.set(scheme, handler)
  },
}

export const ipcMain = {
  handle: (channel: string, handler: Handler) => {
    if (world.ipc.has(channel)) throw new Error(`second handler for ${channel}`)
    world.ipc.set(channel, handler)
  },
  removeHandler: (channel: string) => void world.ipc.delete(channel),
}

export class BrowserWindow extends EventEmitter {
  readonly webContents = new FakeWebContents()
  readonly options: Readonly<Record<string, unknown>>
  readonly did: string[] = []
  destroyed = false
  minimized = false
  constructor(options: Readonly<Record<string, unknown>>) {
    super()
    if (!world.ready) throw new Error('BrowserWindow before ready')
    this.options = options
    world.windows.push(this)
    world.appEvents.emit('web-contents-created', {}, this.webContents)
  }
  loadURL(url: string) {
    this.webContents.mainFrame.url = url
    return Promise.resolve()
  }
  isDestroyed() {
    return this.destroyed
  }
  isMinimized() {
    return this.minimized
  }
  show() {
    this.did.push('show')
  }
  restore() {
    this.did.push('restore')
  }
  focus() {
    this.did.push('focus')
  }
  close() {
    this.destroyed = true
    this.emit('closed')
    world.appEvents.emit('window-all-closed')
  }
}

export const utilityProcess = {
  fork: (entry: string, args: readonly string[], options: Readonly<Record<string, unknown>>) => {
    if (!world.ready) throw new Error('utilityProcess before ready')
    const child = new FakeUtilityProcess(entry, args, options)
    world.hosts.push(child)
    return child
  },
}

export const dialog = {
  showMessageBox: (_window: BrowserWindow, options: DialogCall['options']) =>
    new Promise<{ readonly response: number }>((resolve) => {
      const press = (response: number) => resolve({ response })
      // As documented: an aborted dialog resolves as if it was cancelled.
      options.signal.addEventListener('abort', () => press(Number(options['cancelId'])))
      world.dialogs.push({ options, press })
    }),
}

const seal = 'sealed:'

export const safeStorage = {
  getSelectedStorageBackend: () => world.keychain.backend,
  isAsyncEncryptionAvailable: () => Promise.resolve(world.keychain.available),
  encryptStringAsync: (plain: string) => Promise.resolve(Buffer.from(seal + plain)),
  decryptStringAsync: (bytes: Buffer) => {
    const text = bytes.toString()
    return text.startsWith(seal)
      ? Promise.resolve({
          result: text.slice(seal.length),
          shouldReEncrypt: world.keychain.rotated,
        })
      : Promise.reject(new Error('not ours'))
  },
}

export const Menu = {
  setApplicationMenu: (menu: unknown) => {
    world.menu = menu
  },
}

export const contextBridge = {
  exposeInMainWorld: (name: string, api: Readonly<Record<string, Handler>>) =>
    void world.exposed.set(name, api),
}

export const ipcRenderer = {
  invoke: (...args: readonly unknown[]) => {
    world.invoked.push(args)
    return Promise.resolve(world.invokeAnswer())
  },
  on: (channel: string, listener: Handler) => void world.rendererEvents.on(channel, listener),
  off: (channel: string, listener: Handler) => void world.rendererEvents.off(channel, listener),
}
