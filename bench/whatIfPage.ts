/** One step of a what-if slider on an account of fifty positions, in a real Chromium on the built page: from the
 *  key that turns it to the figures and the curve drawn again (script, React, chart, style and layout; not the
 *  wait for the screen's next frame). p95 of all steps, milliseconds. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Page, chromium } from '@playwright/test'
import { startFixtureServer } from '../e2e/fixtureServer.ts'
import { portfolioFixture } from '../renderer/fixtures/portfolio.ts'
import { defaultBetas } from '../shared/market/betas.ts'
import { defaultLiquidity } from '../shared/market/liquidity.ts'
import { assess } from '../shared/risk/assess.ts'
import { defaultPolicy } from '../shared/risk/defaultPolicy.ts'
import { findChromium } from '../tools/programs.ts'
import { type BenchLine, line } from './line.ts'
import { bookOf } from './risk.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const positions = 50
const warmUp = 40
const steps = 200

function bookPage(state: Parameters<typeof portfolioFixture>[0], now: number) {
  const snapshot = { ...bookOf(positions, 0), accountId: 'bench', label: 'Bench', asOf: now }
  const facts = { now, betas: defaultBetas, liquidity: defaultLiquidity, correlations: null }
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

/** Times each step inside the page; the chart draws in the next frame. Throws when a step changed no figure. */
function measure(page: Page, count: number): Promise<readonly number[]> {
  return page.evaluate(async (wanted) => {
    const thumb = document.querySelector<HTMLElement>('.slider-thumb')
    if (thumb === null) throw new Error('no slider')
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
    const taken: number[] = []
    let before = document.querySelector('.risk-pair')?.textContent ?? ''
    try {
      for (let step = 0; step < wanted; step++) {
        const key = Math.floor(step / 20) % 2 === 0 ? 'ArrowLeft' : 'ArrowRight'
        drawing = 0
        const start = performance.now()
        thumb.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
        // React draws in a microtask of its own after the event; ours comes behind it.
        await Promise.resolve()
        await Promise.resolve()
        const drawn = performance.now() - start
        const shown = document.querySelector('.risk-pair')?.textContent ?? ''
        if (shown === before) throw new Error('a step drew nothing')
        before = shown
        await frame()
        await frame()
        const laying = performance.now()
        document.querySelector('.risk-pair')?.getBoundingClientRect()
        taken.push(drawn + drawing + performance.now() - laying)
      }
    } finally {
      window.requestAnimationFrame = request
    }
    return taken
  }, count)
}

export async function benchWhatIfPage(): Promise<readonly BenchLine[]> {
  const executablePath = findChromium()
  if (executablePath === undefined) {
    console.error('not measured: the what-if redraw (no Chromium)')
    return []
  }
  if (!existsSync(`${root}dist/renderer/index.html`))
    execFileSync(process.execPath, [`${root}tools/build.ts`], { cwd: root, stdio: 'ignore' })
  const server = await startFixtureServer('full', 0, bookPage)
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    await page.goto(`${server.url}/#token=bench&/risk`)
    await page.locator('.slider-thumb').first().waitFor()
    await measure(page, warmUp)
    const taken = (await measure(page, steps)).toSorted((a, b) => a - b)
    const at = (share: number) => taken[Math.floor(share * taken.length)] ?? Number.NaN
    return [
      line(`what-if redraw in Chromium, ${positions} positions, p95`, 'ms', at(0.95), null),
      line(`what-if redraw in Chromium, ${positions} positions, median`, 'ms', at(0.5), null),
    ]
  } finally {
    await browser.close()
    await server.close()
  }
}
