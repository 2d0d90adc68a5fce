/** The main job in a real page on the demo: see, sweep, withdraw, be refused, verify. One app for the file. */
import { expect, test } from '@playwright/test'
import { type Launched, confirmOnDevice, deviceOf, holdToApprove, launchDemo } from './launch.ts'

test.describe.configure({ mode: 'serial' })

let app: Launched

test.beforeAll(async ({ browser }) => {
  app = await launchDemo(browser)
})

test.afterAll(async () => {
  await app.close()
})

const recipient = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'

async function open(screen: string): Promise<void> {
  await app.page.locator(`.rail-${screen}`).click()
}

async function stepDone(step: string): Promise<boolean> {
  return (await app.page.locator(`[data-step="${step}"][data-state="done"]`).count()) > 0
}

test('the overview shows the wall, the nearest liquidation and suggestions', async () => {
  const { page } = app
  await expect(page.getByTestId('hot-side')).toContainText('Binance')
  await expect(page.getByTestId('hot-side')).toContainText('Hyperliquid')
  await expect(page.getByTestId('nearest')).toContainText(/[+−]\d+\.\d\s%/)
  await expect(page.getByTestId('cold-side')).toContainText('BTC')
  await expect(page.getByTestId('suggestion-sweep')).toBeVisible()
  await expect(page.locator('.status')).toContainText('DEMO')
  expect(page.url()).not.toContain('token')
})

test('a coin is labelled, another frozen, and a payment planned out of exactly the one chosen', async () => {
  const { page } = app
  await open('vault')
  await page.getByRole('link', { name: 'Coins' }).click()
  const rows = page.locator('tr[data-coin]')
  await rows.nth(1).getByRole('button', { name: 'Freeze' }).click()
  await expect(rows.nth(1)).toContainText('frozen')
  await rows
    .first()
    .getByRole('button', { name: /^Label/ })
    .click()
  await page.getByRole('textbox', { name: 'Label' }).fill('Rent')
  await page.keyboard.press('Enter')
  await expect(rows.first()).toContainText('Rent')
  await rows.first().getByRole('checkbox').check()
  await expect(page.getByTestId('chosen-coins')).toContainText('1 coin chosen')
  const outpoint = await rows.first().getAttribute('data-coin')
  await page.getByRole('button', { name: 'Send from these coins' }).click()
  await page.locator('#send-amount').fill('0.001')
  await page.getByLabel("Recipient's address").fill(recipient)
  await page.getByRole('button', { name: 'Plan the transfer' }).click()
  await page.locator('summary', { hasText: '1 coin' }).click()
  await expect(page.locator('.spent-coins')).toContainText('Rent')
  await expect(page.locator('.spent-coins [title]')).toHaveAttribute('title', outpoint ?? '')
})

test('a sweep is planned, approved, confirmed on the device, and arrives in the vault', async () => {
  const { page } = app
  await open('overview')
  await page.getByTestId('suggestion-sweep').getByRole('button', { name: 'Review' }).click()
  await expect(page.locator('[data-line="address"]')).toBeVisible()
  const address = await page
    .locator('[data-line="address"] .address')
    .first()
    .getAttribute('data-address')
  await page.locator('button.hold').click()
  // A click is no approval.
  await expect(page.locator('.review-head')).toHaveAttribute('data-state', 'planned')
  await holdToApprove(page)
  await expect(page.locator('.review-head')).toHaveAttribute('data-state', 'confirming')
  await expect(deviceOf(page).locator('#screen')).toContainText('0x')
  const shown = await deviceOf(page).locator('#screen').innerText()
  expect(shown.replace(/\s/g, '')).toContain(address ?? 'no address')
  await confirmOnDevice(page, () => stepDone('confirm-address'))
  await expect(page.locator('.review-head')).toHaveAttribute('data-state', 'done', {
    timeout: 60_000,
  })
})

