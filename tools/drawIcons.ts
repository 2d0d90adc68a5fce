/** `node tools/drawIcons.ts`: draws resources/icons/icon.svg as PNGs of the sizes that systems ask for.
 *  Needs a Chromium; run it by hand when the drawing changes, and commit what it makes. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chromium } from '@playwright/test'
import { findChromium } from './programs.ts'

const folder = fileURLToPath(new URL('../resources/icons/', import.meta.url))
const sizes = [16, 32, 48, 64, 128, 256, 512, 1024]

const executablePath = findChromium()
if (executablePath === undefined) throw new Error('no Chromium')
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
try {
  const page = await browser.newPage()
  const svg = readFileSync(`${folder}icon.svg`, 'utf8')
  for (const size of sizes) {
    await page.setViewportSize({ width: size, height: size })
    await page.setContent(
      `<style>body { margin: 0 } svg { display: block; width: 100vw; height: 100vh }</style>${svg}`,
    )
    writeFileSync(`${folder}${size}.png`, await page.screenshot({ omitBackground: true }))
  }
} finally {
  await browser.close()
}
