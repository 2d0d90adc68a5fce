/** `npm run build`: every entry of entries.ts into dist/. Exits 1 when one fails or is missing. */
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from './bundle.ts'
import { hashSources, markBuilt } from './buildStamp.ts'
import { entries } from './entries.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const started = performance.now()
const missing = entries.filter((entry) => !existsSync(join(root, entry.source)))
for (const { name, source } of missing) {
  console.log(`FAIL: ${name}: ${source} does not exist`)
  process.exitCode = 1
}

const hash = hashSources(root)
const present = entries.filter((entry) => !missing.includes(entry))
rmSync(join(root, 'dist'), { recursive: true, force: true })
mkdirSync(join(root, 'dist'), { recursive: true })
try {
  await bundle(root, join(root, 'dist'), present)
} catch (error) {
  console.log(`FAIL: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
if (process.exitCode === undefined) markBuilt(root, hash)
const seconds = ((performance.now() - started) / 1000).toFixed(1)
console.log(`build: ${present.length} programs into dist/ in ${seconds} s`)
