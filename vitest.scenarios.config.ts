import { defineConfig } from 'vitest/config'

/** Whole journeys through host, adapters and simulators; each starts its own processes. */
export default defineConfig({
  test: {
    include: ['e2e/**/*.scenario.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
  },
})
