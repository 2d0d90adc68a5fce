/** `npm run check`: types, lint, layers, promises, dead code and format, side by side.
 *  One line a part with its time; what a failed part printed follows. Exits 1 on any failure, and a
 *  missing tool is a failure. `--only a,b` and `--except a,b` choose parts by the start of their name. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type CheckPart, checkParts, findTool, isEmptyProject } from './checkParts.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

interface Outcome {
  readonly ok: boolean
  readonly output: string
  readonly seconds: number
}

function runPart(part: CheckPart): Promise<Outcome> {
  const started = performance.now()
  const since = () => (performance.now() - started) / 1000
  const program = findTool(root, part.tool)
  if (program === undefined) {
    return Promise.resolve({ ok: false, output: `${part.tool} is not installed`, seconds: 0 })
  }
  if (isEmptyProject(root, part)) {
    return Promise.resolve({ ok: true, output: '(no files yet)', seconds: 0 })
  }
  return new Promise((resolve) => {
    const child = spawn(program, part.args, { cwd: root, shell: process.platform === 'win32' })
    const chunks: string[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk.toString()))
    child.on('error', (error) => resolve({ ok: false, output: error.message, seconds: since() }))
    child.on('close', (code) =>
      resolve({ ok: code === 0, output: chunks.join('').trim(), seconds: since() }),
    )
  })
}

function chooseParts(only: string | undefined, except: string | undefined): readonly CheckPart[] {
  const named = (list: string, part: CheckPart) =>
    list.split(',').some((name) => part.name.startsWith(name.trim()))
  return checkParts.filter(
    (part) =>
      (only === undefined || named(only, part)) && (except === undefined || !named(except, part)),
  )
}

const { values } = parseArgs({
  options: { only: { type: 'string' }, except: { type: 'string' } },
})
const parts = chooseParts(values.only, values.except)
for (const part of checkParts) {
  if (!parts.includes(part)) console.log(`left out: ${part.name} (as asked)`)
}
const started = performance.now()
const outcomes = await Promise.all(
  parts.map(async (part) => {
    const outcome = await runPart(part)
    const verdict = outcome.ok ? 'ok  ' : 'FAIL'
    console.log(`${verdict} ${part.name.padEnd(26)} ${outcome.seconds.toFixed(1)} s`)
    if (!outcome.ok) console.log(outcome.output.replace(/^/gm, '     '))
    return outcome
  }),
)
const failed = outcomes.filter((outcome) => !outcome.ok).length
const seconds = ((performance.now() - started) / 1000).toFixed(1)
console.log(`check: ${outcomes.length - failed} passed, ${failed} failed, in ${seconds} s`)
process.exitCode = failed > 0 || parts.length === 0 ? 1 : 0
