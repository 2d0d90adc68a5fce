/** Every program that the build makes, one row each, and what none of them carries inside.
 *  A row whose source is missing fails the build. */

export interface Entry {
  readonly name: string
  /** Relative to the repository. */
  readonly source: string
  /** Relative to dist/. */
  readonly out: string
  /** A sandboxed preload can only be CommonJS; the renderer is a page; the rest are ES modules for Node. */
  readonly format: 'esm' | 'cjs' | 'page'
}

export const entries: readonly Entry[] = [
  { name: 'renderer', source: 'renderer/index.html', out: 'renderer/index.html', format: 'page' },
  {
    name: 'desktop main',
    source: 'electron/shells/desktop/main.ts',
    out: 'desktop/main.js',
    format: 'esm',
  },
  {
    name: 'desktop preload',
    source: 'electron/shells/desktop/preload.ts',
    out: 'desktop/preload.cjs',
    format: 'cjs',
  },
  { name: 'host', source: 'electron/shells/host/main.ts', out: 'host/main.js', format: 'esm' },
  {
    name: 'device child',
    source: 'electron/adapters/device/onekey/child.ts',
    out: 'host/device.js',
    format: 'esm',
  },
  { name: 'web shell', source: 'electron/shells/web/main.ts', out: 'web/main.js', format: 'esm' },
  { name: 'demo world', source: 'electron/simulators/main.ts', out: 'demo/main.js', format: 'esm' },
]

/** Left outside the bundles: Electron itself, and packages whose compiled parts lie beside their code.
 *  The packaged app carries these folders of node_modules and no others (electron-builder.yml). */
export const external: readonly string[] = ['electron', 'usb', 'secp256k1']

/** The venues that the product speaks to; the bundle carries their part of ccxt only. */
export const ccxtVenues: readonly string[] = ['binance', 'binanceusdm', 'hyperliquid']
