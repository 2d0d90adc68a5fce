import { Block, Transaction, address, crypto, networks } from 'bitcoinjs-lib'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type BitcoinSimulator, startBitcoinSimulator } from './simulator.ts'
import { type WalletSpend, createTestWallet } from './testWallet.ts'

const wallet = createTestWallet(`${'abandon '.repeat(11)}about`, 'regtest')
const PATH = "m/84'/1'/0'/0/0"
const OWN = 'bcrt1q6rz28mcfaxtmd6v789l9rrlrusdprr9pz3cppk'
const STRANGER = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
/** BIP86 first address of the same words on regtest. */
const TAPROOT = 'bcrt1p8wpt9v4frpf3tkn0srd97pksgsxc5hs52lafxwru9kgeephvs7rqjeprhg'
const TAPROOT_PATH = "m/86'/1'/0'/0/0"

const cleanup: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of cleanup.splice(0)) await close()
})

async function start(): Promise<BitcoinSimulator> {
  const simulator = await startBitcoinSimulator()
  cleanup.push(simulator.close)
  return simulator
}

function script(text: string): Uint8Array {
  return address.toOutputScript(text, networks.regtest)
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

interface Funded {
  readonly simulator: BitcoinSimulator
  readonly spend: WalletSpend
  readonly txid: string
  readonly vout: number
}

/** A simulator with one confirmed coin of ours. */
async function funded(to = OWN, path = PATH, sats = 1_000_000n): Promise<Funded> {
  const simulator = await start()
  const txid = simulator.fund(to, sats)
  simulator.mine(1)
  const raw = simulator.transaction(txid)?.rawHex ?? ''
  const wanted = hex(script(to))
  const vout = Transaction.fromHex(raw).outs.findIndex((output) => hex(output.script) === wanted)
  return { simulator, txid, vout, spend: { script: wanted, value: sats, path } }
}

/** Spends that coin; `change` runs before signing. */
function pay(
  { txid, vout, spend }: Funded,
  sats: bigint,
  change: (transaction: Transaction) => void = () => {},
  hashType?: number,
): Transaction {
  const transaction = new Transaction()
  transaction.version = 2
  transaction.addInput(Buffer.from(txid, 'hex').reverse(), vout, 0xfffffffd)
  transaction.addOutput(script(STRANGER), sats)
  change(transaction)
  wallet.sign(transaction, [spend], hashType)
  return transaction
}

describe('the chain checks what a node checks', () => {
  const rejected: readonly {
    readonly name: string
    readonly reason: string
    readonly make: (from: Funded) => Transaction
  }[] = [
    {
      name: 'more out than in',
      reason: 'bad-txns-in-belowout',
      make: (from) => pay(from, 1_000_001n),
    },
    { name: 'no fee', reason: 'min relay fee not met', make: (from) => pay(from, 1_000_000n) },
    { name: 'dust', reason: 'dust', make: (from) => pay(from, 293n) },
    {
      name: 'an unknown script',
      reason: 'scriptpubkey',
      make: (from) => pay(from, 900_000n, (tx) => tx.addOutput(Uint8Array.of(0x51), 1_000n)),
    },
    {
      name: 'a locktime in the future',
      reason: 'non-final',
      make: (from) => pay(from, 900_000n, (tx) => (tx.locktime = 112)),
    },
    {
      name: 'a coin that does not exist',
      reason: 'bad-txns-inputs-missingorspent',
      make: (from) => pay({ ...from, vout: from.vout + 2 }, 900_000n),
    },
    {
      name: 'a signature over another value',
      reason: 'mandatory-script-verify-flag-failed',
      make: (from) => pay({ ...from, spend: { ...from.spend, value: 999_999n } }, 900_000n),
    },
    {
      name: 'a changed output after signing',
      reason: 'mandatory-script-verify-flag-failed',
      make: (from) => {
        const transaction = pay(from, 900_000n)
        const [output] = transaction.outs
        if (output !== undefined) output.value += 1n
        return transaction
      },
    },
    {
      name: 'another key',
      reason: 'mandatory-script-verify-flag-failed',
      make: (from) => pay({ ...from, spend: { ...from.spend, path: `${PATH}1` } }, 900_000n),
    },
    {
      name: 'no witness',
      reason: 'mandatory-script-verify-flag-failed',
      make: (from) => {
        const transaction = pay(from, 900_000n)
        transaction.stripWitnesses()
        return transaction
      },
    },
  ]
  for (const { name, reason, make } of rejected) {
    it(`rejects ${name}`, async () => {
      const from = await funded()
      const outcome = from.simulator.accept(make(from).toHex())
      expect(outcome).toMatchObject({ kind: 'rejected', reason: expect.stringContaining(reason) })
    })
  }

  it('rejects what is no transaction', async () => {
    const simulator = await start()
    expect(simulator.accept('00ff')).toEqual({ kind: 'rejected', reason: 'TX decode failed' })
  })

  // The network does not care what a signature leaves open: only the vault's verifier does.
  for (const hashType of [1, 2, 3, 0x81, 0x82, 0x83]) {
    it(`accepts hash type 0x${hashType.toString(16)}, segwit and taproot`, async () => {
      const segwit = await funded()
      expect(segwit.simulator.accept(pay(segwit, 900_000n, undefined, hashType).toHex()).kind).toBe(
        'accepted',
      )
      const taproot = await funded(TAPROOT, TAPROOT_PATH)
      expect(
        taproot.simulator.accept(pay(taproot, 900_000n, undefined, hashType).toHex()).kind,
      ).toBe('accepted')
    })
  }

  it('accepts SIGHASH_NONE with its outputs replaced by a thief', async () => {
    const from = await funded()
    const transaction = pay(from, 900_000n, undefined, 2)
    transaction.outs = [{ script: script(OWN), value: 990_000n }]
    expect(from.simulator.accept(transaction.toHex()).kind).toBe('accepted')
  })

  it('rejects a second spend, unless it replaces with a higher fee', async () => {
    const from = await funded()
    const { simulator } = from
    expect(simulator.accept(pay(from, 900_000n).toHex()).kind).toBe('accepted')
    expect(simulator.accept(pay(from, 900_000n).toHex())).toMatchObject({
      reason: 'txn-already-in-mempool',
    })
    expect(simulator.accept(pay(from, 900_050n).toHex())).toMatchObject({
      reason: 'insufficient fee',
    })
    const replacement = pay(from, 890_000n)
    expect(simulator.accept(replacement.toHex()).kind).toBe('accepted')
    simulator.mine(1)
    expect(simulator.transaction(replacement.getId())?.height).toBe(112)
    expect(simulator.accept(pay(from, 800_000n).toHex())).toMatchObject({
      reason: 'bad-txns-inputs-missingorspent',
    })
  })

  it('a reorganisation can replace a payment by its double spend', async () => {
    const from = await funded()
    const { simulator } = from
    const first = pay(from, 900_000n)
    simulator.accept(first.toHex())
    simulator.mine(2)
    const second = pay(from, 800_000n)
    simulator.reorganise({ depth: 2, lost: 'to-mempool', include: [second.toHex()] })
    expect(simulator.height()).toBe(114)
    expect(simulator.transaction(first.getId())).toBeUndefined()
    expect(simulator.transaction(second.getId())?.height).toBe(112)
  })
})

const headersAnswer = z.object({ result: z.object({ hex: z.string(), count: z.int() }) })

/** One question over a plain socket, as a stranger would ask it. */
async function ask(port: number, requests: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port })
    let text = ''
    socket.on('error', reject)
    socket.on('data', (chunk) => {
      text += chunk.toString('utf8')
      if (!text.endsWith('\n')) return
      socket.destroy()
      resolve(JSON.parse(text))
    })
    socket.write(`${JSON.stringify(requests)}\n`)
  })
}

