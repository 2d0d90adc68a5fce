/** The desktop shell against a stand-in for Electron: what the window may do, who may call, what leaves.
 *  Proves the settings and the wiring, not that Electron keeps its promises. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type BrowserWindow, app, resetFakeElectron, world } from './fakeElectron.ts'
import type { Mode } from './mode.ts'
import { runDesktop } from './desktop.ts'

let built = ''

beforeEach(() => {
  resetFakeElectron()
  app.isPackaged = false
  built = mkdtempSync(join(tmpdir(), 'bulkhead-desktop-'))
  mkdirSync(join(built, 'renderer/assets'), { recursive: true })
  writeFileSync(join(built, 'secret.json'), '{}')
  writeFileSync(join(built, 'renderer/index.html'), '<!doctype html><title>page</title>')
  writeFileSync(join(built, 'renderer/assets/a.js'), 'export {}')
  writeFileSync(join(built, 'renderer/assets/a.exe'), '')
})

afterEach(() => {
  vi.useRealTimers()
  rmSync(built, { recursive: true, force: true })
})

const greet = vi.fn((_host: object) => Promise.resolve())

function options() {
  return { built, icon: '/icon.png', directory: '/data', greet }
}

async function start(demo: Mode | null = null): Promise<BrowserWindow> {
  const startDemo = demo === null ? null : () => Promise.resolve(demo)
  expect(await runDesktop({ ...options(), startDemo })).toBe(true)
  const [window] = world.windows
  if (!window) throw new Error('no window')
  return window
}

const simulatorOrigin = 'http://127.0.0.1:4711'

function demoMode(): Mode & { readonly ended: ReturnType<typeof vi.fn> } {
  const ended = vi.fn()
  return {
    args: ['--demo', '--data=/demo'],
    environment: { BULKHEAD_DEMO: 'world' },
    simulatorOrigin,
    end: async () => void ended(),
    ended,
  }
}

function host(index = 0) {
  const child = world.hosts[index]
  if (!child) throw new Error('no host')
  return child
}

/** Events of Electron that a handler may refuse. */
function refusable(fields: object) {
  const event = { ...fields, refused: false, preventDefault: () => (event.refused = true) }
  return event
}

function emitted(
  target: { emit(name: string, ...args: unknown[]): boolean },
  name: string,
  fields: object,
) {
  const event = refusable(fields)
  target.emit(name, event)
  return event.refused
}

describe('window', () => {
  it('is sandboxed, isolated and without Node', async () => {
    const { options } = await start()
    expect(world.sandboxed).toBe(true)
    expect(options['webPreferences']).toEqual({
      preload: join(built, 'desktop/preload.cjs'),
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
      devTools: true,
    })
  })

  it('has no developer tools and no menu once packaged', async () => {
    app.isPackaged = true
    const { options } = await start()
    expect(options['webPreferences']).toMatchObject({ devTools: false })
    expect(world.menu).toBe(process.platform === 'darwin' ? undefined : null)
  })

  it('shows our page and nothing else', async () => {
    const window = await start()
    expect(window.webContents.mainFrame.url).toBe('app://bulkhead/index.html')
  })

  it.each([
    'https://example.org/',
    'file:///etc/passwd',
    'app://bulkhead/other.html',
    'app://evil/index.html',
    'app://bulkhead.evil/index.html',
    'data:text/html,x',
    'javascript:1',
    'about:blank',
  ])('refuses to navigate to %s', async (url) => {
    const { webContents } = await start()
    expect(emitted(webContents, 'will-navigate', { url })).toBe(true)
    expect(emitted(webContents, 'will-frame-navigate', { url, isMainFrame: true })).toBe(true)
    expect(emitted(webContents, 'will-redirect', { url })).toBe(true)
  })

  it('may reload itself, but not inside a frame', async () => {
    const { webContents } = await start()
    const url = 'app://bulkhead/index.html#/risk'
    expect(emitted(webContents, 'will-navigate', { url })).toBe(false)
    expect(emitted(webContents, 'will-frame-navigate', { url, isMainFrame: true })).toBe(false)
    expect(emitted(webContents, 'will-frame-navigate', { url, isMainFrame: false })).toBe(true)
  })

  it('opens no window and embeds no webview', async () => {
    const { webContents } = await start()
    expect(webContents.windowOpenHandler({ url: 'app://bulkhead/index.html' })).toEqual({
      action: 'deny',
    })
    expect(emitted(webContents, 'will-attach-webview', {})).toBe(true)
  })
})

