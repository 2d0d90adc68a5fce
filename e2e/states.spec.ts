/** The states every screen has, on invented answers, under the shells' strict policy, in both languages and themes. */
import { type Page, expect, test } from '@playwright/test'
import type { State } from '../renderer/fixtures/portfolio.ts'
import { type FixtureServer, startFixtureServer } from './fixtureServer.ts'
import { watchComplaints } from './launch.ts'

const screens = [
  'overview',
  'collateral',
  'risk',
  'vault',
  'vault/receive',
  'vault/send',
  'vault/coins',
  'vault/addresses',
  'vault/airgap',
  'vault/messages',
  "vault/account/73c5da0a/84'/1'/0'",
  'vault/add/73c5da0a',
  'vault/watch',
  'vault/passphrase',
  'vault/recovery',
  'transfers',
  'transfers/7f3a91c2',
  'transfers/2b60e4d1',
  'transfers/5511fe20',
  'transfers/0c77d3b4',
  'transfers/b7715e02',
  'transfers/c41d07aa',
  'activity',
  'settings',
]

const servers = new Map<State, FixtureServer>()

async function serverOf(state: State): Promise<FixtureServer> {
  const known = servers.get(state)
  if (known !== undefined) return known
  const started = await startFixtureServer(state)
  servers.set(state, started)
  return started
}

test.afterAll(async () => {
  for (const server of servers.values()) await server.close()
  servers.clear()
})

async function open(page: Page, state: State, screen: string): Promise<void> {
  const { url } = await serverOf(state)
  await page.goto(`${url}/#token=test&/${screen}`)
}

async function prefer(page: Page, wishes: Readonly<Record<string, string>>): Promise<void> {
  await page.addInitScript((entries) => {
    for (const [name, value] of entries) localStorage.setItem(`bulkhead.${name}`, value)
  }, Object.entries(wishes))
}

for (const state of ['full', 'partial', 'stale', 'error', 'watch', 'empty'] as const) {
  test(`no screen breaks, overflows or breaks its policy: ${state}`, async ({ page }) => {
    const complaints = watchComplaints(page)
    await prefer(page, { language: 'zh-CN', theme: 'light' })
    await open(page, state, 'overview')
    for (const size of [
      { width: 1024, height: 700 },
      { width: 480, height: 800 },
    ]) {
      await page.setViewportSize(size)
      for (const screen of screens) {
        await page.evaluate((hash) => {
          location.hash = hash
        }, `#/${screen}`)
        await expect(
          page.locator('main h1').or(page.locator('main [role="alert"]')).first(),
        ).toBeVisible()
        await expect(page.locator('main')).not.toContainText('此页面无法显示')
        const wide = await page.evaluate(
          () =>
            (document.querySelector('main')?.scrollWidth ?? 0) -
            (document.querySelector('main')?.clientWidth ?? 0),
        )
        expect(wide, `${state} ${screen} at ${size.width}`).toBeLessThanOrEqual(0)
      }
    }
    expect(complaints).toEqual([])
  })
}

