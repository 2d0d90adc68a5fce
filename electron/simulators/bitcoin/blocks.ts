/** Regtest blocks with real headers: BIP34 height, witness commitment, merkle roots, proof of work
 *  at regtest difficulty (two hashes on average), and the branches that prove a transaction's place. */
import { Block, Transaction, crypto, script } from 'bitcoinjs-lib'
import { concat, fromHex, reverse } from './bytes.ts'

const REGTEST_BITS = 0x207fffff
const HALVING_BLOCKS = 150

/** The genesis block of Bitcoin Core's regtest. */
const GENESIS_HEX =
  '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4adae5494dffff7f2002000000' +
  '01' +
  '01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000'

export function genesisBlock(): Block {
  return Block.fromHex(GENESIS_HEX)
}

export function headerOf(block: Block): Uint8Array {
  return block.toBuffer(true)
}

export function subsidy(height: number): bigint {
  return 5_000_000_000n >> BigInt(Math.floor(height / HALVING_BLOCKS))
}

export interface BlockTemplate {
  readonly previous: Block
  readonly height: number
  /** Without the coinbase. */
  readonly transactions: readonly Transaction[]
  readonly fees: bigint
  readonly rewardScript: Uint8Array
  /** Seconds. */
  readonly timestamp: number
  /** Makes two blocks at one height differ. */
  readonly extraNonce: number
}

export function mineBlock(template: BlockTemplate): Block {
  const coinbase = makeCoinbase(template)
  const transactions = [coinbase, ...template.transactions]
  const witnessRoot = Block.calculateMerkleRoot(transactions, true)
  const commitment = crypto.hash256(concat([witnessRoot, new Uint8Array(32)]))
  coinbase.addOutput(concat([fromHex('6a24aa21a9ed'), commitment]), 0n)
  const block = new Block()
  block.version = 0x20000000
  block.prevHash = template.previous.getHash()
  block.merkleRoot = Block.calculateMerkleRoot(transactions)
  block.timestamp = Math.max(template.timestamp, template.previous.timestamp + 1)
  block.bits = REGTEST_BITS
  block.transactions = transactions
  block.nonce = 0
  while (!block.checkProofOfWork()) block.nonce += 1
  return block
}

function makeCoinbase(template: BlockTemplate): Transaction {
  const coinbase = new Transaction()
  coinbase.version = 2
  const extraNonce = new Uint8Array(8)
  new DataView(extraNonce.buffer).setUint32(0, template.extraNonce)
  const scriptSig = script.compile([script.number.encode(template.height), extraNonce])
  coinbase.addInput(new Uint8Array(32), 0xffffffff, 0xffffffff, scriptSig)
  coinbase.setWitness(0, [new Uint8Array(32)])
  coinbase.addOutput(template.rewardScript, subsidy(template.height) + template.fees)
  return coinbase
}

/** Sibling hashes from a leaf to the root, bottom up, each in the reversed hex of the Electrum protocol. */
export function merkleBranch(
  leaves: readonly Uint8Array[],
  index: number,
): { readonly branch: readonly string[]; readonly root: Uint8Array } {
  const branch: string[] = []
  let level = [...leaves]
  let at = index
  while (level.length > 1) {
    const last = level[level.length - 1]
    if (level.length % 2 === 1 && last !== undefined) level.push(last)
    const sibling = level[at ^ 1]
    if (sibling === undefined) throw new RangeError(`no leaf ${index}`)
    branch.push(reverse(sibling))
    const next: Uint8Array[] = []
    for (let i = 0; i + 1 < level.length; i += 2) {
      next.push(
        crypto.hash256(concat([level[i] ?? new Uint8Array(0), level[i + 1] ?? new Uint8Array(0)])),
      )
    }
    level = next
    at >>= 1
  }
  const [root] = level
  if (root === undefined) throw new RangeError('no leaves')
  return { branch, root }
}
