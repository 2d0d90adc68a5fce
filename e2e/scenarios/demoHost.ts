/** The whole product against the whole simulated world, in one process: real ccxt, the real SDK in its child,
 *  real anvil, a chain that checks signatures, a store on disk. A killed host leaves the world standing. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { openDemoHost } from '../../electron/shells/compose.ts'
import type { Host } from '../../electron/host/host.types.ts'
import { type DemoWorld, startWorld } from '../../electron/simulators/world.ts'
import { type Client, createClient } from '../../shared/contract/client.ts'
import type { TransferState, TransferView } from '../../shared/contract/methods/transfers.ts'
import { encodeCanonical } from '../../shared/units/canonical.ts'

export interface Scene {
  readonly world: DemoWorld
  readonly client: Client
  /** The host's data directory. */
  readonly directory: string
  /** Ends the host and opens another on the same data directory. `between` runs while there is none. */
  restart(between?: () => void): Promise<void>
  /** Lines the host logged: broken invariants among them. */
  readonly log: readonly string[]
  close(): Promise<void>
}

const stepMs = 50

/** Asks until `take` gives something; throws with the last answer when the time is up. */
export async function until<T>(
  take: () => Promise<T | undefined>,
  what: string,
  timeoutMs = 30_000,
): Promise<T> {
  const end = Date.now() + timeoutMs
  for (;;) {
    const taken = await take()
    if (taken !== undefined) return taken
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, stepMs))
  }
}

export async function openScene(): Promise<Scene> {
  const started = await startWorld({})
  if (started.kind === 'no-anvil') throw new Error(`no anvil: ${started.lookedFor.join(', ')}`)
  const { world } = started
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-scene-'))
  const dataKey = new Uint8Array(randomBytes(32))
  const log: string[] = []
  const open = async (): Promise<Host> => {
    const host = await openDemoHost(
      {
        directory,
        dataKey,
        confirmation: { confirm: () => Promise.resolve('unavailable') },
        log: (line) => log.push(line),
      },
      world.description,
    )
    if (!host.ok) throw new Error(`host: ${encodeCanonical(host.refusal)}`)
    return host.value
  }
  let host = await open()
  const client = createClient((method, input) => host.call(method, input, { kind: 'test' }))
  const scene: Scene = {
    world,
    client,
    log,
    directory,
    async restart(between) {
      await host.close()
      between?.()
      host = await open()
    },
    async close() {
      await host.close()
      await world.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
  await pair(scene)
  await settlePortfolio(scene)
  return scene
}

async function pair({ client }: Scene): Promise<void> {
  await until(async () => {
    const paired = await client.call('vault.pair', { passphrase: false })
    return paired.ok ? true : undefined
  }, 'the device to be paired')
}

/** Every account and chain answered at least once. */
export async function settlePortfolio({ client }: Scene): Promise<void> {
  await until(async () => {
    const view = await client.call('portfolio.read', {})
    return view.ok &&
      view.value.accounts.every(({ report }) => report !== null) &&
      view.value.vaultUsd.kind === 'known' &&
      view.value.vaultBalances.length >= 3
      ? true
      : undefined
  }, 'the first answers')
}

export async function untilState(
  { client, log }: Scene,
  id: string,
  states: readonly TransferState[],
): Promise<TransferView> {
  try {
    return await until(
      async () => {
        const view = await client.call('transfers.read', { id })
        if (!view.ok) throw new Error(view.refusal.code)
        return states.includes(view.value.state) ? view.value : undefined
      },
      `transfer ${id} to be ${states.join(' or ')}`,
    )
  } catch (error) {
    const view = await client.call('transfers.read', { id })
    throw new Error(
      `${String(error)}; it is ${encodeCanonical(view.ok ? [view.value.state, view.value.steps, view.value.refusal] : view)}; log: ${log.slice(-3).join(' | ')}`,
    )
  }
}
