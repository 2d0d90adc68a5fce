// Makes one command enough on a fresh clone: installs the locked dependencies when they are missing or no
// longer match the lockfile, then runs the given program under the Node that the project brings along.
// Dependency-free plain JavaScript, because it runs under whatever Node the machine has (>= 20). Not a `pre`
// script: .npmrc forbids install scripts, and npm then skips every `pre` script too.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const stampFile = join(root, 'node_modules', '.bulkhead-stamp')
const windows = process.platform === 'win32'
const fail = (line) => {
  process.stderr.write(`bulkhead: ${line}\n`)
  process.exit(1)
}

const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .update(`${process.platform}-${process.arch}`)
  .digest('hex')

if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== wanted) {
  process.stderr.write('bulkhead: installing the locked dependencies (once, about half a minute)\n')
  // On Windows npm is a command script, which only a shell can start.
  const installed = spawnSync(
    'npm',
    ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    {
      cwd: root,
      stdio: ['ignore', 2, 2],
      shell: windows,
    },
  )
  if (installed.status !== 0) fail('npm ci failed; the lines above say why')
  writeFileSync(stampFile, wanted)
}

const own = join(
  root,
  'node_modules',
  `node-${windows ? 'win' : process.platform}-${process.arch}`,
  'bin',
  windows ? 'node.exe' : 'node',
)
const program = existsSync(own) ? own : process.execPath
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
// Types are stripped, and node:sqlite is there without a flag, from 22.18 on.
if (program === process.execPath && (major < 22 || (major === 22 && minor < 18))) {
  fail(`this system needs Node 22.18 or newer (found ${process.versions.node})`)
}

const args = process.argv.slice(2)
if (args.length > 0) {
  const bin = join(root, 'node_modules', '.bin')
  const child = spawn(program, args, {
    stdio: 'inherit',
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` },
  })
  // Whoever stops us means the child. A terminal's Ctrl-C reaches it twice then; it takes that for one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1))
}
