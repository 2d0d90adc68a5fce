import { expect, test } from 'vitest'
import { type Result, ok, refuse } from '../../shared/errors/refusal.ts'
import { ETH } from '../../shared/units/amount.ts'
import { createEvmChains } from './evmChains.ts'
import type { EvmPort, StorePort, StoreRefusals } from './ports.ts'

const failed = refuse('STORE_WRITE_FAILED', { reason: 'full' })
const wrong = refuse('CHAIN_WRONG_NETWORK', { chain: 'evm:10', expected: '10', found: '1' })
const input = { chainId: 10, rpcUrl: 'https://rpc.example/key' }

interface World {
  readonly secrets?: Map<string, string>
  readonly fails?: (note: string) => boolean
  readonly port?: Partial<EvmPort>
}

function port(chainId: number, notes: string[], change: Partial<EvmPort> = {}): EvmPort {
  const made: Partial<EvmPort> = {
    chainId,
    coin: ETH,
    source: 'rpc.example',
    readTip: () => Promise.resolve(ok({ height: 7, asOf: 0 })),
    readFees: () =>
      Promise.resolve(ok({ baseFeePerGas: 1n, maxFeePerGas: 2n, maxPriorityFeePerGas: 1n })),
    close: () => Promise.resolve(void notes.push(`close ${chainId}`)),
    ...change,
  }
  return made as EvmPort
}

/** Notes each effect in its order. */
function open({ secrets = new Map(), fails = () => false, port: change = {} }: World = {}) {
  const notes: string[] = []
  const write = (note: string, effect: () => void): Result<void, StoreRefusals> => {
    if (fails(note)) return failed
    notes.push(note)
    effect()
    return ok(undefined)
  }
  const store: Partial<StorePort> = {
    readSecret: (name) => ok(secrets.get(name) ?? null),
    writeSecret: (name, value) => write('keep', () => secrets.set(name, value)),
  }
  const chains = createEvmChains({
    given: [port(1, notes)],
    openEvm: (chain) =>
      chain.chainId === 999
        ? refuse('INPUT_INVALID', { field: 'chainId', problem: 'its coin is missing' })
        : ok(port(chain.chainId, notes, change)),
    store: store as StorePort,
    journal: {
      record(event) {
        const written = write(event.kind, () => undefined)
        return written.ok ? ok({ seq: 1, at: 0, kind: event.kind, body: '', hash: '' }) : failed
      },
      replay: () => undefined,
    },
    onAdd: () => notes.push('tell'),
    log: (line) => notes.push(line),
  })
  const yes = (by: 'shell' | 'device' = 'shell') => {
    return (request: { readonly lines: readonly string[]; readonly onDevice: () => unknown }) => {
      notes.push(...request.lines)
      if (by === 'device') request.onDevice()
      return Promise.resolve(ok(by))
    }
  }
  const no = () =>
    Promise.resolve(refuse('CONFIRMATION_REQUIRED', { what: 'chain', where: 'declined' }))
  return { chains, notes, secrets, yes, no }
}

const ids = ({ ports }: { readonly ports: readonly EvmPort[] }) => ports.map((each) => each.chainId)

test('a chain is asked for its id, confirmed outside, journalled, kept, and there at once', async () => {
  const { chains, notes, yes } = open()
  expect(await chains.add(input, yes())).toEqual(
    ok({ chain: 'evm:10', source: 'rpc.example', height: 7 }),
  )
  expect(ids(chains)).toEqual([1, 10])
  expect(notes).toEqual([
    'Ask rpc.example about chain 10, whose coin is ETH',
    'chain.added',
    'keep',
    'tell',
  ])
})

test('where the device confirms, what it answers for is journalled first', async () => {
  const { chains, notes, yes } = open()
  await chains.add(input, yes('device'))
  expect(notes.slice(1, 3)).toEqual(['chain.asked', 'chain.added'])
})

test.each([
  [
    'another chain’s server',
    { port: { readTip: () => Promise.resolve(wrong) } },
    'CHAIN_WRONG_NETWORK',
  ],
  [
    'a server that knows no EIP-1559 fees',
    {
      port: {
        readFees: () =>
          Promise.resolve(refuse('CHAIN_REJECTED', { chain: 'evm:10', reason: 'no method' })),
      },
    },
    'CHAIN_REJECTED',
  ],
  [
    'a journal that cannot be written',
    { fails: (note: string) => note === 'chain.added' },
    'STORE_WRITE_FAILED',
  ],
  [
    'a secret that cannot be kept',
    { fails: (note: string) => note === 'keep' },
    'STORE_WRITE_FAILED',
  ],
] satisfies readonly (readonly [string, World, string])[])(
  '%s leaves nothing behind',
  async (_, world, code) => {
    const { chains, notes, secrets, yes } = open(world)
    expect(await chains.add(input, yes())).toMatchObject({ refusal: { code } })
    expect(ids(chains)).toEqual([1])
    expect(secrets.size).toBe(0)
    expect(notes.at(-1)).toBe('close 10')
  },
)

test('a no, a chain that is there, and one that cannot be counted with are refused', async () => {
  const { chains, notes, yes, no } = open()
  expect(await chains.add(input, no)).toMatchObject({ refusal: { code: 'CONFIRMATION_REQUIRED' } })
  expect(notes).toEqual(['close 10'])
  expect(await chains.add({ ...input, chainId: 1 }, yes())).toMatchObject({
    refusal: { code: 'INPUT_INVALID' },
  })
  expect(await chains.add({ ...input, chainId: 999 }, yes())).toMatchObject({
    refusal: { code: 'INPUT_INVALID' },
  })
  expect(ids(chains)).toEqual([1])
})

test('of two that were confirmed at once the second finds the chain there', async () => {
  const { chains, yes } = open()
  const both = await Promise.all([chains.add(input, yes()), chains.add(input, yes())])
  expect(both.map((added) => added.ok).sort()).toEqual([false, true])
  expect(ids(chains)).toEqual([1, 10])
})

test('what was added is opened at the next start, and gone after it was removed', async () => {
  const first = open()
  await first.chains.add(input, first.yes())
  const { secrets } = first
  expect(ids(open({ secrets }).chains)).toEqual([1, 10])
  const second = open({ secrets })
  expect(second.chains.remove(10)).toEqual(ok({ chain: 'evm:10' }))
  expect(second.chains.remove(10)).toMatchObject({ refusal: { code: 'NOT_FOUND' } })
  expect(second.chains.remove(1)).toMatchObject({ refusal: { code: 'NOT_FOUND' } })
  expect(ids(second.chains)).toEqual([1, 10])
  expect(ids(open({ secrets }).chains)).toEqual([1])
})

test('a list that cannot be read is not written over', async () => {
  const secrets = new Map([['evm.chains', 'garbage']])
  const { chains, notes, yes } = open({ secrets })
  expect(notes[0]).toContain('STORE_CORRUPT')
  expect(await chains.add(input, yes())).toMatchObject({ refusal: { code: 'STORE_CORRUPT' } })
  expect(secrets.get('evm.chains')).toBe('garbage')
})
