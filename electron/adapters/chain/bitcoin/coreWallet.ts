/** A watch-only wallet inside the user's own Bitcoin Core that holds our addresses one by one, as `addr()`
 *  descriptors derived here: the node learns which addresses are ours, never an extended key. New addresses make
 *  it look through its blocks; until it is done nothing it says of them counts. What it has looked through is
 *  written into the wallet's own labels, so that a scan that was cut off is made again, and a finished one not. */
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

/** As many new addresses at once are an account being found, to be looked for from the birthday on. Fewer are the
 *  next ones of an account that was looked at before: nobody can have been given them earlier. */
const FOUND_ANEW = 20
const DAY_SECONDS = 86_400
const LABEL = 'bulkhead'
/** On one address of every import until the node has looked for all of it. */
const SCANNING = 'bulkhead scanning'
/** With the day on which every address asked about had been looked for. */
const LOOKED = /^bulkhead (\d{4}-\d{2}-\d{2})$/

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
  /** ms since the epoch. */
  readonly now: () => number
  /** How long a call waits for the node to finish looking. */
  readonly waitMs: number
}): CoreWallet {
  const { rpc, name, network } = options
  const addresses = new Map<string, string>()
  const scripts = new Map<string, string>()
  const watched = new Set<string>()
  const closing = new AbortController()
  let opened = false
  /** Seconds; null before the first time. */
  let lookedAt: number | null = null
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
    const labels = await askOne({ method: 'listlabels', params: [] }, z.array(z.string()), signal)
    if (!labels.ok) return labels
    for (const label of labels.value) {
      const day = LOOKED.exec(label)?.[1]
      if (day !== undefined) lookedAt = Math.max(lookedAt ?? 0, Date.parse(day) / 1_000)
    }
    // A scan that was cut off: all of it counts as new.
    const known = labels.value.includes(SCANNING) ? [] : listed.value.descriptors
    for (const { desc } of known) {
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

  function scanFrom(fresh: readonly string[]): number {
    return lookedAt === null || fresh.length >= FOUND_ANEW
      ? options.birthday
      : Math.max(options.birthday, lookedAt - DAY_SECONDS)
  }

  async function importNew(fresh: readonly string[]): Promise<ChainResult<null>> {
    const timestamp = scanFrom(fresh)
    const requests = fresh.map((address, at) => {
      const descriptor = `addr(${address})`
      const desc = `${descriptor}#${descriptorChecksum(descriptor) ?? ''}`
      return { desc, timestamp, label: at === 0 ? SCANNING : LABEL }
    })
    const call = { method: 'importdescriptors', params: [requests] }
    const answers = await rpc.ask([call], name, closing.signal, 'unlimited')
    if (!answers.ok) return answers
    const imported = parseCore(call, importedSchema, answers.value[0])
    if (!imported.ok) return imported
    const failed = imported.value.find(({ success }) => !success)
    if (failed !== undefined || imported.value.length !== fresh.length)
      return rejected(`importdescriptors: ${failed?.error?.message ?? 'not all were imported'}`)
    const labelled = await label(fresh[0], LABEL, closing.signal)
    if (!labelled.ok) return labelled
    for (const address of fresh) watched.add(address)
    return ok(null)
  }

  async function label(
    address: string | undefined,
    text: string,
    signal: AbortSignal,
  ): Promise<ChainResult<null>> {
    const set = await askOne({ method: 'setlabel', params: [address, text] }, z.null(), signal)
    return set.ok ? ok(null) : set
  }

  /** All that was asked about has been looked for up to now: once a day that is written down. */
  async function noteLooked(
    address: string | undefined,
    signal: AbortSignal,
  ): Promise<ChainResult<null>> {
    const day = new Date(options.now()).toISOString().slice(0, 10)
    const today = Date.parse(day) / 1_000
    if (address === undefined || (lookedAt ?? 0) >= today) return ok(null)
    const noted = await label(address, `${LABEL} ${day}`, signal)
    if (noted.ok) lookedAt = today
    return noted
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
      if (fresh.length === 0)
        return importing === undefined ? noteLooked(wanted[0], signal) : ok(null)
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
