/** What Vite must be told about two packages that are not made for bundling. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

const modules = fileURLToPath(new URL('../node_modules', import.meta.url))

/** ccxt offers one module with a hundred venues and blocks deep paths: this offers the venues named,
 *  the base class and the errors, under the same names. A venue that is not listed does not build. */
export function onlyCcxtVenues(venues: readonly string[]): Plugin {
  const id = '\0ccxt-venues'
  const from = (file: string) => JSON.stringify(join(modules, 'ccxt/js/src', file))
  const lines = [
    ...venues.map((venue) => `import ${venue} from ${from(`${venue}.js`)}`),
    `import { Exchange } from ${from('base/Exchange.js')}`,
    `import * as errors from ${from('base/errors.js')}`,
    `export * from ${from('base/errors.js')}`,
    `export { Exchange, errors, ${venues.join(', ')} }`,
    `export default { Exchange, ...errors, ${venues.join(', ')} }`,
  ]
  return {
    name: 'bulkhead:ccxt-venues',
    enforce: 'pre',
    resolveId: (source) => (source === 'ccxt' ? id : undefined),
    load: (loaded) => (loaded === id ? lines.join('\n') : undefined),
  }
}

/** tiny-secp256k1 reads its wasm from beside its own file at import: the bundle carries it as text. */
export function inlineCurveWasm(): Plugin {
  const loader = join('tiny-secp256k1', 'lib', 'wasm_loader.js')
  return {
    name: 'bulkhead:curve-wasm',
    transform(code, file) {
      if (!file.endsWith(loader)) return undefined
      const reading = 'readFileSync(path("secp256k1.wasm"))'
      // A new version that loads it in another way must not slip through.
      if (!code.includes(reading)) throw new Error(`unexpected wasm loader in ${file}`)
      const wasm = readFileSync(join(dirname(file), 'secp256k1.wasm')).toString('base64')
      return code.replace(reading, `Buffer.from("${wasm}", "base64")`)
    },
  }
}
