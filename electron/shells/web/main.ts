/** The app in a browser, for machines without Electron: starts the world (demo), the host and the page, prints the
 *  first risk report and the address, and takes everything down again when it is told to end. */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { eventSchema } from '../../../shared/contract/event.ts'
import { createClient } from '../../../shared/contract/client.ts'
import { decodeCanonical, encodeCanonical } from '../../../shared/units/canonical.ts'
import { systemRandom } from '../../adapters/system/clock.ts'
import { riskReport } from '../cli/report.ts'
import { defaultDirectory } from '../dataDirectory.ts'
import { writeDemoEnvironment } from '../demoEnvironment.ts'
import { bundledEntry } from '../entries.ts'
import { pairDemoDevice, readFirstPortfolio } from '../firstAnswers.ts'
import type { HostClient as WindowClient } from '../host/connectHost.ts'
import { type HostClient, startHostClient } from '../hostClient.ts'
import { createProcessGuard, type ProcessGuard } from '../processGuard.ts'
import { startWorldProcess } from '../worldProcess.ts'
import { startWebShell } from './startWebShell.ts'

/** The host's own end may take five seconds. */
const graceMs = 6_000
const say = (line: string) => process.stdout.write(`${line}\n`)

function startHost(
  guard: ProcessGuard,
  args: readonly string[],
  environment: Record<string, string>,
): HostClient {
  return startHostClient({
    start() {
      const child = guard.fork(fileURLToPath(bundledEntry(import.meta.url, 'host')), args, {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        env: { ...process.env, ...environment },
      })
      return {
        post: (message) => {
          if (child.connected) child.send(message)
        },
        onMessage: (listener) => child.on('message', listener),
        onExit: (listener) => child.once('exit', (code) => listener(`exit code ${code}`)),
        kill: () => child.kill('SIGKILL'),
      }
    },
    // A browser tab has no place of its own to ask in and no keychain: both are unavailable here.
    answer: (ask) => Promise.resolve(ask.kind === 'confirm' ? 'unavailable' : null),
    log: (line) => process.stderr.write(`bulkhead: ${line}\n`),
    later(run, delayMs) {
      const timer = setTimeout(run, delayMs)
      return () => clearTimeout(timer)
    },
  })
}

/** The same client as the window's sessions want it. */
function forWindows(host: HostClient): WindowClient {
  return {
    call: (method, input) => host.call(method, input),
    subscribe: (listener) =>
      host.subscribe((text) => {
        const event = eventSchema.safeParse(decodeCanonical(text)?.value)
        if (event.success) listener(event.data)
      }),
    // It starts the host again by itself; sessions stay.
    onClose: () => undefined,
    close: () => Promise.resolve(),
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      demo: { type: 'boolean', default: false },
      data: { type: 'string' },
      port: { type: 'string' },
    },
    strict: true,
  })
  const guard = createProcessGuard({ graceMs })
  process.on('disconnect', () => void guard.end().then(() => process.exit(0)))

  try {
    let directory = values.data ?? defaultDirectory()
    let environment: Record<string, string> = {}
    let simulatorOrigin: string | undefined
    let allowFraming: (origins: readonly string[]) => void = () => undefined
    if (values.demo) {
      // A fresh one each time: its keys are drawn anew, and nothing of it outlives the run.
      directory = guard.temporaryDirectory()
      const world = await startWorldProcess(bundledEntry(import.meta.url, 'world'))
      guard.beforeEnd(() => world.close())
      environment = writeDemoEnvironment({
        world: world.description,
        dataKey: systemRandom.bytes(32),
      })
      simulatorOrigin = world.description.device.pageOrigin
      allowFraming = world.allowFraming
    }
    const host = startHost(
      guard,
      [...(values.demo ? ['--demo'] : []), `--data=${directory}`],
      environment,
    )
    guard.beforeEnd(() => host.stop())
    const client = createClient((method, input) => host.call(method, input))
    if (values.demo) {
      const paired = await pairDemoDevice(client)
      if (!paired.ok)
        process.stderr.write(`bulkhead: the demo's device was not paired: ${paired.refusal.code}\n`)
    }
    const view = await readFirstPortfolio(client)
    if (!view.ok)
      throw new Error(
        `the host does not open: ${view.refusal.code} ${encodeCanonical(view.refusal.data)}`,
      )
    say(riskReport(view.value))

    const shell = await startWebShell({
      hostClient: forWindows(host),
      rendererDirectory: fileURLToPath(new URL('../renderer', import.meta.url)),
      random: systemRandom,
      ...(values.port === undefined ? {} : { port: Number(values.port) }),
      ...(simulatorOrigin === undefined ? {} : { simulatorOrigin }),
    })
    if (!shell.ok) throw new Error(`the page is not built: ${shell.refusal.data.id}`)
    guard.beforeEnd(() => shell.value.close())
    allowFraming([shell.value.origin])
    say(`Open ${shell.value.url}`)
    say('Ctrl-C ends it.')
    process.send?.({ url: shell.value.url })
  } catch (error) {
    process.stderr.write(`bulkhead: ${error instanceof Error ? error.message : String(error)}\n`)
    await guard.end()
    process.exit(1)
  }
}

await main()