async function planBitcoin(address: string, amount: string): Promise<void> {
  const { page } = app
  await page.goto(page.url().replace(/#.*/, '#/vault/send'))
  await page.getByLabel('Asset').selectOption({ label: 'BTC · Bitcoin' })
  await page.locator('#send-amount').fill(amount)
  await page.getByLabel("Recipient's address").fill(address)
  await page.getByRole('button', { name: 'Plan the transfer' }).click()
}

test('a withdrawal rejected on the device moves nothing and says the way out', async () => {
  const { page } = app
  await planBitcoin(recipient, '0.005')
  await holdToApprove(page)
  const reject = deviceOf(page).locator('#reject:enabled')
  await reject.waitFor({ timeout: 30_000 })
  await reject.click()
  await expect(page.locator('.review-head')).toHaveAttribute('data-state', 'refused')
  await expect(page.locator('[data-code="DEVICE_REJECTED"]')).toContainText('Nothing was sent')
})

test('a withdrawal is signed on the device, verified, sent and confirmed', async () => {
  const { page } = app
  await planBitcoin(recipient, '0.005')
  await expect(page.locator('[data-line="to"] .address').first()).toHaveAttribute(
    'data-address',
    recipient,
  )
  await holdToApprove(page)
  await confirmOnDevice(page, () => stepDone('verify'))
  await expect(page.getByTestId('txid')).toHaveText(/^[0-9a-f]{64}$/)
  await expect(page.locator('.review-head')).toHaveAttribute('data-state', 'done', {
    timeout: 90_000,
  })
})

test('a top-up goes from the vault into the margin of the account', async () => {
  const { page } = app
  await page.goto(page.url().replace(/#.*/, '#/transfers/new'))
  await page.getByRole('button', { name: 'to the venue' }).click()
  await page.getByLabel('Account').selectOption({ label: 'Binance USD-M' })
  await page.locator('select[name="move-asset"]').selectOption('USDC')
  await page.locator('input[name="move-amount"]').fill('1,500')
  await page.getByRole('button', { name: 'Plan the transfer' }).click()
  await expect(page.locator('[data-line="to"]')).toContainText('two matching answers of the venue')
  await holdToApprove(page)
  await confirmOnDevice(page, () => stepDone('verify'))
  await expect(page.locator('.review-head')).toHaveAttribute('data-state', 'done', {
    timeout: 90_000,
  })
})

test('more than the vault holds is refused with its numbers', async () => {
  const { page } = app
  await planBitcoin(recipient, '900')
  await expect(page.locator('[data-code]')).toBeVisible()
  await expect(page.locator('[data-code]')).toContainText('900')
})

test('an address is shown on the device before its QR code appears', async () => {
  const { page } = app
  await page.goto(page.url().replace(/#.*/, '#/vault/receive'))
  await expect(page.locator('.qr svg')).toHaveCount(0)
  await page.getByRole('button', { name: 'Show on the device' }).click()
  await deviceOf(page).locator('#confirm:enabled').click()
  await expect(page.locator('.qr svg')).toBeVisible()
})

test('an account is added, takes the sweeps by the button of the device, and stands on the recovery sheet', async () => {
  const { page } = app
  await open('vault')
  await page.getByRole('link', { name: 'Add an account' }).click()
  await page.locator('select[name="kind"]').selectOption('p2tr')
  await page.getByRole('button', { name: 'Add it' }).click()
  await page.getByRole('button', { name: 'Let sweeps arrive here' }).click()
  await deviceOf(page).locator('#confirm:enabled').click()
  await expect(page.getByText('Sweeps arrive on this account.')).toBeVisible()
  await page.goto(page.url().replace(/#.*/, '#/vault/recovery'))
  await expect(page.getByTestId('recovery-sheet')).toContainText('tr([')
})

test('a looser policy is asked for on the device, and stays as it is when rejected there', async () => {
  const { page } = app
  await open('settings')
  const coolOff = page.locator('input[name="coolOffHours"]')
  await expect(coolOff).toHaveValue(/[1-9]/)
  await coolOff.fill('0')
  await page.getByRole('button', { name: 'Save the policy' }).click()
  await expect(page.locator('.device-drawer')).toContainText('If you did not ask for this')
  await deviceOf(page).locator('#reject:enabled').click()
  await expect(page.locator('[data-code="DEVICE_REJECTED"]')).toContainText('or changed')
  await page.getByRole('button', { name: 'Cancel' }).click()
  await expect(coolOff).toHaveValue(/[1-9]/)
})

test('the journal verifies and lists what happened', async () => {
  const { page } = app
  await open('activity')
  await expect(page.getByText('Vault paired')).toBeVisible()
  await page.getByRole('button', { name: 'Verify' }).click()
  await expect(page.getByTestId('journal-verified')).toContainText('verified')
})

test('keys lead to every screen, the palette finds them, and Chinese is one click away', async () => {
  const { page } = app
  await page.keyboard.press('3')
  await expect(page).toHaveURL(/#\/risk$/)
  await page.keyboard.press('Control+k')
  await page.keyboard.type('Collat')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/#\/collateral$/)
  await page.keyboard.press('?')
  await expect(page.locator('dialog[open]')).toContainText('Keys and colours')
  await page.keyboard.press('Escape')
  await page.keyboard.press('7')
  await page.getByRole('button', { name: '中文' }).click()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('设置')
  await page.getByRole('button', { name: 'English' }).click()
})

test('the page never asked for anything its policy forbids', () => {
  expect(app.complaints).toEqual([])
})
