/** `node tools/checkLayers.ts`: prints every violation of the layers; exits 1 on any. */
import { fileURLToPath } from 'node:url'
import { judgeTree, listSources } from './layers.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const violations = judgeTree(root)
for (const { file, line, problem } of violations) console.log(`${file}:${line}: ${problem}`)
console.log(`${listSources(root).length} files judged, ${violations.length} violations`)
process.exitCode = violations.length > 0 ? 1 : 0
