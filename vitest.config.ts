import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{shared,electron,renderer,tools,bench}/**/*.test.{ts,tsx}'],
    setupFiles: ['tools/propertySeed.ts'],
    testTimeout: 20_000,
    pool: 'forks',
    alias: {
      // The real module only resolves to a path outside Electron; shells are tested against this stand-in.
      electron: fileURLToPath(
        new URL('./electron/shells/desktop/fakeElectron.ts', import.meta.url),
      ),
    },
  },
})
