/** Would this signature let somebody else move our tokens? Pure; reads calldata and typed data.
 *  Covers ERC-20 and NFT approvals, EIP-2612 and DAI permits, Permit2, EIP-3009 authorisations.
 *  `none` means none of these, not that it is harmless. All others are refused unless the user has
 *  allowed that very kind; an unlimited one always names itself. */
import type { TypedData } from './typedData.ts'

export type Allowance =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'approval' | 'permit' | 'permit2' | 'transfer-authorisation'
      /** Who may then move the tokens; null where it cannot be read. */
      readonly spender: string | null
      readonly amount:
        | { readonly kind: 'limited'; readonly units: bigint }
        | { readonly kind: 'unlimited' }
        | { readonly kind: 'unknown' }
    }

/** 2^96 − 1: the least of the customary "infinite" amounts (tokens with 96-bit balances). */
const UNLIMITED_FROM = (1n << 96n) - 1n

/** Permit2 has the same address on every chain. */
const PERMIT2 = '0x000000000022d473030f116ddee9f6b43ac78ba3'

// ── calldata ──────────────────────────────────────────────────────────────────

/** Where spender and amount stand among the words after the selector; null where there is no one word. */
interface Layout {
  readonly kind: 'approval' | 'permit' | 'permit2' | 'transfer-authorisation'
  readonly spender: number | null
  readonly amount: number | 'all-if-true' | null
  /** Word that is true or false, for 'all-if-true'. */
  readonly flag?: number
}

/** By selector: the first four bytes of keccak256 of the signature beside it. */
export const allowanceSelectors: Readonly<Record<string, Layout & { readonly signature: string }>> =
  {
    '095ea7b3': {
      signature: 'approve(address,uint256)',
      kind: 'approval',
      spender: 0,
      amount: 1,
    },
    '39509351': {
      signature: 'increaseAllowance(address,uint256)',
      kind: 'approval',
      spender: 0,
      amount: 1,
    },
    a22cb465: {
      signature: 'setApprovalForAll(address,bool)',
      kind: 'approval',
      spender: 0,
      amount: 'all-if-true',
      flag: 1,
    },
    d505accf: {
      signature: 'permit(address,address,uint256,uint256,uint8,bytes32,bytes32)',
      kind: 'permit',
      spender: 1,
      amount: 2,
    },
    '8fcbaf0c': {
      signature: 'permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)',
      kind: 'permit',
      spender: 1,
      amount: 'all-if-true',
      flag: 4,
    },
    '87517c45': {
      signature: 'approve(address,address,uint160,uint48)',
      kind: 'permit2',
      spender: 1,
      amount: 2,
    },
    '2b67b570': {
      signature: 'permit(address,((address,uint160,uint48,uint48),address,uint256),bytes)',
      kind: 'permit2',
      spender: 5,
      amount: 2,
    },
    '2a2d80d1': {
      signature: 'permit(address,((address,uint160,uint48,uint48)[],address,uint256),bytes)',
      kind: 'permit2',
      spender: null,
      amount: null,
    },
    e3ee160e: {
      signature:
        'transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)',
      kind: 'transfer-authorisation',
      spender: 1,
      amount: 2,
    },
    ef55bec6: {
      signature:
        'receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)',
      kind: 'transfer-authorisation',
      spender: 1,
      amount: 2,
    },
  }

/** @param data calldata, lower-case hex without 0x */
export function readCallAllowance(data: string): Allowance {
  const layout = Object.hasOwn(allowanceSelectors, data.slice(0, 8))
    ? allowanceSelectors[data.slice(0, 8)]
    : undefined
  if (layout === undefined) return { kind: 'none' }
  const wordAt = (index: number | null | undefined): bigint | undefined => {
    if (index === null || index === undefined) return undefined
    const text = data.slice(8 + 64 * index, 72 + 64 * index)
    return /^[0-9a-f]{64}$/.test(text) ? BigInt(`0x${text}`) : undefined
  }
  const spender = wordAt(layout.spender)
  const amount =
    layout.amount === 'all-if-true'
      ? amountOfFlag(wordAt(layout.flag))
      : amountOf(wordAt(layout.amount))
  return { kind: layout.kind, spender: addressText(spender), amount }
}

// ── typed data ────────────────────────────────────────────────────────────────

const permitTypes: Readonly<Record<string, 'permit' | 'permit2' | 'transfer-authorisation'>> = {
  Permit: 'permit',
  PermitSingle: 'permit2',
  PermitBatch: 'permit2',
  PermitTransferFrom: 'permit2',
  PermitBatchTransferFrom: 'permit2',
  PermitWitnessTransferFrom: 'permit2',
  PermitBatchWitnessTransferFrom: 'permit2',
  TransferWithAuthorization: 'transfer-authorisation',
  ReceiveWithAuthorization: 'transfer-authorisation',
}

/** Goes by the type's name, by Permit2's address, and by any `spender` at any depth, so that a
 *  renamed permit is still one. */
export function readTypedAllowance(data: TypedData): Allowance {
  const spender = findField(data.message, ['spender'])
  const named = Object.hasOwn(permitTypes, data.primaryType)
    ? permitTypes[data.primaryType]
    : undefined
  const contract = data.domain['verifyingContract']
  const permit2 = typeof contract === 'string' && contract.toLowerCase() === PERMIT2
  const kind = permit2 ? 'permit2' : (named ?? (spender === undefined ? undefined : 'permit'))
  if (kind === undefined) return { kind: 'none' }
  const payee = kind === 'transfer-authorisation' ? findField(data.message, ['to']) : spender
  const allowed = findField(data.message, ['allowed'])
  const amount =
    typeof allowed === 'boolean'
      ? amountOfFlag(allowed ? 1n : 0n)
      : amountOf(integerOf(findField(data.message, ['value', 'amount'])))
  return { kind, spender: typeof payee === 'string' ? payee : null, amount }
}

/** The field of one of these names at any depth; null when several differ. */
function findField(value: unknown, names: readonly string[]): unknown {
  const found: unknown[] = []
  const walk = (at: unknown, depth: number): void => {
    if (typeof at !== 'object' || at === null || depth > 16) return
    for (const [key, inner] of Object.entries(at)) {
      if (names.includes(key) && typeof inner !== 'object') found.push(inner)
      walk(inner, depth + 1)
    }
  }
  walk(value, 0)
  return found.length > 1 && new Set(found.map(String)).size > 1 ? null : found[0]
}

function integerOf(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined
  if (typeof value !== 'string' || !/^(\d+|0x[0-9a-fA-F]+)$/.test(value)) return undefined
  return BigInt(value)
}

function amountOf(units: bigint | undefined): Extract<Allowance, { amount: unknown }>['amount'] {
  if (units === undefined) return { kind: 'unknown' }
  return units >= UNLIMITED_FROM ? { kind: 'unlimited' } : { kind: 'limited', units }
}

function amountOfFlag(flag: bigint | undefined): Extract<Allowance, { amount: unknown }>['amount'] {
  if (flag === undefined) return { kind: 'unknown' }
  return flag === 0n ? { kind: 'limited', units: 0n } : { kind: 'unlimited' }
}

function addressText(word: bigint | undefined): string | null {
  return word === undefined || word >> 160n !== 0n
    ? null
    : `0x${word.toString(16).padStart(40, '0')}`
}
