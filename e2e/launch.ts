/** Starts the built app on the demo for browser specs: the desktop window where Electron's binary exists, else
 *  the web shell in an installed Chromium. One line says which was not run. Ends every process it started. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Browser, type FrameLocator, type Page, _electron } from '@playwright/test'
import { findElectron } from '../tools/programs.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const startMs = 90_000
const graceMs = 8_000

export interface Launched {
  readonly page: Page
  /** What the page complained about: console errors and refused loads. Empty on a sound page. */
  readonly complaints: readonly string[]
  close(): Promise<void>
}

/** Collects what a sound page never says. */
export function watchComplaints(page: Page): string[] {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  return complaints
}

/** Resolves with the first match of `wanted` in what the program prints. */
function waitForLine(child: ChildProcess, wanted: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = ''
    const timer = setTimeout(() => reject(new Error(`not started in time:\n${printed}`)), startMs)
    const take = (chunk: Buffer) => {
      printed += chunk.toString()
      const [, found] = wanted.exec(printed) ?? []
      if (found === undefined) return
      clearTimeout(timer)
      resolve(found)
    }
    child.stdout?.on('data', take)
    child.stderr?.on('data', take)
    child.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`the web shell ended with ${code}:\n${printed}`))
    })
  })
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    child.kill('SIGTERM')
  })
}

async function launchDesktop(executablePath: string): Promise<Launched> {
  const app = await _electron.launch({ executablePath, args: [root, '--demo'], timeout: startMs })
  const page = await app.firstWindow()
  return { page, complaints: watchComplaints(page), close: () => app.close() }
}

async function launchWeb(browser: Browser): Promise<Launched> {
  console.log('not run: the desktop variant (the Electron binary is not installed)')
  const shell = spawn(process.execPath, [`${root}dist/web/main.js`, '--demo'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  try {
    const url = await waitForLine(shell, /^Open (\S+)$/m)
    const context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      locale: 'en-US',
    })
    const page = await context.newPage()
    const complaints = watchComplaints(page)
    await page.goto(url)
    return {
      page,
      complaints,
      async close() {
        await context.close()
        await end(shell)
      },
    }
  } catch (error) {
    await end(shell)
    throw error
  }
}

/** The demo, opened on its first screen. */
export function launchDemo(browser: Browser): Promise<Launched> {
  const electron = findElectron()
  return electron === undefined ? launchWeb(browser) : launchDesktop(electron)
}

/** The simulated device's own page. The app cannot reach into it; a person, and a spec, can. */
export function deviceOf(page: Page): FrameLocator {
  return page.frameLocator('iframe.device-frame')
}

/** Presses the device's button for as long as screens ask for it, until `done` is shown by the app. */
export async function confirmOnDevice(page: Page, done: () => Promise<boolean>): Promise<void> {
  const button = deviceOf(page).locator('#confirm')
  for (let presses = 0; presses < 12; presses++) {
    await button.and(deviceOf(page).locator(':enabled')).waitFor({ timeout: 30_000 })
    await button.click()
    await page.waitForTimeout(700)
    if (await done()) return
  }
  throw new Error('the device kept asking')
}

/** Holds the approving button as a person does. */
export async function holdToApprove(page: Page): Promise<void> {
  const hold = page.locator('button.hold')
  await hold.hover()
  await page.mouse.down()
  await page.waitForTimeout(1_500)
  await page.mouse.up()
}
