/** Packs the app as electron-builder.yml says, around a stand-in for Electron's distribution (the real one
 *  has to be downloaded), from a small project with things in it that must not be shipped.
 *  Proves what is inside and how the fuses are set, not that the result starts. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createPackage, listPackage } from '@electron/asar'
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { entries, external } from './entries.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
// The packager's own copies of its schema, validator and parser.
const builder = createRequire(createRequire(import.meta.url).resolve('electron-builder'))
const packager = createRequire(builder.resolve('app-builder-lib'))

const loadYaml = z
  .object({ load: z.custom<(text: string) => unknown>((load) => typeof load === 'function') })
  .parse(packager('js-yaml')).load

function readConfiguration(): Record<string, unknown> {
  const text = readFileSync(join(root, 'electron-builder.yml'), 'utf8')
  return z.record(z.string(), z.unknown()).parse(loadYaml(text))
}

describe('electron-builder.yml', () => {
  type Validate = ((value: unknown) => boolean) & { readonly errors: unknown }
  const isClass = (value: unknown) => typeof value === 'function'
  const Ajv = z
    .custom<new (options: object) => { compile(schema: object): Validate }>(isClass)
    .parse(packager('ajv'))
  const schema = z.looseObject({}).parse(builder('app-builder-lib/scheme.json'))
  const validate = new Ajv({ strict: false, allErrors: true }).compile(schema)

  it('keeps to the schema of electron-builder', () => {
    validate(readConfiguration())
    expect(validate.errors).toBeNull()
  })

  it('would be refused by it with an unknown key or a wrong type', () => {
    expect(validate({ ...readConfiguration(), electronFusez: {} })).toBe(false)
    expect(validate({ ...readConfiguration(), asar: 'yes' })).toBe(false)
  })

  it('covers Linux, macOS and Windows', () => {
    const { linux, mac, win } = readConfiguration()
    expect([linux, mac, win]).toMatchObject([
      { target: ['AppImage', 'deb'] },
      { target: ['dmg'] },
      { target: ['nsis'] },
    ])
  })
})

describe.skipIf(process.platform !== 'linux')('the packed app', () => {
  let folder = ''
  let unpacked = ''
  let inside: readonly string[] = []

  const plant = (path: string, content = '') => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }

  const decoys = [
    '.env',
    'shared/units/amount.ts',
    'electron/host/host.ts',
    'renderer/main.tsx',
    'tools/build.ts',
    'e2e/a.spec.ts',
    'test-results/unit.json',
    'docs/notes.md',
    'dist/.sources',
    'dist/host/main.js.map',
    'release/old.AppImage',
    'bulkhead.sqlite',
  ]

  /** What stays outside the bundles, and what finds its compiled parts. */
  const shipped = ['node-gyp-build', ...external.filter((name) => name !== 'electron')]
  /** Dependencies that are inside the bundles: their folders must stay out. */
  const bundled = ['zod', 'big.js']

  /** The project's own manifest with the dependencies that are installed in the copy. */
  function readManifest(): object {
    const text = readFileSync(join(root, 'package.json'), 'utf8')
    const manifest = z
      .looseObject({ dependencies: z.record(z.string(), z.string()) })
      .parse(JSON.parse(text))
    const all = Object.entries({
      ...manifest.dependencies,
      ...z.record(z.string(), z.string()).parse(manifest['optionalDependencies']),
    })
    const dependencies = Object.fromEntries(
      all.filter(([name]) => shipped.includes(name) || bundled.includes(name)),
    )
    return { ...manifest, dependencies, optionalDependencies: {} }
  }

  /** Electron as far as the packager looks: a binary with the fuses' sentinel, and a default app. */
  async function plantElectron(): Promise<void> {
    const sentinel = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'
    const fuses = Buffer.concat([
      Buffer.from(`stand-in ${sentinel}`),
      Buffer.from([1, 9]),
      Buffer.from('1'.repeat(9)),
      Buffer.alloc(64),
    ])
    plant('electron/electron')
    writeFileSync(join(folder, 'electron/electron'), fuses, { mode: 0o755 })
    plant('electron/locales/en-US.pak')
    plant('electron/locales/fr.pak')
    plant('default/main.js')
    mkdirSync(join(folder, 'electron/resources'))
    await createPackage(
      join(folder, 'default'),
      join(folder, 'electron/resources/default_app.asar'),
    )
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bulkhead-package-'))
    await plantElectron()
    plant('project/electron-builder.yml', readFileSync(join(root, 'electron-builder.yml'), 'utf8'))
    plant('project/package.json', JSON.stringify(readManifest()))
    for (const name of [...shipped, ...bundled]) {
      const to = join(folder, 'project/node_modules', name)
      cpSync(join(root, 'node_modules', name), to, { recursive: true })
    }
    for (const { out } of entries) plant(`project/dist/${out}`, 'built')
    plant('project/dist/chunks/a-1234.js', 'built')
    for (const decoy of decoys) plant(`project/${decoy}`, 'must stay out')
    cpSync(join(root, 'resources'), join(folder, 'project/resources'), { recursive: true })
    const packed = spawnSync(
      process.execPath,
      [
        builder.resolve('electron-builder/cli.js'),
        '--linux',
        'dir',
        '--x64',
        `-c.electronDist=${join(folder, 'electron')}`,
        `-c.directories.output=${join(folder, 'packed')}`,
      ],
      { cwd: join(folder, 'project'), encoding: 'utf8' },
    )
    expect(packed.status, packed.stdout + packed.stderr).toBe(0)
    unpacked = join(folder, 'packed/linux-unpacked')
    const archive = join(unpacked, 'resources/app.asar')
    inside = listPackage(archive, { isPack: false })
      .map((path) => path.replaceAll('\\', '/').slice(1))
      .filter((path) => /\.[a-z0-9]+$/i.test(path))
  }, 120_000)

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('holds every built program, and of dist/ nothing else', () => {
    const built = inside.filter((path) => path.startsWith('dist/')).sort()
    expect(built).toEqual(
      [...entries.map((entry) => `dist/${entry.out}`), 'dist/chunks/a-1234.js'].sort(),
    )
  })

  it('holds only built code, resources and the packages with compiled parts', () => {
    const tops = new Set(inside.map((path) => path.split('/')[0]))
    expect([...tops].sort()).toEqual(['dist', 'node_modules', 'package.json', 'resources'])
    const packages = new Set(
      inside.filter((path) => path.startsWith('node_modules/')).map((path) => path.split('/')[1]),
    )
    expect([...packages].sort()).toEqual([...shipped].sort())
    expect(inside.filter((path) => /\.(ts|map|c|h|gyp|sqlite|env)$/.test(path))).toEqual([])
  })

  it('has the compiled parts of this system only, outside the archive', () => {
    const compiled = inside.filter((path) => path.endsWith('.node'))
    expect(compiled.length).toBeGreaterThan(0)
    for (const path of compiled) {
      expect(path).toContain('/prebuilds/linux-x64/')
      expect(
        readFileSync(join(unpacked, 'resources/app.asar.unpacked', path)).length,
      ).toBeGreaterThan(0)
    }
  })

  it('has compiled parts that load from where they lie', () => {
    const lie = join(unpacked, 'resources/app.asar.unpacked/node_modules')
    const bindings = join(lie, 'usb/prebuilds/linux-x64/node.napi.glibc.node')
    const loaded = spawnSync(process.execPath, ['-e', `require(${JSON.stringify(bindings)})`])
    expect(loaded.status).toBe(0)
  })

  it('carries no scripts and no development dependencies in its package.json', async () => {
    const { extractFile } = await import('@electron/asar')
    const text = extractFile(join(unpacked, 'resources/app.asar'), 'package.json').toString()
    const manifest: unknown = JSON.parse(text)
    expect(manifest).toMatchObject({
      name: 'bulkhead',
      main: 'dist/desktop/main.js',
      type: 'module',
    })
    expect(manifest).not.toHaveProperty('devDependencies')
    expect(manifest).not.toHaveProperty('scripts')
  })

  it('has its fuses set: only our archive, no debugger, no NODE_OPTIONS', async () => {
    const wire = await getCurrentFuseWire(join(unpacked, 'bulkhead'))
    const state = (fuse: FuseV1Options) => wire[fuse]
    // The wire holds one character a fuse.
    const [off, on] = ['0'.charCodeAt(0), '1'.charCodeAt(0)]
    expect(state(FuseV1Options.OnlyLoadAppFromAsar)).toBe(on)
    expect(state(FuseV1Options.EnableEmbeddedAsarIntegrityValidation)).toBe(on)
    expect(state(FuseV1Options.EnableCookieEncryption)).toBe(on)
    expect(state(FuseV1Options.EnableNodeOptionsEnvironmentVariable)).toBe(off)
    expect(state(FuseV1Options.EnableNodeCliInspectArguments)).toBe(off)
    expect(state(FuseV1Options.GrantFileProtocolExtraPrivileges)).toBe(off)
    expect(state(FuseV1Options.RunAsNode)).toBe(on)
  })
})