describe('session', () => {
  function handler(name: string) {
    const found = world.session.handlers.get(name)
    if (!found) throw new Error(`no ${name} handler`)
    return found
  }
  const own = 'app://bulkhead/index.html'

  it.each([
    'media',
    'geolocation',
    'notifications',
    'usb',
    'hid',
    'clipboard-read',
    'openExternal',
  ])('refuses the permission %s', async (permission) => {
    await start()
    const decide = vi.fn()
    handler('permissionRequest')({}, permission, decide, { requestingUrl: own })
    expect(decide.mock.calls).toEqual([[false]])
    expect(handler('permissionCheck')({}, permission, own)).toBe(false)
    expect(handler('devicePermission')({})).toBe(false)
  })

  it('lets our page, and only it, copy text', async () => {
    await start()
    const check = handler('permissionCheck')
    expect(check({}, 'clipboard-sanitized-write', own)).toBe(true)
    expect(check({}, 'clipboard-sanitized-write', 'https://example.org/')).toBe(false)
    expect(check({}, 'clipboard-sanitized-write', 'app://user@bulkhead/')).toBe(false)
  })

  it('lets our page, and only it, see through the camera, never hear', async () => {
    await start()
    const [check, request] = [handler('permissionCheck'), handler('permissionRequest')]
    expect(check({}, 'media', own, { mediaType: 'video' })).toBe(true)
    expect(check({}, 'media', own, { mediaType: 'audio' })).toBe(false)
    expect(check({}, 'media', 'https://example.org/', { mediaType: 'video' })).toBe(false)
    const decide = vi.fn()
    for (const [requestingUrl, mediaTypes] of [
      [own, ['video']],
      [own, ['video', 'audio']],
      [own, []],
      ['https://example.org/', ['video']],
    ])
      request({}, 'media', decide, { requestingUrl, mediaTypes })
    expect(decide.mock.calls).toEqual([[true], [false], [false], [false]])
  })

  it.each([
    ['app://bulkhead/assets/a.js', false],
    ['blob:app://bulkhead/1234', false],
    ['https://example.org/a.js', true],
    ['http://127.0.0.1:80/', true],
    ['wss://example.org/', true],
    ['file:///etc/passwd', true],
    ['app://other/a.js', true],
    ['blob:https://example.org/1', true],
  ])('a request to %s is cancelled: %s', async (url, cancel) => {
    await start()
    const decide = vi.fn()
    handler('beforeRequest')({ url }, decide)
    expect(decide.mock.calls).toEqual([[{ cancel }]])
  })

  it('downloads nothing but what the page made itself', async () => {
    await start()
    const item = (url: string) => ({ getURL: () => url })
    const remote = refusable({})
    world.session.emit('will-download', remote, item('https://example.org/x'))
    const made = refusable({})
    world.session.emit('will-download', made, item('blob:app://bulkhead/1'))
    expect([remote.refused, made.refused]).toEqual([true, false])
  })
})

describe('app:// protocol', () => {
  async function get(url: string, method = 'GET'): Promise<Response> {
    await start()
    const handle = world.protocols.get('app')
    if (!handle) throw new Error('no protocol')
    return handle(new Request(url, { method }))
  }

  it('is registered as a standard, secure scheme before the app is ready', async () => {
    await start()
    expect(world.schemes).toEqual([
      { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } },
    ])
  })

  it('serves the page under a strict policy', async () => {
    const answer = await get('app://bulkhead/index.html')
    expect(answer.status).toBe(200)
    expect(await answer.text()).toContain('<title>page</title>')
    const policy = answer.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/unsafe|https?:|\*|blob:/)
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
  })

  it('serves scripts as scripts', async () => {
    const answer = await get('app://bulkhead/assets/a.js')
    expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
  })

  it.each([
    'app://bulkhead/none.html',
    'app://bulkhead/../secret.json',
    'app://bulkhead/%2e%2e/secret.json',
    'app://bulkhead/..%2fsecret.json',
    'app://bulkhead/assets/..%2f..%2fsecret.json',
    'app://bulkhead/%2e%2e%5csecret.json',
    'app://bulkhead/assets/a.exe',
    'app://bulkhead/assets',
    'app://bulkhead/%00index.html',
    'app://bulkhead/%',
    'app://evil/index.html',
  ])('refuses %s, with the same policy', async (url) => {
    const answer = await get(url)
    expect(answer.status).toBe(404)
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
  })

  it('refuses anything but GET', async () => {
    expect((await get('app://bulkhead/index.html', 'POST')).status).toBe(405)
  })
})

