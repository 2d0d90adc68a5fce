/** Would this signature let somebody else move our tokens or act for us? Pure; reads calldata and typed data.
 *  Covers ERC-20 and NFT approvals, EIP-2612 and DAI permits, Permit2, EIP-3009 authorisations, credit delegation,
 *  orders, and calls made in our name (meta-transactions, Safe, forwarders), whatever they carry.
 *  `none` means none of these, not that it is harmless. All others are refused unless the user has
 *  allowed that very kind; an unlimited one always names itself. */
import type { AllowanceKind } from './message.ts'
import type { TypedData } from './typedData.ts'

export type Allowance =
  | { readonly kind: 'none' }
  | {
      readonly kind: AllowanceKind
      /** Who may then move the tokens or act; null where it cannot be read. */
      readonly spender: string | null
      readonly amount:
        | { readonly kind: 'limited'; readonly units: bigint }
        | { readonly kind: 'unlimited' }
        | { readonly kind: 'unknown' }
    }

type Amounts = Extract<Allowance, { amount: unknown }>['amount']

/** 2^96 − 1: the least of the customary "infinite" amounts (tokens with 96-bit balances). */
const UNLIMITED_FROM = (1n << 96n) - 1n

/** Permit2 has the same address on every chain. */
const PERMIT2 = '0x000000000022d473030f116ddee9f6b43ac78ba3'

// ── calldata ──────────────────────────────────────────────────────────────────

/** Where spender and amount stand among the words after the selector; null where there is no one word. */
interface Layout {
  readonly kind: AllowanceKind
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
    cf092995: {
      signature: 'transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)',
      kind: 'transfer-authorisation',
      spender: 1,
      amount: 2,
    },
    '88b7ab63': {
      signature: 'receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)',
      kind: 'transfer-authorisation',
      spender: 1,
      amount: 2,
    },
    '9fd5a6cf': {
      signature: 'permit(address,address,uint256,uint256,bytes)',
      kind: 'permit',
      spender: 1,
      amount: 2,
    },
    '30f28b7a': {
      signature:
        'permitTransferFrom(((address,uint256),uint256,uint256),(address,uint256),address,bytes)',
      kind: 'permit2',
      spender: 4,
      amount: 5,
    },
    d73dd623: {
      signature: 'increaseApproval(address,uint256)',
      kind: 'approval',
      spender: 0,
      amount: 1,
    },
    '3177029f': {
      signature: 'approveAndCall(address,uint256)',
      kind: 'approval',
      spender: 0,
      amount: 1,
    },
    cae9ca51: {
      signature: 'approveAndCall(address,uint256,bytes)',
      kind: 'approval',
      spender: 0,
      amount: 1,
    },
    '959b8c3f': {
      signature: 'authorizeOperator(address)',
      kind: 'approval',
      spender: 0,
      amount: null,
    },
    '558a7297': {
      signature: 'setOperator(address,bool)',
      kind: 'approval',
      spender: 0,
      amount: 'all-if-true',
      flag: 1,
    },
    c04a8a10: {
      signature: 'approveDelegation(address,uint256)',
      kind: 'delegation',
      spender: 0,
      amount: 1,
    },
    ac9650d8: {
      signature: 'multicall(bytes[])',
      kind: 'call',
      spender: null,
      amount: null,
    },
  }

/** @param data calldata, lower-case hex without 0x */
export function readCallAllowance(data: string): Allowance {
  return readCall(data, allowanceSelectors)
}

