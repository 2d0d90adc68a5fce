// Makes one command enough on a fresh clone: installs the locked dependencies when
// they are missing or no longer match the lockfile. Dependency-free on purpose, and
// plain JavaScript, because it runs under whatever Node the machine has (>= 20).
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const stampFile = join(root, 'node_modules', '.bulkhead-stamp')
const wanted = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .update(`${process.platform}-${process.arch}`)
  .digest('hex')

if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== wanted) {
  process.stderr.write('bulkhead: installing the locked dependencies (once, about half a minute)\n')
  // On Windows npm is a command script, which only a shell can start.
  const installed = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (installed.status !== 0) {
    process.stderr.write('bulkhead: npm ci failed; the lines above say why\n')
    process.exit(1)
  }
  writeFileSync(stampFile, wanted)
}
