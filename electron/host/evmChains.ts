/** The EVM chains that there are: those given at the start, and those the user added by a server of their own.
 *  A server sees the vault's addresses and its word is half of what a plan stands on, so adding one is confirmed
 *  outside the renderer. Addresses of servers often hold keys: kept in the secret store. A chain that is there is never
 *  given another server from here. */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { z } from 'zod'
import type { CodeOf, ParsedInputOf, ResultOf } from '../../shared/contract/method.ts'
import type { evmAddChain, evmRemoveChain } from '../../shared/contract/methods/settings.ts'
import { type Result, ok, refuse } from '../../shared/errors/refusal.ts'
import { decodeCanonical, encodeCanonical } from '../../shared/units/canonical.ts'
import type { Journal } from './journal.ts'
import type { EvmPort, OpenEvm, StorePort, StoreRefusals } from './ports.ts'

const secretName = 'evm.chains'
const probeTimeoutMs = 20_000

const storedSchema = z.array(
  z
    .object({
      chainId: z.int().positive(),
      rpcUrl: z.string(),
      secondUrl: z.string().optional(),
      coin: z.string().optional(),
    })
    .readonly(),
)
type Stored = z.output<typeof storedSchema>[number]
type AddCode = CodeOf<typeof evmAddChain>

/** How the host asks for a yes outside the renderer; refused with its own codes. */
type Confirm = (request: {
  readonly title: string
  readonly lines: readonly string[]
  readonly digest: string
  readonly onDevice: () => Result<unknown, 'STORE_WRITE_FAILED'>
}) => Promise<Result<'shell' | 'device', AddCode>>

export interface EvmChains {
  /** Grows while the host runs. */
  readonly ports: readonly EvmPort[]
  add(
    input: ParsedInputOf<typeof evmAddChain>,
    confirm: Confirm,
  ): Promise<ResultOf<typeof evmAddChain>>
  /** Was added here, and stays after the next start. */
  isAdded(chainId: number): boolean
  /** Forgets an added chain from the next start on: what is under way there is still followed until then. */
  remove(chainId: number): ResultOf<typeof evmRemoveChain>
  close(): Promise<void>
}

export function createEvmChains(options: {
  readonly given: readonly EvmPort[]
  /** Null where chains cannot be added: the demo. */
  readonly openEvm: OpenEvm | null
  readonly store: StorePort
  readonly journal: Journal
  readonly onAdd: () => void
  readonly log: (line: string) => void
}): EvmChains {
  const { given, openEvm, store, journal } = options
  const ports: EvmPort[] = [...given]

  function stored(): Result<readonly Stored[], StoreRefusals> {
    const secret = store.readSecret(secretName)
    if (!secret.ok) return secret
    if (secret.value === null) return ok([])
    const parsed = storedSchema.safeParse(decodeCanonical(secret.value)?.value)
    return parsed.success
      ? ok(parsed.data)
      : refuse('STORE_CORRUPT', { file: secretName, reason: 'malformed' })
  }

  function keep(chains: readonly Stored[]): Result<void, StoreRefusals> {
    return store.writeSecret(secretName, encodeCanonical(chains))
  }

  function openStored(open: OpenEvm): void {
    const chains = stored()
    if (!chains.ok) options.log(`added chains could not be read: ${chains.refusal.code}`)
    for (const chain of chains.ok ? chains.value : []) {
      const port = ports.some(({ chainId }) => chainId === chain.chainId) ? null : open(chain)
      if (port?.ok === true) ports.push(port.value)
      else options.log(`added chain ${chain.chainId} could not be opened`)
    }
  }
  if (openEvm !== null) openStored(openEvm)

  /** The chain id that the server says, and that it speaks of fees as our transactions need (EIP-1559). */
  async function probe(port: EvmPort) {
    const signal = AbortSignal.timeout(probeTimeoutMs)
    const tip = await port.readTip(signal)
    if (!tip.ok) return tip
    const fees = await port.readFees(signal)
    return fees.ok ? tip : fees
  }

  async function confirmed(
    chain: Stored,
    port: EvmPort,
    confirm: Confirm,
  ): Promise<Result<number, AddCode>> {
    const tip = await probe(port)
    if (!tip.ok) return tip
    const { chainId } = chain
    const digest = bytesToHex(sha256(utf8ToBytes(encodeCanonical(chain))))
    const yes = await confirm({
      title: 'chain',
      lines: [`Ask ${port.source} about chain ${chainId}, whose coin is ${port.coin.symbol}`],
      digest,
      onDevice: () => journal.record({ kind: 'chain.asked', chainId, source: port.source, digest }),
    })
    if (!yes.ok) return yes
    const before = stored()
    if (!before.ok) return before
    if (ports.some((other) => other.chainId === chainId)) return alreadyThere(chainId)
    const recorded = journal.record({
      kind: 'chain.added',
      chainId,
      source: port.source,
      confirmedBy: yes.value,
    })
    if (!recorded.ok) return recorded
    const kept = keep([...before.value.filter((other) => other.chainId !== chainId), chain])
    if (!kept.ok) return kept
    // Not a turn later: another call may be waiting for its yes to the same chain.
    ports.push(port)
    return ok(tip.value.height)
  }

  return {
    ports,
    async add(input, confirm) {
      if (openEvm === null) {
        return refuse('INPUT_INVALID', { field: 'chainId', problem: 'the demo has one chain only' })
      }
      if (ports.some(({ chainId }) => chainId === input.chainId)) return alreadyThere(input.chainId)
      const opened = openEvm(input)
      if (!opened.ok) return opened
      const port = opened.value
      const height = await confirmed(input, port, confirm)
      if (!height.ok) {
        await port.close()
        return height
      }
      options.onAdd()
      return ok({ chain: `evm:${port.chainId}`, source: port.source, height: height.value })
    },
    isAdded(chainId) {
      const chains = stored()
      return chains.ok && chains.value.some((chain) => chain.chainId === chainId)
    },
    remove(chainId) {
      const before = stored()
      if (!before.ok) return before
      const rest = before.value.filter((chain) => chain.chainId !== chainId)
      if (rest.length === before.value.length)
        return refuse('NOT_FOUND', { what: 'chain', id: `evm:${chainId}` })
      const recorded = journal.record({ kind: 'chain.removed', chainId })
      if (!recorded.ok) return recorded
      const kept = keep(rest)
      return kept.ok ? ok({ chain: `evm:${chainId}` }) : kept
    },
    async close() {
      await Promise.all(ports.map((port) => port.close()))
    },
  }
}

function alreadyThere(chainId: number): Result<never, 'INPUT_INVALID'> {
  return refuse('INPUT_INVALID', { field: 'chainId', problem: `${chainId} is there already` })
}
