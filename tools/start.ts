/** `npm start` and `npm run demo` (`--demo`): builds what changed, then opens the desktop app, or the same
 *  app in the browser where Electron cannot be had. Every argument is handed on. Ctrl-C ends all of it. */
import { existsSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isBuilt } from './buildStamp.ts'
import { obtainElectron } from './electronBinary.ts'
import { launch } from './launch.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const args = process.argv.slice(2)
const say = (line: string) => process.stderr.write(`${line}\n`)
const graceMs = 8_000

function buildIfChanged(): boolean {
  if (isBuilt(root)) return true
  say('bulkhead: building (the sources changed since the last build)')
  const built = spawnSync(process.execPath, [join(root, 'tools/build.ts')], {
    cwd: root,
    encoding: 'utf8',
  })
  if (built.status !== 0) say(`${built.stdout}${built.stderr}bulkhead: the build failed`)
  return built.status === 0
}

async function start(): Promise<number> {
  if (!buildIfChanged()) return 1
  const electron = await obtainElectron(say)
  if (electron.kind === 'found') {
    return launch({ program: electron.path, args: [root, ...args], graceMs })
  }
  const shell = join(root, 'dist/web/main.js')
  if (!existsSync(shell)) {
    say('bulkhead: the web shell is not built')
    return 1
  }
  say(`bulkhead: opening in the browser, because ${electron.reason}`)
  return launch({ program: process.execPath, args: [shell, ...args], graceMs })
}

process.exitCode = await start()
