/** The host as a process beside the window: Electron's utility process on the desktop, a forked child under the
 *  browser shell. Speaks ../hostProtocol; whoever calls through it is the renderer, whatever it says. */
import { parseArgs } from 'node:util'
import { type Result, refuse } from '../../../shared/errors/refusal.ts'
import { encodeCanonical } from '../../../shared/units/canonical.ts'
import type { Host } from '../../host/host.types.ts'
import { openDemoHost, openRealHost } from '../compose.ts'
import { bundledEntry } from '../entries.ts'
import { readDemoEnvironment } from '../demoEnvironment.ts'
import { type Answer, type Ask, type FromHost, toHostSchema } from '../hostProtocol.ts'
import { unlockDataKey } from '../unlock.ts'
import { type LocalServer, listenLocally } from './localSocket.ts'

/** Electron's utility process has a parentPort, a forked child has send. */
interface ParentPort {
  postMessage(message: unknown): void
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): void
}

function isParentPort(value: unknown): value is ParentPort {
  return typeof value === 'object' && value !== null && 'postMessage' in value && 'on' in value
}

function connectParent(
  onMessage: (message: unknown) => void,
  onGone: () => void,
): (message: FromHost) => void {
  const port: unknown = Reflect.get(process, 'parentPort')
  if (isParentPort(port)) {
    port.on('message', (event) => onMessage(event.data))
    return (message) => port.postMessage(message)
  }
  process.on('message', onMessage)
  process.once('disconnect', onGone)
  return (message) => {
    if (process.connected) process.send?.(message)
  }
}

const log = (line: string) => process.stderr.write(`bulkhead host: ${line}\n`)

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { demo: { type: 'boolean', default: false }, data: { type: 'string' } },
    strict: true,
  })
  const directory = values.data
  if (directory === undefined) throw new Error('no data directory given')

  let opening: Promise<Result<Host>> | null = null
  let ending = false
  let listening: Promise<LocalServer> | null = null
  const asks = new Map<number, (answer: Answer) => void>()
  let nextAsk = 0

  async function close(): Promise<void> {
    const host = await opening
    // Before the host: a second process must not be answered by one that is going, nor its socket file stay.
    await (await listening)?.close()
    if (host?.ok === true) await host.value.close()
  }

  const end = () => {
    if (ending) return
    ending = true
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        log(`closing failed: ${String(error)}`)
        process.exit(1)
      },
    )
  }

  const post = connectParent((raw) => {
    const parsed = toHostSchema.safeParse(raw)
    if (!parsed.success) return
    const message = parsed.data
    if ('stop' in message) return end()
    if ('answerTo' in message) {
      asks.get(message.answerTo)?.(message.answer)
      asks.delete(message.answerTo)
      return
    }
    void answerCall(message.method, message.input).then((result) =>
      post({ id: message.id, result }),
    )
  }, end)
  process.once('SIGTERM', end)
  process.on('SIGINT', () => undefined)

  const ask = (request: Ask, signal?: AbortSignal): Promise<Answer> =>
    new Promise((resolve) => {
      const id = nextAsk++
      asks.set(id, resolve)
      signal?.addEventListener('abort', () => {
        asks.delete(id)
        post({ withdrawn: id })
        resolve('unavailable')
      })
      post({ ask: id, request })
    })

  async function answerCall(method: string, input: string): Promise<string> {
    const host = await (opening ??
      Promise.resolve(refuse('HOST_STOPPED', { reason: 'not started' })))
    return host.ok ? host.value.call(method, input, { kind: 'renderer' }) : encodeCanonical(host)
  }

  async function open(dataDirectory: string): Promise<Result<Host>> {
    const around = {
      directory: dataDirectory,
      deviceEntry: bundledEntry(import.meta.url, 'device'),
      confirmation: {
        async confirm(
          request: {
            readonly title: string
            readonly lines: readonly string[]
            readonly digest: string
          },
          signal: AbortSignal,
        ) {
          const answer = await ask(
            { kind: 'confirm', ...request, lines: [...request.lines] },
            signal,
          )
          return answer === 'confirmed' || answer === 'declined' ? answer : 'unavailable'
        },
      },
      log,
    }
    if (values.demo) {
      const demo = readDemoEnvironment(process.env)
      return openDemoHost({ ...around, dataKey: demo.dataKey }, demo.world)
    }
    const dataKey = await unlockDataKey({ directory: dataDirectory, ask, environment: process.env })
    return dataKey.ok ? openRealHost({ ...around, dataKey: dataKey.value }) : dataKey
  }

  opening = open(directory)
  const host = await opening
  if (!host.ok) {
    log(`not opened: ${host.refusal.code} ${encodeCanonical(host.refusal.data)}`)
    return
  }
  host.value.subscribe((event) => post({ event: encodeCanonical(event) }))
  if (ending) return
  listening = listenLocally({ host: host.value, directory })
  await listening
}

main().catch((error: unknown) => {
  log(error instanceof Error ? (error.stack ?? error.message) : String(error))
  process.exit(1)
})