describe('bridge', () => {
  function call(event: object, ...args: readonly unknown[]): unknown {
    const handle = world.ipc.get('bulkhead:call')
    if (!handle) throw new Error('no handler')
    return handle(event, ...args)
  }
  const ours = (window: BrowserWindow) => ({
    sender: window.webContents,
    senderFrame: window.webContents.mainFrame,
  })

  it('carries a call to the host and its answer back, unread', async () => {
    const window = await start()
    const answer = call(ours(window), 'status.read', '{"opaque":')
    expect(host().posted).toEqual([{ id: 0, method: 'status.read', input: '{"opaque":' }])
    host().emit('message', { id: 0, result: 'also opaque' })
    expect(await answer).toBe('also opaque')
  })

  it('answers by id, in whatever order the host does', async () => {
    const window = await start()
    const first = call(ours(window), 'a', '1')
    const second = call(ours(window), 'b', '2')
    host().emit('message', { id: 1, result: 'second' })
    host().emit('message', { id: 0, result: 'first' })
    expect(await Promise.all([first, second])).toEqual(['first', 'second'])
  })

  it('hands events on to the page', async () => {
    const window = await start()
    host().emit('message', { event: '{"topic":"vault"}' })
    expect(window.webContents.sent).toEqual([['bulkhead:event', '{"topic":"vault"}']])
  })

  it('refuses every other sender, and the host hears nothing of it', async () => {
    const window = await start()
    const { webContents } = window
    const frame = { url: 'app://bulkhead/index.html' }
    const intruders = [
      { sender: webContents, senderFrame: frame },
      { sender: webContents, senderFrame: null },
      { sender: {}, senderFrame: webContents.mainFrame },
      { sender: {}, senderFrame: frame },
    ]
    for (const intruder of intruders) {
      expect(() => call(intruder, 'transfers.approve', '{}')).toThrow('not our page')
    }
    webContents.mainFrame.url = 'https://example.org/'
    expect(() => call(ours(window), 'transfers.approve', '{}')).toThrow('not our page')
    expect(host().posted).toEqual([])
  })

  it.each([
    [undefined, ''],
    ['', ''],
    [1, ''],
    ['x'.repeat(101), ''],
    ['a', undefined],
    ['a', {}],
  ])('refuses the malformed call %s, %s', async (method, input) => {
    const window = await start()
    expect(() => call(ours(window), method, input)).toThrow()
    expect(host().posted).toEqual([])
  })

  it('is taken down with the window', async () => {
    const window = await start()
    window.close()
    expect(world.ipc.size).toBe(0)
    host().emit('message', { event: 'late' })
    expect(window.webContents.sent).toEqual([])
  })
})

describe('host process', () => {
  it('is a utility process with the real data directory', async () => {
    await start()
    expect(host().entry).toBe(join(built, 'host/main.js'))
    expect(host().args).toEqual(['--data=/data'])
    expect(host().options['env']).not.toHaveProperty('BULKHEAD_DEMO')
  })

  it('is greeted once; a greeting that fails changes nothing', async () => {
    greet.mockClear()
    greet.mockImplementationOnce(() => Promise.reject(new Error('no report')))
    const window = await start()
    expect(greet).toHaveBeenCalledOnce()
    expect(window.isDestroyed()).toBe(false)
  })

  it('that dies is started again, and what it held is answered, not repeated', async () => {
    vi.useFakeTimers()
    const window = await start()
    const handle = world.ipc.get('bulkhead:call')
    const event = { sender: window.webContents, senderFrame: window.webContents.mainFrame }
    const held = handle?.(event, 'transfers.approve', '{}')
    host().emit('exit', 9)
    expect(await held).toContain('HOST_STOPPED')
    expect(await handle?.(event, 'status.read', '{}')).toContain('HOST_STOPPED')
    vi.advanceTimersByTime(500)
    expect(world.hosts).toHaveLength(2)
    expect(host(1).posted).toEqual([])
  })

  it('is asked to stop before the app quits, and killed when it does not', async () => {
    vi.useFakeTimers()
    const window = await start()
    window.close()
    expect(world.quits).toBe(0)
    expect(host().posted).toEqual([{ stop: true }])
    vi.advanceTimersByTime(5_000)
    expect(host().killed).toBe(true)
    await vi.waitFor(() => expect(world.quits).toBe(1))
  })
})

