/** One step of the what-if sliders on an account of fifty instruments, in a real Chromium on the built page: from the
 *  key that turns it to the figures and the curve in their new places (script, React, chart, style and layout; not the
 *  wait for the screen's next frame). Each slider in turn, there and back. Milliseconds; medians of five rounds. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Page, chromium } from '@playwright/test'
import { startFixtureServer } from '../e2e/fixtureServer.ts'
import { portfolioFixture } from '../renderer/fixtures/portfolio.ts'
import { assess } from '../shared/risk/assess.ts'
import { defaultPolicy } from '../shared/risk/defaultPolicy.ts'
import { isBuilt } from '../tools/buildStamp.ts'
import { findChromium } from '../tools/programs.ts'
import { wideBook } from './book.ts'
import { type BenchLine, line } from './line.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const positions = 50
const rounds = 5
/** Of each slider, there and back, in a round. */
const stepsEach = 40

function bookPage(state: Parameters<typeof portfolioFixture>[0], now: number) {
  const { snapshot: held, betas, liquidity } = wideBook(positions)
  const snapshot = { ...held, accountId: 'bench', label: 'Bench', asOf: now }
  const facts = { now, betas, liquidity, correlations: null, inFlightUsd: 0 }
  const report = assess(snapshot, { policy: defaultPolicy, ...facts })
  const account = {
    accountId: 'bench',
    label: 'Bench',
    snapshot,
    report,
    facts,
    refusal: null,
    withheld: null,
  }
  return {
    ...portfolioFixture(state, now),
    accounts: [account],
    suggestions: [],
    policy: defaultPolicy,
  }
}

/** Times each step of one slider inside the page. Throws when a step changed no figure. */
function measure(page: Page, slider: number, count: number): Promise<readonly number[]> {
  const place = { slider, count }
  return page.evaluate(async ({ slider, count }) => {
    const thumb = document.querySelectorAll<HTMLElement>('.slider-thumb')[slider]
    const shown = document.querySelector<HTMLElement>('.risk-pair')
    if (thumb === undefined || shown === null) throw new Error('no slider')
    thumb.focus()
    const frame = () => new Promise<void>((done) => requestAnimationFrame(() => done()))
    const request = window.requestAnimationFrame.bind(window)
    let drawing = 0
    window.requestAnimationFrame = (callback) =>
      request((at) => {
        const start = performance.now()
        callback(at)
        drawing += performance.now() - start
      })
    const atEnd = thumb.getAttribute('aria-valuenow') === thumb.getAttribute('aria-valuemax')
    const [there, back] = atEnd ? ['ArrowLeft', 'ArrowRight'] : ['ArrowRight', 'ArrowLeft']
    const taken: number[] = []
    let before = shown.textContent
    try {
      for (let step = 0; step < count; step++) {
        const key = Math.floor(step / 10) % 2 === 0 ? there : back
        await frame()
        drawing = 0
        const start = performance.now()
        thumb.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
        // React draws in a microtask of its own after the event; ours comes behind it.
        await Promise.resolve()
        await Promise.resolve()
        // Styles and layout are brought up to date for the answer.
        shown.getBoundingClientRect()
        const drawn = performance.now() - start
        if (shown.textContent === before) throw new Error('a step drew nothing')
        before = shown.textContent
        await frame()
        taken.push(drawn + drawing)
      }
    } finally {
      window.requestAnimationFrame = request
    }
    return taken
  }, place)
}

async function measureAll(page: Page): Promise<readonly number[]> {
  const taken: number[] = []
  const sliders = await page.locator('.slider-thumb').count()
  for (let slider = 0; slider < sliders; slider++)
    taken.push(...(await measure(page, slider, stepsEach)))
  return taken.toSorted((a, b) => a - b)
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

export async function benchWhatIfPage(): Promise<readonly BenchLine[]> {
  const executablePath = findChromium()
  if (executablePath === undefined) {
    console.error('not measured: the what-if redraw (no Chromium)')
    return []
  }
  if (!isBuilt(root))
    execFileSync(process.execPath, [`${root}tools/build.ts`], { cwd: root, stdio: 'ignore' })
  const server = await startFixtureServer('full', 0, bookPage)
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    await page.goto(`${server.url}/#token=bench&/risk`)
    await page.locator('.slider-thumb').first().waitFor()
    await measureAll(page)
    const taken: (readonly number[])[] = []
    for (let round = 0; round < rounds; round++) taken.push(await measureAll(page))
    const at = (share: number) =>
      middle(taken.map((round) => round[Math.floor(share * round.length)] ?? Number.NaN))
    return [
      line(`what-if redraw in Chromium, ${positions} positions, p95`, 'ms', at(0.95), null),
      line(`what-if redraw in Chromium, ${positions} positions, median`, 'ms', at(0.5), null),
    ]
  } finally {
    await browser.close()
    await server.close()
  }
}
