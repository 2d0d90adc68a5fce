/** Adds up what the parts of a test run report. Counts are tests, checks and builds. */
import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'

export interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** A skipped test, so that none is left out in silence. */
export interface SkippedTest {
  readonly file: string
  readonly title: string
}

export interface Report extends Tally {
  readonly skippedTests: readonly SkippedTest[]
}

/** A part that broke before it could report. */
export const broken: Report = { passed: 0, failed: 1, skipped: 0, skippedTests: [] }

export function addTallies(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (sum, each) => ({
      passed: sum.passed + each.passed,
      failed: sum.failed + each.failed,
      skipped: sum.skipped + each.skipped,
    }),
    { passed: 0, failed: 0, skipped: 0 },
  )
}

const vitestSchema = z.object({
  success: z.boolean(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      assertionResults: z.array(z.object({ status: z.string(), fullName: z.string() })),
    }),
  ),
})

function countStatuses(statuses: readonly string[]): Tally {
  const passed = statuses.filter((status) => status === 'passed').length
  const failed = statuses.filter((status) => status === 'failed').length
  return { passed, failed, skipped: statuses.length - passed - failed }
}

/** Vitest's JSON report. A file that could not be loaded has no tests but counts as one failure. */
export function readVitestReport(file: string): Report {
  if (!existsSync(file)) return broken
  const report = vitestSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  const tests = report.testResults.flatMap((result) =>
    result.assertionResults.map((test) => ({ ...test, file: result.name })),
  )
  const counted = countStatuses(tests.map((test) => test.status))
  const unloaded = report.testResults.filter(
    (result) =>
      result.status === 'failed' &&
      !result.assertionResults.some((test) => test.status === 'failed'),
  ).length
  const failed = counted.failed + unloaded
  return {
    ...counted,
    // An error outside every test fails the run without failing a test.
    failed: failed === 0 && !report.success ? 1 : failed,
    skippedTests: tests
      .filter((test) => test.status !== 'passed' && test.status !== 'failed')
      .map((test) => ({ file: test.file, title: test.fullName })),
  }
}

interface PlaywrightSuite {
  readonly file?: string | undefined
  readonly specs: readonly {
    readonly title: string
    readonly file: string
    readonly tests: readonly { readonly status: string }[]
  }[]
  readonly suites?: readonly PlaywrightSuite[] | undefined
}

const suiteSchema: z.ZodType<PlaywrightSuite> = z.lazy(() =>
  z.object({
    file: z.string().optional(),
    specs: z.array(
      z.object({
        title: z.string(),
        file: z.string(),
        tests: z.array(z.object({ status: z.string() })),
      }),
    ),
    suites: z.array(suiteSchema).optional(),
  }),
)

const playwrightSchema = z.object({
  suites: z.array(suiteSchema),
  errors: z.array(z.unknown()),
})

function specsOf(suite: PlaywrightSuite): PlaywrightSuite['specs'] {
  return [...suite.specs, ...(suite.suites ?? []).flatMap(specsOf)]
}

/** Playwright's JSON report. A flaky test counts as failed: nothing here may pass by luck. */
export function readPlaywrightReport(file: string): Report {
  if (!existsSync(file)) return broken
  const report = playwrightSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  const tests = report.suites
    .flatMap(specsOf)
    .flatMap((spec) => spec.tests.map((test) => ({ ...test, title: spec.title, file: spec.file })))
  const passed = tests.filter((test) => test.status === 'expected').length
  const skipped = tests.filter((test) => test.status === 'skipped')
  return {
    passed,
    failed: tests.length - passed - skipped.length + report.errors.length,
    skipped: skipped.length,
    skippedTests: skipped.map((test) => ({ file: test.file, title: test.title })),
  }
}
