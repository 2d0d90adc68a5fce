/** A watch-only wallet inside the user's own Bitcoin Core that holds our addresses one by one, as `addr()`
 *  descriptors derived here: the node learns which addresses are ours, never an extended key. New addresses make
 *  it look through its blocks from the given day on; until it is done nothing it says of them counts. */
import { hex } from '@scure/base'
import { z } from 'zod'
import { type Result, ok } from '../../../../shared/errors/refusal.ts'
import type { BitcoinNetwork } from '../../../../shared/vault/account.ts'
import { encodeBitcoinAddress } from '../../../../shared/vault/address.ts'
import { descriptorChecksum } from '../../../../shared/vault/descriptor.ts'
import type { ChainResult } from '../../../host/ports.ts'
import { malformed, rejected, unreachable } from './answers.ts'
import type { CoreAnswer, CoreCall, CoreRpc } from './coreRpc.ts'

const NOT_FOUND = -18
const ALREADY_LOADED = -35

const scanningSchema = z.union([z.literal(false), z.object({ progress: z.number() })])
const infoSchema = z.object({
  private_keys_enabled: z.boolean(),
  descriptors: z.boolean(),
  scanning: scanningSchema,
})
const listedSchema = z.object({ descriptors: z.array(z.object({ desc: z.string() })) })
const importedSchema = z.array(
  z.object({ success: z.boolean(), error: z.object({ message: z.string() }).optional() }),
)

export function parseCore<T>(
  call: CoreCall,
  schema: z.ZodType<T>,
  answer: CoreAnswer | undefined,
): Result<T, 'CHAIN_ANSWER_MALFORMED' | 'CHAIN_REJECTED'> {
  if (answer === undefined) return malformed(call.method, 'nothing')
  if (answer.kind === 'error') return rejected(`${call.method}: ${answer.message}`)
  const parsed = schema.safeParse(answer.value)
  return parsed.success ? ok(parsed.data) : malformed(call.method, answer.value)
}

export interface CoreWallet {
  readonly name: string
  /** Makes sure that the node watches these and has looked for them; CHAIN_UNREACHABLE says how far it is. */
  watch(scripts: readonly string[], signal: AbortSignal): Promise<ChainResult<null>>
  addressOf(script: string): string | undefined
  scriptOf(address: string): string | undefined
  close(): Promise<void>
}

export function createCoreWallet(options: {
  readonly rpc: CoreRpc
  readonly name: string
  readonly network: BitcoinNetwork
  /** Seconds: blocks before this are not looked through. */
  readonly birthday: number
  /** How long a call waits for the node to finish looking. */
  readonly waitMs: number
}): CoreWallet {
  const { rpc, name, network } = options
  const addresses = new Map<string, string>()
  const scripts = new Map<string, string>()
  const watched = new Set<string>()
  const closing = new AbortController()
  let opened = false
  let importing: Promise<ChainResult<null>> | undefined

  async function askOne<T>(
    call: CoreCall,
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<ChainResult<T>> {
    const answers = await rpc.ask([call], name, signal)
    return answers.ok ? parseCore(call, schema, answers.value[0]) : answers
  }

  function addressOf(script: string): string | undefined {
    const known = addresses.get(script) ?? encodeBitcoinAddress(hex.decode(script), network)
    if (known === undefined) return undefined
    addresses.set(script, known)
    scripts.set(known, script)
    return known
  }

  /** Loads the wallet, or makes it; refuses one of this name that could hold keys. */
  async function open(signal: AbortSignal): Promise<ChainResult<null>> {
    if (opened) return ok(null)
    const load = { method: 'loadwallet', params: [name, true] }
    const loaded = await rpc.ask([load], null, signal)
    if (!loaded.ok) return loaded
    const [answer] = loaded.value
    if (answer?.kind === 'error' && answer.code === NOT_FOUND) {
      // Name, no private keys, blank, no passphrase, no reuse avoidance, descriptors, loaded at every start.
      const create = { method: 'createwallet', params: [name, true, true, '', false, true, true] }
      const created = await rpc.ask([create], null, signal)
      if (!created.ok) return created
      const made = parseCore(create, z.unknown(), created.value[0])
      if (!made.ok) return made
    } else if (answer?.kind === 'error' && answer.code !== ALREADY_LOADED) {
      return rejected(`loadwallet: ${answer.message}`)
    }
    const info = await askOne({ method: 'getwalletinfo', params: [] }, infoSchema, signal)
    if (!info.ok) return info
    if (info.value.private_keys_enabled || !info.value.descriptors)
      return rejected(`the node's wallet "${name}" is not a watch-only descriptor wallet`)
    const listed = await askOne({ method: 'listdescriptors', params: [] }, listedSchema, signal)
    if (!listed.ok) return listed
    for (const { desc } of listed.value.descriptors) {
      const address = /^addr\(([0-9A-Za-z]+)\)#/.exec(desc)?.[1]
      if (address !== undefined) watched.add(address)
    }
    opened = true
    return ok(null)
  }

  async function scanned(signal: AbortSignal): Promise<ChainResult<null>> {
    const info = await askOne({ method: 'getwalletinfo', params: [] }, infoSchema, signal)
    if (!info.ok) return info
    const { scanning } = info.value
    return scanning === false
      ? ok(null)
      : unreachable(`the node looks through its blocks: ${Math.floor(scanning.progress * 100)} %`)
  }

  async function importNew(fresh: readonly string[]): Promise<ChainResult<null>> {
    const requests = fresh.map((address) => {
      const descriptor = `addr(${address})`
      const desc = `${descriptor}#${descriptorChecksum(descriptor) ?? ''}`
      return { desc, timestamp: options.birthday, label: 'bulkhead' }
    })
    const call = { method: 'importdescriptors', params: [requests] }
    const answers = await rpc.ask([call], name, closing.signal, 'unlimited')
    if (!answers.ok) return answers
    const imported = parseCore(call, importedSchema, answers.value[0])
    if (!imported.ok) return imported
    const failed = imported.value.find(({ success }) => !success)
    if (failed !== undefined || imported.value.length !== fresh.length)
      return rejected(`importdescriptors: ${failed?.error?.message ?? 'not all were imported'}`)
    for (const address of fresh) watched.add(address)
    return ok(null)
  }

  return {
    name,
    addressOf,
    scriptOf: (address) => scripts.get(address),
    async watch(asked, signal) {
      const ready = await open(signal)
      if (!ready.ok) return ready
      const done = await scanned(signal)
      if (!done.ok) return done
      const wanted = asked.flatMap((script) => addressOf(script) ?? [])
      const fresh = wanted.filter((address) => !watched.has(address))
      if (fresh.length === 0) return ok(null)
      importing ??= importNew(fresh).finally(() => {
        importing = undefined
      })
      const waited = await Promise.race([importing, elapsed(options.waitMs, signal)])
      if (waited !== undefined) return waited
      const still = await scanned(signal)
      return still.ok ? unreachable('the node still takes in our addresses') : still
    },
    async close() {
      closing.abort()
      await importing
    },
  }
}

function elapsed(ms: number, signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve(undefined)
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })
}