describe('confirmation', () => {
  const ask = (id: number, title = 'Withdraw 1 BTC') => ({
    ask: id,
    request: {
      kind: 'confirm',
      title,
      lines: ['to bcrt1q…'],
      digest: '0123456789abcdef'.repeat(4),
    },
  })
  const settled = () => new Promise((resolve) => setTimeout(resolve, 5))

  it('is a native dialog that shows what the host asks and defaults to no', async () => {
    await start()
    host().emit('message', ask(4))
    await settled()
    const [shown] = world.dialogs
    expect(shown?.options).toMatchObject({
      message: 'Withdraw 1 BTC',
      detail: 'to bcrt1q…\n\nPlan 0123 4567 89ab cdef',
      buttons: ['Cancel', 'Confirm'],
      defaultId: 0,
      cancelId: 0,
    })
    shown?.press(1)
    await settled()
    expect(host().posted).toEqual([{ answerTo: 4, answer: 'confirmed' }])
  })

  it('speaks Chinese where the system does', async () => {
    world.locale = 'zh-CN'
    await start()
    host().emit('message', ask(1))
    await settled()
    expect(world.dialogs[0]?.options.buttons).toEqual(['取消', '确认'])
  })

  it('declined is declined', async () => {
    await start()
    host().emit('message', ask(1))
    await settled()
    world.dialogs[0]?.press(0)
    await settled()
    expect(host().posted).toEqual([{ answerTo: 1, answer: 'declined' }])
  })

  it('closes when the host withdraws it, and then confirms nothing', async () => {
    await start()
    host().emit('message', ask(1))
    await settled()
    host().emit('message', { withdrawn: 1 })
    await settled()
    expect(world.dialogs[0]?.options.signal.aborted).toBe(true)
    expect(host().posted).toEqual([])
  })

  it('two are shown one after the other', async () => {
    await start()
    host().emit('message', ask(1, 'first'))
    host().emit('message', ask(2, 'second'))
    await settled()
    expect(world.dialogs).toHaveLength(1)
    world.dialogs[0]?.press(1)
    await settled()
    expect(world.dialogs[1]?.options['message']).toBe('second')
  })

  it('is unavailable without a window', async () => {
    const window = await start()
    window.destroyed = true
    host().emit('message', ask(1))
    await settled()
    expect(host().posted).toEqual([{ answerTo: 1, answer: 'unavailable' }])
  })
})

describe('key slot', () => {
  async function answerTo(request: object): Promise<unknown> {
    await start()
    host().emit('message', { ask: 1, request })
    await vi.waitFor(() => expect(host().posted).toHaveLength(1))
    return host().posted[0]
  }

  it('wraps and unwraps the data key', async () => {
    const wrapped = Buffer.from('sealed:key').toString('base64')
    expect(await answerTo({ kind: 'wrap-key', plain: 'key' })).toEqual({
      answerTo: 1,
      answer: { wrapped },
    })
    resetFakeElectron()
    world.keychain.rotated = true
    expect(await answerTo({ kind: 'unwrap-key', wrapped })).toEqual({
      answerTo: 1,
      answer: { plain: 'key', rewrap: true },
    })
  })

  it('answers null for what it did not wrap, and where there is no keychain', async () => {
    const nothing = { answerTo: 1, answer: null }
    const foreign = Buffer.from('foreign').toString('base64')
    expect(await answerTo({ kind: 'unwrap-key', wrapped: foreign })).toEqual(nothing)
    resetFakeElectron()
    world.keychain.available = false
    expect(await answerTo({ kind: 'wrap-key', plain: 'key' })).toEqual(nothing)
  })

  it.runIf(process.platform === 'linux').each(['basic_text', 'unknown'])(
    'does not trust the backend %s',
    async (backend) => {
      world.keychain.backend = backend
      expect(await answerTo({ kind: 'wrap-key', plain: 'key' })).toEqual({
        answerTo: 1,
        answer: null,
      })
    },
  )
})

