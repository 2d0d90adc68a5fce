/** Entry of the desktop app; built to dist/desktop/main.js. */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { app } from 'electron'
import { runDesktop } from './desktop.ts'

const built = join(dirname(fileURLToPath(import.meta.url)), '..')

// Not awaited: Electron becomes ready only after this module has been evaluated.
runDesktop({ built, icon: join(built, '../resources/icons/512.png') }, process.argv).catch(
  (error: unknown) => {
    process.stderr.write(`bulkhead: ${String(error)}\n`)
    app.exit(1)
  },
)
