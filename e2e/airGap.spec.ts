/** PSBTs and messages on invented answers, under the shells' policy: a moving code goes through a real camera path
 *  (Chromium's fake device plays our frames), is put together, read, and shown before anything is planned. */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Page, expect, test } from '@playwright/test'
import encodeQR from 'qr'
import { createUrFrames } from '../electron/adapters/ur/ur.ts'
import { findChromium } from '../tools/programs.ts'
import { type FixtureServer, startFixtureServer } from './fixtureServer.ts'
import { watchComplaints } from './launch.ts'

const directory = mkdtempSync(join(tmpdir(), 'bulkhead-camera-'))
const film = join(directory, 'frames.y4m')
const [width, height] = [640, 480]

/** A film of QR codes as a camera gives it: grey pictures in YUV, five a second. */
function shoot(frames: readonly string[]): void {
  const out = openSync(film, 'w')
  writeSync(out, `YUV4MPEG2 W${width} H${height} F5:1 Ip A1:1 C420jpeg\n`)
  for (const frame of frames) {
    const modules = encodeQR(frame, 'raw', { ecc: 'low', border: 4 })
    const scale = Math.floor(460 / modules.length)
    const [left, top] = [width, height].map((side) => (side - modules.length * scale) >> 1)
    const picture = Buffer.alloc((width * height * 3) / 2, 128).fill(225, 0, width * height)
    for (const [y, row] of modules.entries())
      for (const [x, dark] of row.entries())
        for (let line = 0; dark && line < scale; line++) {
          const at = ((top ?? 0) + y * scale + line) * width + (left ?? 0) + x * scale
          picture.fill(25, at, at + scale)
        }
    writeSync(out, 'FRAME\n')
    writeSync(out, picture)
  }
  closeSync(out)
}

test.use({
  launchOptions: {
    executablePath: findChromium() ?? '/chromium-is-not-installed',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-video-capture=${film}`,
    ],
  },
})

let server: FixtureServer

test.beforeAll(async () => {
  shoot(createUrFrames({ fragmentBytes: 120 }).encode(new Uint8Array(300).fill(7)))
  server = await startFixtureServer('full')
})

test.afterAll(async () => {
  await server.close()
  rmSync(directory, { recursive: true, force: true })
})

async function open(page: Page, screen: string): Promise<readonly string[]> {
  const complaints = watchComplaints(page)
  await page.goto(`${server.url}/#token=test&/${screen}`)
  return complaints
}

test('a moving code before the camera is put together, and what it would do is shown', async ({
  page,
}) => {
  const complaints = await open(page, 'vault/airgap')
  await page.getByRole('button', { name: 'Scan with the camera' }).click()
  await expect(page.locator('video')).toBeVisible()
  const rows = page.locator('.psbt-rows')
  await expect(rows).toContainText('Our change')
  await expect(rows).toContainText('0.00001000')
  await page.getByRole('button', { name: 'Close the camera' }).click()
  await expect(page.locator('video')).toHaveCount(0)
  await page.getByRole('button', { name: 'Plan this payment' }).click()
  await expect(page.locator('.refusal')).toContainText('no usable signature')
  expect(complaints).toEqual([])
})

test('a message is shown decoded before the device is asked; a permit is refused; all by keyboard', async ({
  page,
}) => {
  const complaints = await open(page, 'vault/messages')
  await page.locator('select[name=account]').focus()
  await page.locator('textarea[name=message]').fill('I own this vault')
  await page.getByRole('button', { name: 'Show what would be signed' }).press('Enter')
  await expect(page.locator('.message-text')).toHaveText('I own this vault')
  await page.getByRole('button', { name: 'Sign on the device' }).press('Enter')
  await expect(page.locator('[data-code="DEVICE_REJECTED"]')).toBeVisible()
  await page.locator('select[name=account]').selectOption({ index: 1 })
  await page.getByRole('button', { name: 'Typed data' }).press('Enter')
  await page.locator('textarea[name=message]').fill('{}')
  await page.getByRole('button', { name: 'Show what would be signed' }).press('Enter')
  await expect(page.locator('.message-fields')).toHaveCount(2)
  await expect(page.locator('[data-code="ALLOWANCE_REFUSED"]')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Sign on the device' })).toHaveCount(0)
  await page.getByRole('button', { name: 'Verify a message' }).press('Enter')
  await page.locator('input[name=address]').fill('bcrt1qcr8te4kr609gcawutmrza0j4xv80jy8zeqchgx')
  await page.locator('textarea[name=message]').fill('hello')
  await page.locator('textarea[name=signature]').fill('x')
  await page.getByRole('button', { name: 'Verify', exact: true }).press('Enter')
  await expect(page.locator('[data-verdict=invalid]')).toContainText('Not valid')
  await page.locator('textarea[name=signature]').fill('AkgwRQIh')
  await expect(page.locator('[data-verdict]')).toHaveCount(0)
  await page.getByRole('button', { name: 'Verify', exact: true }).press('Enter')
  await expect(page.locator('[data-verdict=valid]')).toContainText('BIP322')
  expect(complaints).toEqual([])
})