describe('demo', () => {
  it('gives the host its world and its own directory, and a profile that ends with the run', async () => {
    vi.useFakeTimers()
    const demo = demoMode()
    const window = await start(demo)
    expect(host().args).toEqual(['--demo', '--data=/demo'])
    expect(host().options['env']).toMatchObject({ BULKHEAD_DEMO: 'world' })
    const profile = world.paths.get('userData') ?? ''
    expect(existsSync(profile)).toBe(true)
    window.close()
    expect(demo.ended).not.toHaveBeenCalled()
    host().emit('exit', 0)
    await vi.waitFor(() => expect(world.quits).toBe(1))
    expect(demo.ended).toHaveBeenCalledOnce()
    expect(existsSync(profile)).toBe(false)
  })

  it('may frame and reach the simulator, and nothing beside it', async () => {
    const { webContents } = await start(demoMode())
    const page = `${simulatorOrigin}/device`
    const frame = (url: string) =>
      emitted(webContents, 'will-frame-navigate', { url, isMainFrame: false })
    expect([frame(page), frame('http://127.0.0.1:4712/'), frame('http://localhost:4711/')]).toEqual(
      [false, true, true],
    )
    expect(emitted(webContents, 'will-frame-navigate', { url: page, isMainFrame: true })).toBe(true)
    expect(emitted(webContents, 'will-navigate', { url: page })).toBe(true)
    const cancelled = (url: string) => {
      const decide = vi.fn()
      world.session.handlers.get('beforeRequest')?.({ url }, decide)
      return decide.mock.calls[0]?.[0]
    }
    expect(cancelled(page)).toEqual({ cancel: false })
    expect(cancelled('ws://127.0.0.1:4711/')).toEqual({ cancel: false })
    expect(cancelled('http://127.0.0.1:4712/')).toEqual({ cancel: true })
    const answer = await world.protocols.get('app')?.(new Request('app://bulkhead/index.html'))
    const policy = answer?.headers.get('content-security-policy')
    expect(policy).toContain(`frame-src ${simulatorOrigin};`)
  })

  it('outside of it nothing may be framed', async () => {
    const { webContents } = await start()
    const url = `${simulatorOrigin}/device`
    expect(emitted(webContents, 'will-frame-navigate', { url, isMainFrame: false })).toBe(true)
    const answer = await world.protocols.get('app')?.(new Request('app://bulkhead/index.html'))
    expect(answer?.headers.get('content-security-policy')).toContain("frame-src 'none';")
  })

  it('that cannot start opens nothing', async () => {
    const startDemo = () => Promise.reject(new Error('needs anvil'))
    await expect(runDesktop({ ...options(), startDemo })).rejects.toThrow('needs anvil')
    expect(world.windows).toEqual([])
    expect(world.hosts).toEqual([])
  })
})

describe('instances', () => {
  it('a second one quits and opens nothing', async () => {
    world.hasLock = false
    expect(await runDesktop({ ...options(), startDemo: null })).toBe(false)
    expect(world.windows).toEqual([])
    expect(world.hosts).toEqual([])
    expect(world.quits).toBe(1)
  })

  it('the first one comes forward when a second is started', async () => {
    const window = await start()
    window.minimized = true
    world.appEvents.emit('second-instance')
    expect(window.did).toEqual(['restore', 'focus'])
  })
})

describe('preload', () => {
  it('gives the page two functions that carry text only', async () => {
    await import('./preload.ts')
    const bridge = world.exposed.get('bulkhead')
    expect(Object.keys(bridge ?? {})).toEqual(['call', 'subscribe'])
    world.invokeAnswer = () => 'answer'
    expect(await bridge?.['call']?.('status.read', '{}')).toBe('answer')
    expect(world.invoked).toEqual([['bulkhead:call', 'status.read', '{}']])
    const heard: unknown[] = []
    const stop = bridge?.['subscribe']?.((event: unknown) => heard.push(event))
    world.rendererEvents.emit('bulkhead:event', { sender: 'secret' }, 'text')
    expect(heard).toEqual(['text'])
    if (typeof stop === 'function') stop()
    world.rendererEvents.emit('bulkhead:event', {}, 'late')
    expect(heard).toEqual(['text'])
  })
})
