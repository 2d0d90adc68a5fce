/** The demo's start and end on the desktop, with a small program in place of the simulated world. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readDemoEnvironment } from '../demoEnvironment.ts'
import { startDemo } from './demo.ts'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulkhead-desktop-demo-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const origin = 'http://127.0.0.1:4711'
const description = {
  binance: { origin, label: 'B', apiKey: 'k', secret: 's' },
  hyperliquid: { origin, label: 'H', user: 'u' },
  venueControl: { url: origin, token: 't' },
  bitcoin: { port: 1, esploraUrl: 'http://127.0.0.1:9' },
  evm: { url: origin, secondUrl: origin, chainId: 31337, usdc: '0x00' },
  device: { port: 2, pageUrl: `${origin}/`, pageOrigin: origin },
}

function world(first: object): URL {
  const file = join(folder, 'world.mjs')
  const heard = JSON.stringify(join(folder, 'heard'))
  writeFileSync(
    file,
    `import { writeFileSync } from 'node:fs'
     process.on('message', (message) => writeFileSync(${heard}, JSON.stringify(message)))
     process.on('disconnect', () => { writeFileSync(${heard} + '.ended', ''); process.exit(0) })
     process.send(${JSON.stringify(first)})`,
  )
  return pathToFileURL(file)
}

describe('demo on the desktop', () => {
  it('tells the world who frames it, the host where it is, and takes all of it away again', async () => {
    const mode = await startDemo(world({ world: description }))
    try {
      expect(mode.simulatorOrigin).toBe(origin)
      const environment = readDemoEnvironment({ ...mode.environment })
      expect(environment.world).toEqual(description)
      expect(environment.dataKey).toHaveLength(32)
      const directory = (mode.args[1] ?? '').replace('--data=', '')
      expect(mode.args[0]).toBe('--demo')
      expect(readdirSync(directory)).toEqual([])
      await mode.end()
      expect(existsSync(directory)).toBe(false)
    } finally {
      await mode.end()
    }
    expect(existsSync(join(folder, 'heard.ended'))).toBe(true)
    const heard: unknown = JSON.parse(readFileSync(join(folder, 'heard'), 'utf8'))
    expect(heard).toEqual({ frameAncestors: ['app://bulkhead'] })
  })

  it('draws another data key each time', async () => {
    const keys = []
    for (let run = 0; run < 2; run += 1) {
      const mode = await startDemo(world({ world: description }))
      keys.push(readDemoEnvironment({ ...mode.environment }).dataKey)
      await mode.end()
    }
    expect(keys[0]).not.toEqual(keys[1])
  })

  it("fails with the world's own reason", async () => {
    await expect(startDemo(world({ refused: 'needs anvil' }))).rejects.toThrow('needs anvil')
  })

  it('a simulator that is not on loopback is not framed', async () => {
    const device = { ...description.device, pageOrigin: 'http://example.org:80' }
    const mode = await startDemo(world({ world: { ...description, device } }))
    expect(mode.simulatorOrigin).toBeNull()
    await mode.end()
  })
})
