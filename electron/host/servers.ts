/** Which bitcoin servers are in use: kept encrypted (a node's password is among them), changed only with a yes from
 *  outside the renderer, written down in full, and put to use at once. */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { ParsedInputOf, ResultOf } from '../../shared/contract/method.ts'
import type {
  serversCheck,
  serversRead,
  serversWrite,
} from '../../shared/contract/methods/servers.ts'
import { type Result, ok, refuse } from '../../shared/errors/refusal.ts'
import { decodeCanonical, encodeCanonical } from '../../shared/units/canonical.ts'
import {
  type BitcoinServers,
  bitcoinServersSchema,
  noServers,
  serverLines,
  serverProblems,
  withPasswords,
  withoutPasswords,
} from '../../shared/vault/bitcoinServers.ts'
import type { Journal } from './journal.ts'
import type { BitcoinPort, BitcoinServersPort, Clock, StorePort, StoreRefusals } from './ports.ts'

const secretName = 'bitcoin.servers'
const checkTimeoutMs = 30_000
/** A script of nobody: used long ago by all who burnt coins, and telling nothing of us. */
const nobodysScript = `0014${'00'.repeat(20)}`

export interface Servers {
  read(): ResultOf<typeof serversRead>
  write(input: ParsedInputOf<typeof serversWrite>): Promise<ResultOf<typeof serversWrite>>
  check(input: ParsedInputOf<typeof serversCheck>): Promise<ResultOf<typeof serversCheck>>
}

/** Puts the kept servers to use. Refuses a store that cannot be read. */
export function openServers(options: {
  /** Null where the servers are given and nobody changes them: in the demo. */
  readonly port: BitcoinServersPort | null
  readonly store: StorePort
  readonly journal: Journal
  readonly clock: Clock
  readonly confirm: (request: {
    readonly title: string
    readonly lines: readonly string[]
    readonly digest: string
    readonly onDevice: () => Result<unknown, 'STORE_WRITE_FAILED'>
  }) => Promise<Result<'shell' | 'device', ConfirmRefusals>>
  readonly onChange: () => void
}): Result<Servers> {
  const { port, store, journal, clock } = options
  const stored = port === null ? ok(undefined) : readStored(store)
  if (!stored.ok) return stored
  let kept = stored.value
  let current: BitcoinServers = kept ?? port?.initial ?? noServers
  port?.use(current)

  const view = (): ReturnType<Servers['read']> =>
    ok({
      servers: withoutPasswords(current),
      origin: port === null ? 'fixed' : kept === undefined ? 'file' : 'settings',
    })

  async function write({
    servers: asked,
  }: ParsedInputOf<typeof serversWrite>): Promise<ResultOf<typeof serversWrite>> {
    if (port === null)
      return refuse('INPUT_INVALID', { field: 'servers', problem: 'the demo’s are fixed' })
    const [problem] = serverProblems(asked)
    if (problem !== undefined) return refuse('INPUT_INVALID', problem)
    const before = current
    const next = withPasswords(asked, before)
    if (next === undefined)
      return refuse('INPUT_INVALID', {
        field: 'password',
        problem: 'needed for another node or user',
      })
    const lines = serverLines(next)
    const digest = bytesToHex(sha256(utf8ToBytes(encodeCanonical(withoutPasswords(next)))))
    const confirmed = await options.confirm({
      title: 'servers',
      // What is said yes to, in full: the window may have shown something else.
      lines: ['Change the bitcoin servers to', ...lines],
      digest,
      onDevice: () => journal.record({ kind: 'servers.asked', digest, lines }),
    })
    if (!confirmed.ok) return confirmed
    if (current !== before)
      return refuse('CONFIRMATION_REQUIRED', { what: 'servers', where: 'changed meanwhile' })
    const recorded = journal.record({
      kind: 'servers.changed',
      before: serverLines(before),
      after: lines,
      confirmedBy: confirmed.value,
    })
    if (!recorded.ok) return recorded
    const written = store.writeSecret(secretName, encodeCanonical(next))
    if (!written.ok) return written
    kept = next
    current = next
    port.use(next)
    options.onChange()
    return view()
  }

  async function run(
    bitcoin: BitcoinPort,
    check: ParsedInputOf<typeof serversCheck>['check'],
  ): Promise<Awaited<ReturnType<Servers['check']>>> {
    const signal = AbortSignal.timeout(checkTimeoutMs)
    const started = clock.now()
    const said = (figure: number | null, verifiedTo: number | null) =>
      ok({
        source: bitcoin.source,
        tookMs: Math.max(0, clock.now() - started),
        figure,
        verifiedTo,
      })
    switch (check) {
      case 'answer': {
        const fee = await bitcoin.readFeeRate(6, signal)
        return fee.ok ? said(fee.value, null) : fee
      }
      case 'headers': {
        const tip = await bitcoin.readTip(signal)
        if (!tip.ok) return tip
        const { height, verifiedTo = height } = tip.value
        return said(height, verifiedTo)
      }
      case 'scripts': {
        const used = await bitcoin.readUsedScripts(
          bitcoin.keepsScripts === true ? [] : [nobodysScript],
          signal,
        )
        return used.ok ? said(null, null) : used
      }
    }
  }

  return ok({
    read: view,
    write,
    async check({ which, check }) {
      const server = current[which]
      if (port === null || server === null)
        return refuse('NOT_FOUND', { what: 'server', id: which })
      const bitcoin = port.open(server, current.proxy)
      try {
        return await run(bitcoin, check)
      } finally {
        await bitcoin.close()
      }
    },
  })
}

type ConfirmRefusals = Extract<
  Extract<ResultOf<typeof serversWrite>, { readonly ok: false }>['refusal']['code'],
  string
>

function readStored(store: StorePort): Result<BitcoinServers | undefined, StoreRefusals> {
  const text = store.readSecret(secretName)
  if (!text.ok) return text
  if (text.value === null) return ok(undefined)
  const parsed = bitcoinServersSchema.safeParse(decodeCanonical(text.value)?.value)
  return parsed.success
    ? ok(parsed.data)
    : refuse('STORE_CORRUPT', {
        file: secretName,
        reason: parsed.error.issues[0]?.message ?? 'malformed',
      })
}