describe('the Electrum protocol', () => {
  it('serves headers that link, with work, from the real regtest genesis', async () => {
    const simulator = await start()
    const answer = await ask(simulator.port, {
      id: 1,
      method: 'blockchain.block.headers',
      params: [0, 50],
    })
    const { hex: headers, count } = headersAnswer.parse(answer).result
    expect(count).toBe(50)
    const blocks = Array.from({ length: 50 }, (_, i) =>
      Block.fromHex(headers.slice(i * 160, (i + 1) * 160)),
    )
    expect(blocks[0]?.getId()).toBe(
      '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206',
    )
    for (const [i, block] of blocks.entries()) {
      expect(block.checkProofOfWork()).toBe(true)
      const parent = blocks[i - 1]
      if (parent !== undefined)
        expect(hex(block.prevHash ?? new Uint8Array())).toBe(hex(parent.getHash()))
    }
  })

  it('answers a batch in one line and names an unknown method', async () => {
    const simulator = await start()
    const answer = await ask(simulator.port, [
      { id: 'a', method: 'server.ping', params: [] },
      { id: 'b', method: 'no.such', params: [] },
      { id: 'c', method: 'blockchain.scripthash.get_balance', params: ['xyz'] },
      7,
    ])
    expect(answer).toMatchObject([
      { id: 'a', result: null },
      { id: 'b', error: { code: -32601 } },
      { id: 'c', error: { code: 1 } },
      { id: null, error: { code: -32600 } },
    ])
  })

  it('tells subscribers of new blocks and of their scripts', async () => {
    const simulator = await start()
    const lines: string[] = []
    const socket = connect({ host: '127.0.0.1', port: simulator.port })
    cleanup.push(async () => {
      socket.destroy()
    })
    const seen = (count: number) =>
      new Promise<void>((resolve) => {
        const check = (): void => {
          if (lines.length >= count) resolve()
          else setTimeout(check, 5)
        }
        check()
      })
    socket.on('data', (chunk) => lines.push(...chunk.toString('utf8').trim().split('\n')))
    const hash = Buffer.from(crypto.sha256(script(OWN)))
      .reverse()
      .toString('hex')
    socket.write('{"id":1,"method":"blockchain.headers.subscribe","params":[]}\n')
    socket.write(`{"id":2,"method":"blockchain.scripthash.subscribe","params":["${hash}"]}\n`)
    await seen(2)
    simulator.fund(OWN, 5_000n)
    await seen(3)
    expect(lines[2]).toContain(hash)
    simulator.mine(1)
    await seen(5)
    expect(lines[3]).toContain('"height":111')
    expect(lines[4]).toContain(hash)
    expect(lines[4]).not.toBe(lines[2])
  })
})
