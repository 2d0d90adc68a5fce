/** `node tools/checkPromises.ts`: prints every floating promise of the four projects; exits 1 on any. */
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findFloatingPromises } from './floatingPromises.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const { files, floating } = findFloatingPromises(root, [
  'shared/tsconfig.json',
  'electron/tsconfig.json',
  'renderer/tsconfig.json',
  'tsconfig.tests.json',
])
for (const { file, line, text } of floating) {
  console.log(`${relative(root, file)}:${line}: nobody waits for this promise: ${text}`)
}
console.log(`${files} files judged, ${floating.length} floating promises`)
process.exitCode = floating.length > 0 || files === 0 ? 1 : 0
