/** The demo's chain: starts, pays, tells of arrivals, and leaves no process behind. */
import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { findAnvil } from './findAnvil.ts'
import type { ObservedTransfer } from './watcher.ts'
import { type EvmWorld, type EvmWorldOptions, MAINNET_USDC, startEvmWorld } from './world.ts'

const anvil = findAnvil()
if (anvil.kind === 'missing') console.log(`SKIPPED: EVM world, no ${anvil.lookedFor.join(', no ')}`)

const open: { close(): Promise<void> }[] = []
const children: ChildProcess[] = []
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await Promise.all(open.splice(0).map((one) => one.close()))
})

async function start(options: EvmWorldOptions = {}): Promise<EvmWorld> {
  const started = await startEvmWorld({ seed: 11, ...options })
  if (started.kind !== 'started') throw new Error('no anvil')
  open.push(started.world)
  return started.world
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 200; i += 1) {
    if (await holds()) return
    await sleep(50)
  }
  throw new Error(`waited in vain until ${what}`)
}

async function answers(url: string): Promise<boolean> {
  try {
    await fetch(url, { method: 'POST', body: '{}' })
    return true
  } catch {
    return false
  }
}

const stranger = `0x${'5a'.repeat(20)}`

describe('finding anvil', () => {
  test('says everything it looked for when there is none', () => {
    const search = findAnvil({ PATH: '/nowhere:/neither' }, '@nobody/anvil')
    expect(search).toEqual({
      kind: 'missing',
      lookedFor: ['npm package @nobody/anvil (bin/anvil)', 'anvil on PATH (2 folders)'],
    })
  })
})

describe.skipIf(anvil.kind === 'missing')('the EVM world', () => {
  test('pays dollars and coins out of the hot wallet and funds from nothing', async () => {
    const world = await start()
    await world.sendUsdc(stranger, 1_500_000n)
    await world.sendEth(stranger, 7n)
    await world.fundEth(stranger, 3n)
    await world.mintUsdc(stranger, 1n)
    expect(await world.readUsdc(stranger)).toBe(1_500_001n)
    expect(await world.readEth(stranger)).toBe(10n)
    expect(await world.readUsdc(world.hotWallet)).toBe(9_999_998_500_000n)
    expect(world.depositAddresses).toHaveLength(4)
  }, 60_000)

  test('the same seed gives the same addresses, no seed fresh ones', async () => {
    const [a, b] = [await start(), await start()]
    const fresh = await startEvmWorld()
    if (fresh.kind !== 'started') throw new Error('no anvil')
    open.push(fresh.world)
    expect(a.hotWallet).toBe(b.hotWallet)
    expect(a.usdc.contract).toBe(b.usdc.contract)
    expect(fresh.world.hotWallet).not.toBe(a.hotWallet)
  }, 60_000)

  test('the dollar works at its mainnet address', async () => {
    const world = await start({ usdcAt: 'mainnet-address' })
    expect(world.usdc.contract).toBe(MAINNET_USDC.toLowerCase())
    await world.sendUsdc(stranger, 5n)
    expect(await world.readUsdc(stranger)).toBe(5n)
  }, 60_000)

  test('more than the hot wallet holds is refused with the contract’s reason', async () => {
    const world = await start()
    await expect(world.sendUsdc(stranger, 10n ** 18n)).rejects.toThrow(/exceeds balance/)
  }, 60_000)

  test('arrivals are told once each, with hash and height, only to who watches', async () => {
    const world = await start()
    const [mine = '', other = ''] = world.depositAddresses
    const seen: ObservedTransfer[] = []
    const height = await world.readHeight()
    const stop = world.watchTransfers(mine.toUpperCase().replace('0X', '0x'), (transfer) => {
      seen.push(transfer)
    })
    const dollars = await world.sendUsdc(mine, 42n)
    await world.sendUsdc(other, 43n)
    const coins = await world.sendEth(mine, 44n)
    await until('both were seen', () => seen.length >= 2)
    await world.mine(3)
    await sleep(300)
    const from = world.hotWallet
    expect(seen).toEqual([
      { asset: 'USDC', from, to: mine, units: 42n, txid: dollars, height: height + 1 },
      { asset: 'ETH', from, to: mine, units: 44n, txid: coins, height: height + 3 },
    ])
    stop()
    await world.sendUsdc(mine, 45n)
    await sleep(300)
    expect(seen).toHaveLength(2)
  }, 60_000)

  test('with a block time, payments wait for the next block', async () => {
    const world = await start({ blockTimeMs: 1_000 })
    const before = await world.readHeight()
    await world.sendUsdc(stranger, 9n)
    await until('a block came by itself', async () => (await world.readHeight()) > before)
    await until('it was paid', async () => (await world.readUsdc(stranger)) === 9n)
  }, 60_000)

  test('close ends anvil; a second close is harmless', async () => {
    const world = await start()
    expect(await answers(world.url)).toBe(true)
    await world.close()
    await world.ended
    expect(await answers(world.url)).toBe(false)
    await world.close()
  }, 60_000)

  test.skipIf(process.platform === 'win32')(
    'anvil ends when the process that started it is killed',
    async () => {
      const script = `
        const { startEvmWorld } = await import(${JSON.stringify(worldModule)})
        const started = await startEvmWorld({ seed: 3 })
        console.log('URL ' + started.world.url)
        setInterval(() => undefined, 1000)
      `
      const child = spawn('node', ['--input-type=module', '--eval', script], { stdio: 'pipe' })
      children.push(child)
      let output = ''
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString()
      })
      await until('the other process has its anvil', () => /URL \S+\n/.test(output))
      const url = /URL (\S+)\n/.exec(output)?.[1] ?? ''
      expect(await answers(url)).toBe(true)
      child.kill('SIGKILL')
      await until('anvil is gone', async () => !(await answers(url)))
    },
    60_000,
  )
})

const worldModule = fileURLToPath(new URL('./world.ts', import.meta.url))
