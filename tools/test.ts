/** `npm test`: checks, builds, unit tests, scenarios and browser tests, and one line that adds them up.
 *  Changes nothing outside the repository. What cannot run here is said in a line each (`left out: …`).
 *  `--deep` and `--soak` open the longer tiers; exit code 1 when anything failed. */
import { spawn } from 'node:child_process'
import { globSync, mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { explainSkip, listLeftOut, type LeftOut } from './leftOut.ts'
import { addTallies, broken, readPlaywrightReport, readVitestReport, type Report } from './tally.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const results = join(root, 'test-results')
const bin = join(root, 'node_modules', '.bin')
const { values: tiers } = parseArgs({
  options: {
    deep: { type: 'boolean', default: false },
    soak: { type: 'boolean', default: false },
  },
})
const strict = process.env['BULKHEAD_REQUIRE'] === 'all-but-data'

let current: ReturnType<typeof spawn> | undefined
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    current?.kill(signal)
    process.exitCode = 130
  })
}

/** Runs one part with its output shown as it comes. Resolves to its exit code. */
function run(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<number> {
  return new Promise((done) => {
    const child = spawn(program, args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      shell: process.platform === 'win32',
      env: {
        ...process.env,
        ...(tiers.deep ? { BULKHEAD_DEEP: '1' } : {}),
        ...(tiers.soak ? { BULKHEAD_SOAK: '1' } : {}),
        ...env,
      },
    })
    current = child
    child.on('error', (error) => {
      console.log(error.message)
      done(1)
    })
    child.on('close', (code) => done(code ?? 1))
  })
}

function verdict(code: number): Report {
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0, skippedTests: [] }
}

function skip(what: string, reason: string, excusable: boolean): Report {
  extraLeftOut.push({ what, reason, excusable })
  return { passed: 0, failed: 0, skipped: 0, skippedTests: [] }
}

const extraLeftOut: LeftOut[] = []

async function runVitest(name: string, config: string): Promise<Report> {
  const file = join(results, `${name}.json`)
  const code = await run(join(bin, 'vitest'), [
    'run',
    `--config=${config}`,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ])
  const report = readVitestReport(file)
  // A green report from a process that died is not believed.
  return code !== 0 && report.failed === 0 ? { ...report, failed: 1 } : report
}

async function runScenarios(): Promise<Report> {
  const found = globSync('e2e/**/*.scenario.test.ts', { cwd: root })
  if (found.length === 0) return skip('scenarios', 'none are written', false)
  return runVitest('scenarios', 'vitest.scenarios.config.ts')
}

async function runBrowserTests(missing: readonly LeftOut[]): Promise<Report> {
  if (missing.some((each) => each.what === 'browser tests')) {
    return { passed: 0, failed: 0, skipped: 0, skippedTests: [] }
  }
  if (globSync('e2e/**/*.spec.ts', { cwd: root }).length === 0) {
    return skip('browser tests', 'none are written', false)
  }
  const file = join(results, 'browser.json')
  const code = await run(join(bin, 'playwright'), ['test', '--reporter=list,json'], {
    PLAYWRIGHT_JSON_OUTPUT_FILE: file,
  })
  const report = readPlaywrightReport(file)
  return code !== 0 && report.failed === 0 ? { ...report, failed: 1 } : report
}

async function runPart(name: string, part: () => Promise<Report>): Promise<Report> {
  if (process.exitCode === 130) return broken
  const started = performance.now()
  console.log(`\n── ${name}`)
  const report = await part()
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`── ${name}: ${report.failed === 0 ? 'ok' : 'FAILED'}, ${seconds} s`)
  return report
}

rmSync(results, { recursive: true, force: true })
mkdirSync(results, { recursive: true })
const missing = listLeftOut()
const node = process.execPath
const reports = [
  await runPart('check', async () => verdict(await run(node, ['tools/check.ts']))),
  await runPart('build', async () => verdict(await run(node, ['tools/build.ts']))),
  await runPart('unit tests', () => runVitest('unit', 'vitest.config.ts')),
  await runPart('scenarios', runScenarios),
  await runPart('browser tests', () => runBrowserTests(missing)),
]

console.log('')
const leftOut = [...missing, ...extraLeftOut]
for (const { what, reason } of leftOut) console.log(`left out: ${what}: ${reason}`)
const skipped = reports.flatMap((report) => report.skippedTests)
const unexplained = skipped.filter((test) => {
  const reason = explainSkip({ ...test, file: resolve(root, test.file) }, tiers, leftOut)
  console.log(`skipped: ${test.title} (${reason ?? 'no reason known'})`)
  return reason === null
})
const inexcusable = leftOut.filter((each) => !each.excusable).length + unexplained.length
if (strict && inexcusable > 0) {
  console.log(`${inexcusable} of these must not be left out here (BULKHEAD_REQUIRE)`)
}
const total = addTallies([
  ...reports,
  { passed: 0, failed: strict ? inexcusable : 0, skipped: leftOut.length },
])
if (process.exitCode === undefined) process.exitCode = total.failed > 0 ? 1 : 0
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
