/** `npm start` and `npm run demo` (`--demo`): builds what changed, then opens the desktop app, or the same
 *  app in the browser where Electron cannot be had. Every argument is handed on. Ctrl-C ends all of it. */
import { existsSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defaultDirectory } from '../electron/shells/dataDirectory.ts'
import { askPassphrase, passphraseVariable } from '../electron/shells/passphrase.ts'
import { isFirstStart } from '../electron/shells/unlock.ts'
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

/** The browser has no keychain: real data lies behind a passphrase there. The demo needs none. */
async function readPassphrase(): Promise<NodeJS.ProcessEnv | null> {
  if (args.includes('--demo') || process.env[passphraseVariable] !== undefined) return {}
  const data = args.find((arg) => arg.startsWith('--data='))?.slice('--data='.length)
  const passphrase = await askPassphrase({ first: isFirstStart(data ?? defaultDirectory()) })
  return passphrase === null ? null : { [passphraseVariable]: passphrase }
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
  const environment = await readPassphrase()
  if (environment === null) {
    say(`bulkhead: nobody to ask for the passphrase; give it in ${passphraseVariable}`)
    return 1
  }
  return launch({ program: process.execPath, args: [shell, ...args], graceMs, env: environment })
}

process.exitCode = await start()