function readCall(data: string, selectors: Readonly<Record<string, Layout>>): Allowance {
  const layout = Object.hasOwn(selectors, data.slice(0, 8))
    ? selectors[data.slice(0, 8)]
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

const namedTypes: Readonly<Record<string, AllowanceKind>> = {
  Permit: 'permit',
  PermitForAll: 'permit',
  PermitAll: 'permit',
  PermitSingle: 'permit2',
  PermitBatch: 'permit2',
  PermitTransferFrom: 'permit2',
  PermitBatchTransferFrom: 'permit2',
  PermitWitnessTransferFrom: 'permit2',
  PermitBatchWitnessTransferFrom: 'permit2',
  TransferWithAuthorization: 'transfer-authorisation',
  ReceiveWithAuthorization: 'transfer-authorisation',
  DelegationWithSig: 'delegation',
  Delegation: 'delegation',
  Authorization: 'delegation',
  MetaTransaction: 'call',
  ForwardRequest: 'call',
  SafeTx: 'call',
  UserOperation: 'call',
  PackedUserOperation: 'call',
}

/** Who acts, by the names that the kinds' own types use. */
const actorFields: Readonly<Record<AllowanceKind, readonly string[]>> = {
  approval: ['spender', 'operator'],
  permit: ['spender', 'operator'],
  permit2: ['spender'],
  'transfer-authorisation': ['to'],
  delegation: ['delegatee', 'delegate', 'manager', 'authorized', 'operator', 'spender'],
  order: ['taker', 'recipient', 'receiver'],
  call: ['to', 'sender'],
}

/** Goes by the type's name, by Permit2's address, by any `spender` at any depth and by any calldata inside, so that
 *  a renamed permit is still one. */
export function readTypedAllowance(data: TypedData): Allowance {
  const inside = findCall(data.message)
  if (inside !== undefined) return inside
  const kind = kindOf(data)
  if (kind === undefined) return { kind: 'none' }
  const actor = findField(data.message, actorFields[kind])
  return { kind, spender: typeof actor === 'string' ? actor : null, amount: typedAmount(data) }
}

function kindOf(data: TypedData): AllowanceKind | undefined {
  const contract = data.domain['verifyingContract']
  if (typeof contract === 'string' && contract.toLowerCase() === PERMIT2) return 'permit2'
  const { primaryType } = data
  if (Object.hasOwn(namedTypes, primaryType)) return namedTypes[primaryType]
  if (findField(data.message, ['spender', 'operator']) !== undefined) return 'permit'
  if (findField(data.message, ['delegatee', 'delegate']) !== undefined) return 'delegation'
  const offers = findField(data.message, ['makerAsset', 'sellToken', 'consideration', 'makerToken'])
  return /order/i.test(primaryType) || offers !== undefined ? 'order' : undefined
}

function typedAmount(data: TypedData): Amounts {
  const flag = findField(data.message, ['allowed', 'approved', 'isAllowed', 'isAuthorized'])
  return typeof flag === 'boolean'
    ? amountOfFlag(flag ? 1n : 0n)
    : amountOf(integerOf(findField(data.message, ['value', 'amount'])))
}

/** ERC-20 transfer and transferFrom: a signature that carries one moves tokens as surely as a permit. */
const transferCalls: Readonly<Record<string, Layout>> = {
  a9059cbb: { kind: 'transfer-authorisation', spender: 0, amount: 1 },
  '23b872dd': { kind: 'transfer-authorisation', spender: 1, amount: 2 },
}

/** The first allowance or transfer among values that have the length of calldata: four bytes and whole words. */
function findCall(message: unknown): Allowance | undefined {
  const calls: Allowance[] = []
  walkFields(message, (_, value) => {
    if (typeof value !== 'string' || !/^0x[0-9a-fA-F]{8}([0-9a-fA-F]{64})*$/.test(value)) return
    const call = readCall(value.slice(2).toLowerCase(), { ...transferCalls, ...allowanceSelectors })
    if (call.kind !== 'none') calls.push(call)
  })
  return calls[0]
}

/** The field of one of these names at any depth, list or struct included; null when several differ. */
function findField(message: unknown, names: readonly string[]): unknown {
  const found: unknown[] = []
  walkFields(message, (name, value) => {
    if (names.includes(name)) found.push(typeof value === 'object' ? null : value)
  })
  return found.length > 1 && new Set(found.map(String)).size > 1 ? null : found[0]
}

/** Far deeper than any type that can be hashed. */
const MAX_DEPTH = 1_000

function walkFields(
  value: unknown,
  visit: (name: string, value: unknown) => void,
  depth = 0,
): void {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return
  for (const [name, inner] of Object.entries(value)) {
    visit(name, inner)
    walkFields(inner, visit, depth + 1)
  }
}

function integerOf(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined
  if (typeof value !== 'string' || !/^(\d+|0x[0-9a-fA-F]+)$/.test(value)) return undefined
  return BigInt(value)
}

function amountOf(units: bigint | undefined): Amounts {
  if (units === undefined) return { kind: 'unknown' }
  return units >= UNLIMITED_FROM ? { kind: 'unlimited' } : { kind: 'limited', units }
}

function amountOfFlag(flag: bigint | undefined): Amounts {
  if (flag === undefined) return { kind: 'unknown' }
  return flag === 0n ? { kind: 'limited', units: 0n } : { kind: 'unlimited' }
}

function addressText(word: bigint | undefined): string | null {
  return word === undefined || word >> 160n !== 0n
    ? null
    : `0x${word.toString(16).padStart(40, '0')}`
}
