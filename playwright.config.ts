import { defineConfig } from '@playwright/test'
import { findChromium } from './tools/programs.ts'

/** Runs against a Chromium that is already installed; nothing is ever downloaded. */
export default defineConfig({
  testDir: 'e2e',
  testMatch: '**/*.spec.ts',
  outputDir: 'test-results/browser',
  workers: 1,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  forbidOnly: true,
  use: {
    launchOptions: {
      // A path that does not exist fails by name; leaving it out would look for a download.
      executablePath: findChromium() ?? '/chromium-is-not-installed',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
    screenshot: 'only-on-failure',
  },
})
