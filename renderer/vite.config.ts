/** The page as one build of its own. No inlined assets: the shells serve it under `default-src 'self'`. */
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const here = decodeURIComponent(new URL('.', import.meta.url).pathname)

// vite reads the default export of its configuration file.
export default defineConfig({
  root: here,
  base: './',
  plugins: [react()],
  build: {
    outDir: `${here}../dist/renderer`,
    emptyOutDir: true,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1500,
  },
})