test('a block is said on every screen and leads to where it is released, after Verify only', async ({
  page,
}) => {
  await prefer(page, { language: 'en' })
  await open(page, 'error', 'collateral')
  await page.getByTestId('blocked').getByRole('link').click()
  await expect(page).toHaveURL(/#\/activity$/)
  const release = page.getByRole('button', { name: 'Release movements' })
  await expect(release).toBeDisabled()
  await page.getByRole('button', { name: 'Verify' }).click()
  await expect(page.locator('[data-code="JOURNAL_TAMPERED"]')).toBeVisible()
  await expect(release).toBeDisabled()
})

test('the first run shows three doors', async ({ page }) => {
  await open(page, 'empty', 'overview')
  await expect(page.locator('.door')).toHaveCount(3)
})

test('loading is a skeleton that says so, and never a zero', async ({ page }) => {
  await open(page, 'loading', 'overview')
  await expect(page.locator('.skeleton')).toContainText('Loading')
  await expect(page.locator('main')).not.toContainText('0 USD')
})

test('stale data keep their figures, say how old they are, and give no suggestion', async ({
  page,
}) => {
  await open(page, 'stale', 'overview')
  await expect(page.getByTestId('hot-side')).toContainText('stale: 26 min old')
  await expect(page.getByTestId('wall-middle')).toContainText('too old to act on')
})

test('what is unknown is called unknown, with its reason, and hostile labels stay text', async ({
  page,
}) => {
  await open(page, 'partial', 'overview')
  const column = page.locator('.tank-column').nth(2)
  await expect(column).toContainText('unknown')
  await expect(column).toContainText('<b>')
  await expect(column.locator('b')).toHaveCount(0)
  await column.locator('.unknown').first().focus()
  await expect(page.getByRole('tooltip')).toContainText('maintenance tiers')
})

test('a refused key shows its code and the way out', async ({ page }) => {
  await open(page, 'error', 'risk')
  await expect(page.locator('[data-code="VENUE_KEY_REJECTED"]')).toContainText(
    'connect again under Settings',
  )
  await expect(page.locator('[data-code="RECONCILIATION_NEEDED"]')).toBeVisible()
})

test('a lost host keeps what was shown, greyed, and recovers by itself', async ({ page }) => {
  const server = await startFixtureServer('full')
  try {
    await page.goto(`${server.url}/#token=test`)
    await expect(page.getByTestId('hot-side')).toContainText('107,610')
    server.cut()
    await expect(page.locator('.banner')).toContainText('Disconnected from the host')
    await expect(page.getByTestId('hot-side')).toContainText('107,610')
    await expect(page.locator('main .aged').first()).toBeVisible()
    server.restore()
    await expect(page.locator('.banner')).toHaveCount(0, { timeout: 20_000 })
  } finally {
    await server.close()
  }
})

test('discreet mode hides every amount, also in what is copied, and cannot approve blindly', async ({
  page,
}) => {
  await prefer(page, { discreet: 'on' })
  await open(page, 'full', 'overview')
  await expect(page.getByTestId('hot-side')).toContainText('•••••')
  for (const secret of ['107,610', '61,240', '403,264', '3.0961'])
    await expect(page.locator('body')).not.toContainText(secret)
  await open(page, 'full', 'transfers/2b60e4d1')
  await page.reload()
  await expect(page.locator('main')).not.toContainText('41,800')
  await expect(page.locator('button.hold')).toHaveAttribute('aria-disabled', 'true')
  await page.getByRole('button', { name: 'Show them here' }).click()
  await expect(page.locator('main')).toContainText('41,800')
  await expect(page.locator('button.hold')).toHaveAttribute('aria-disabled', 'false')
})

test('the demo never gives an EVM address away', async ({ page }) => {
  await open(page, 'full', "vault/receive/73c5da0a/44'/60'/0'/0/0")
  await expect(page.getByText('it cannot be copied')).toBeVisible()
  await expect(page.locator('.qr svg')).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Copy address' })).toHaveCount(0)
})

test('approving needs holding, with the mouse and with the keyboard', async ({ page }) => {
  const server = await startFixtureServer('full')
  try {
    await page.goto(`${server.url}/#token=test&/transfers/2b60e4d1`)
    const hold = page.locator('button.hold')
    await hold.click()
    await page.waitForTimeout(1_500)
    await expect(page.locator('.review-head')).toHaveAttribute('data-state', 'planned')
    await hold.focus()
    await page.keyboard.down('Space')
    await page.waitForTimeout(1_500)
    await page.keyboard.up('Space')
    await expect(page.locator('.review-head')).toHaveAttribute('data-state', 'signing')
  } finally {
    await server.close()
  }
})

test('a what-if answers while the slider moves', async ({ page }) => {
  await open(page, 'full', 'risk')
  const slider = page.getByRole('slider', { name: 'BTC moves' })
  await slider.focus()
  await page.keyboard.press('PageDown')
  await expect(page.locator('.whatif-table')).toContainText('107,610 USD')
  await expect(
    page.locator('.whatif-table tbody tr').nth(2).locator('td').nth(2),
  ).not.toContainText('same')
})

test('every chart has its table', async ({ page }) => {
  await open(page, 'full', 'overview')
  await expect(page.locator('.view-switch')).toHaveCount(2)
  for (const button of await page.locator('.view-switch').all()) await button.click()
  await expect(page.locator('.chart')).toHaveCount(0)
  await expect(page.locator('.chart-or-table table').first()).toBeVisible()
})

test('a mismatch shows what was approved beside what came back', async ({ page }) => {
  await open(page, 'full', 'transfers/5511fe20')
  await expect(page.locator('[data-code="SIGNED_MISMATCH"] table')).toContainText(
    '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC',
  )
})

test('a payment link fills the form, and a mistyped address is said before anything is planned', async ({
  page,
}) => {
  await prefer(page, { language: 'en' })
  await open(page, 'full', 'vault/send')
  const field = page.locator('#send-address')
  await field.evaluate((input) => {
    const clipboardData = new DataTransfer()
    clipboardData.setData(
      'text/plain',
      'bitcoin:bcrt1qcr8te4kr609gcawutmrza0j4xv80jy8zeqchgx?amount=0.25&label=Rent',
    )
    input.dispatchEvent(
      new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }),
    )
  })
  await expect(page.locator('[data-verdict="own"]')).toBeVisible()
  await expect(page.locator('#send-amount')).toHaveValue('0.25')
  await expect(page.locator('input[name="label"]')).toHaveValue('Rent')
  await field.fill('bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygtx0')
  await expect(page.locator('[data-verdict="ADDRESS_INVALID"]')).toBeVisible()
  await field.fill('0x70997970C51812dc3A010C7d01b50e0d17dc79C8')
  await expect(page.getByText('an address of another chain')).toBeVisible()
})

test('a frozen coin is freed only after what speaks against it was read', async ({ page }) => {
  const server = await startFixtureServer('full')
  try {
    await prefer(page, { language: 'en' })
    await page.goto(`${server.url}/#token=test&/vault/coins`)
    await page.getByRole('button', { name: 'With a warning' }).click()
    const dust = page.locator('tr[data-coin]', { hasText: 'dust' })
    await expect(dust.getByRole('checkbox')).toHaveAttribute('aria-disabled', 'true')
    await dust.getByRole('button', { name: 'Unfreeze' }).click()
    const dialog = page.locator('dialog[open]')
    await expect(dialog).toContainText('Costs more to spend than it brings')
    await dialog.getByRole('button', { name: 'Keep it frozen' }).click()
    await expect(dust).toContainText('frozen')
    await dust.getByRole('button', { name: 'Unfreeze' }).click()
    await dialog.getByRole('button', { name: 'Unfreeze' }).click()
    await expect(dust.getByRole('checkbox')).toHaveAttribute('aria-disabled', 'false')
  } finally {
    await server.close()
  }
})
