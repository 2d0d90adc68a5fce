/** Entry of the desktop app; built to dist/desktop/main.js. `--demo` runs it on simulated surroundings. */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { app } from 'electron'
import { defaultDirectory } from '../dataDirectory.ts'
import { bundledEntry } from '../entries.ts'
import { runDesktop } from './desktop.ts'
import { printFirstReport } from './firstReport.ts'

const built = join(dirname(fileURLToPath(import.meta.url)), '..')
const isDemo = process.argv.includes('--demo')

/** The demo's code is not even loaded by the real app. */
async function startDemo() {
  const demo = await import('./demo.ts')
  return demo.startDemo(bundledEntry(import.meta.url, 'world'))
}

// Not awaited: Electron becomes ready only after this module has been evaluated.
runDesktop({
  built,
  icon: join(built, '../resources/icons/512.png'),
  directory: defaultDirectory(),
  greet: (host) => printFirstReport(host, isDemo ? 'demo' : 'real'),
  startDemo: isDemo ? startDemo : null,
}).catch((error: unknown) => {
  process.stderr.write(`bulkhead: ${String(error)}\n`)
  app.exit(1)
})
