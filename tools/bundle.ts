/** Turns rows of entries.ts into files under an output folder, with plain Vite.
 *  All Node programs are one build with shared chunks; preload and page are builds of their own. */
import { join } from 'node:path'
import { build, type InlineConfig } from 'vite'
import { inlineCurveWasm, onlyCcxtVenues } from './buildPlugins.ts'
import { ccxtVenues, type Entry, external } from './entries.ts'

const quiet: InlineConfig = { configFile: false, logLevel: 'warn', clearScreen: false }

function isExternal(id: string): boolean {
  return external.some((name) => id === name || id.startsWith(`${name}/`))
}

function nodeConfig(root: string, out: string, entries: readonly Entry[]): InlineConfig {
  return {
    ...quiet,
    root,
    plugins: [onlyCcxtVenues(ccxtVenues), inlineCurveWasm()],
    ssr: { noExternal: true, target: 'node' },
    build: {
      ssr: true,
      outDir: out,
      emptyOutDir: false,
      target: 'node22',
      minify: false,
      rolldownOptions: {
        input: Object.fromEntries(
          entries.map((entry) => [entry.out.replace(/\.[a-z]+$/, ''), join(root, entry.source)]),
        ),
        external: isExternal,
        output: {
          format: 'esm',
          entryFileNames: '[name].js',
          chunkFileNames: 'chunks/[name]-[hash].js',
        },
      },
    },
  }
}

function preloadConfig(root: string, out: string, entry: Entry): InlineConfig {
  return {
    ...quiet,
    root,
    ssr: { noExternal: true, target: 'node' },
    build: {
      ssr: join(root, entry.source),
      outDir: out,
      emptyOutDir: false,
      target: 'node22',
      minify: false,
      rolldownOptions: {
        external: isExternal,
        output: { format: 'cjs', entryFileNames: entry.out, codeSplitting: false },
      },
    },
  }
}

function pageConfig(root: string, out: string): InlineConfig {
  return {
    ...quiet,
    configFile: join(root, 'renderer/vite.config.ts'),
    build: {
      outDir: join(out, 'renderer'),
      emptyOutDir: true,
      // Inlined scripts and data: fonts are what the page's security policy forbids.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
    },
  }
}

/** Builds the entries into `out`. Rejects on the first failure. */
export async function bundle(root: string, out: string, entries: readonly Entry[]): Promise<void> {
  const nodePrograms = entries.filter((entry) => entry.format === 'esm')
  await Promise.all([
    nodePrograms.length > 0 ? build(nodeConfig(root, out, nodePrograms)) : undefined,
    ...entries
      .filter((entry) => entry.format === 'cjs')
      .map((entry) => build(preloadConfig(root, out, entry))),
    ...entries.filter((entry) => entry.format === 'page').map(() => build(pageConfig(root, out))),
  ])
}
