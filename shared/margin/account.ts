/** AccountSnapshot → pools of margin for arithmetic. Decimal text becomes f64 here and nowhere else in shared/margin.
 *  single-asset: one cross pool per settle asset; multi-asset: one cross pool in USD; each isolated position a pool.
 *  Bad input is refused by field and value and makes its own pool unknown; the other pools stay. */
import type { AccountSnapshot, Collateral, Position } from '../collateral/snapshot.ts'
import { type InputRefusal, invalid, positionKey } from './inputs.ts'
import type { Item } from './pool.ts'
import { countedOnce, type Held, profitWeight, readCollateral } from './readCollateral.ts'
import { isolatedWallet, type PositionRead, readPosition } from './readPosition.ts'
import { ruleOf } from './venues/table.ts'

export interface Pool {
  /** 'cross:USDC', 'cross:USD' (multi-asset) or 'isolated:BTCUSDT:both'. */
  readonly id: string
  readonly kind: 'cross' | 'isolated'
  /** The asset to add or take away here; 'USD' in multi-asset mode. */
  readonly settle: string
  readonly items: readonly Item[]
  /** The positions of this pool, whether they could be read or not. */
  readonly positions: readonly Position[]
  /** Why nothing can be said about this pool; empty when all is known. */
  readonly missing: readonly string[]
}

export interface MarginAccount {
  readonly pools: readonly Pool[]
  readonly refusals: readonly InputRefusal[]
}

/** Positions as they were read before. They serve the same account with one position less or another wallet: what a
 *  position reads to depends on neither. */
export type ReadBefore = Map<Position, PositionRead>

/**
 * Reads the snapshot into pools; pure, never throws on any parsed snapshot.
 * @param before  filled with what is read; what is in it is not read, and not refused, again
 */
export function readMarginAccount(
  snapshot: AccountSnapshot,
  before: ReadBefore = new Map(),
): MarginAccount {
  const refusals: InputRefusal[] = []
  const account = accountProblems(snapshot, refusals)
  const read = positionReader(snapshot, account, refusals, before)
  const cross = snapshot.positions.filter(drawsOnCross)
  const isolated = snapshot.positions.filter((position) => !drawsOnCross(position))
  const pools = [
    ...crossGroups(snapshot, cross).map((group) =>
      crossPool(snapshot, group, account, read, refusals),
    ),
    ...isolated.map((position) => isolatedPool(snapshot, position, read, refusals)),
  ]
  return { pools, refusals }
}

/** A position that draws on the cross balance before it dies puts that balance at risk: one pool. */
function drawsOnCross(position: Position): boolean {
  return position.marginMode === 'cross' || position.autoAddMargin === true
}

type ReadPosition = (position: Position) => PositionRead

function positionReader(
  snapshot: AccountSnapshot,
  account: readonly string[],
  refusals: InputRefusal[],
  before: ReadBefore,
): ReadPosition {
  // One symbol may be held cross and isolated at once; the same of both is the same position twice.
  const identity = (position: Position) => `${position.marginMode} ${positionKey(position)}`
  const twice = repeated(snapshot.positions.map(identity))
  const named = new Set(snapshot.positions.filter((p) => twice.has(identity(p))).map(positionKey))
  for (const key of named) refusals.push(invalid(`positions.${key}`, key, 'listed more than once'))
  return (position) => {
    const known = before.get(position)
    if (known !== undefined) return known
    const problems = twice.has(identity(position))
      ? [...account, `positions.${positionKey(position)}`]
      : account
    const read = readPosition(snapshot, position, refusals, problems)
    before.set(position, read)
    return read
  }
}

function crossPool(
  snapshot: AccountSnapshot,
  group: CrossGroup,
  account: readonly string[],
  read: ReadPosition,
  refusals: InputRefusal[],
): Pool {
  // What the account's mode leaves unknown is unknown of its money too, with or without a position.
  const missing: string[] = group.collaterals.length > 0 ? [...account] : []
  // A position that could not be read draws on some cross balance all the same.
  missing.push(...unreadPositions(snapshot))
  const held: Held[] = []
  const items: Item[] = []
  const take = (item: Item | string) => {
    if (typeof item === 'string') missing.push(item)
    else items.push(item)
  }
  if (group.positions.length > 0 && group.collaterals.length === 0)
    missing.push(...settlesOf(group))
  for (const position of group.positions) {
    const { item, profit, problems } = read(position)
    missing.push(...problems)
    if (item !== undefined) held.push({ position, item, profit })
    if (position.marginMode === 'isolated') take(isolatedWallet(snapshot, position, refusals))
  }
  for (const asset of repeated(group.collaterals.map((collateral) => collateral.asset))) {
    refusals.push(invalid(`collaterals.${asset}`, asset, 'listed more than once'))
    missing.push(`collaterals.${asset}`)
  }
  const weights = new Map<string, number>()
  for (const collateral of group.collaterals) {
    take(readCollateral(snapshot, collateral, held, refusals))
    weights.set(collateral.asset, profitWeight(snapshot, collateral, held))
  }
  for (const position of held) items.push(countedOnce(snapshot, position, weights))
  return { ...group, id: `cross:${group.settle}`, kind: 'cross', items, missing }
}

function isolatedPool(
  snapshot: AccountSnapshot,
  position: Position,
  read: ReadPosition,
  refusals: InputRefusal[],
): Pool {
  const { item, problems } = read(position)
  const wallet = isolatedWallet(snapshot, position, refusals)
  const unread = typeof wallet === 'string' ? [wallet] : []
  return {
    id: `isolated:${positionKey(position)}`,
    kind: 'isolated',
    settle: position.settle,
    items: [wallet, item].filter((each) => each !== undefined && typeof each !== 'string'),
    positions: [position],
    missing: [...problems, ...unread],
  }
}

interface CrossGroup {
  readonly settle: string
  readonly collaterals: readonly Collateral[]
  readonly positions: readonly Position[]
}

function crossGroups(snapshot: AccountSnapshot, cross: readonly Position[]): CrossGroup[] {
  if (snapshot.marginMode !== 'single-asset')
    return [{ settle: 'USD', collaterals: snapshot.collaterals, positions: cross }]
  const settles = new Set([
    ...snapshot.collaterals.map((collateral) => collateral.asset),
    ...cross.map((position) => position.settle),
  ])
  return [...settles].map((settle) => ({
    settle,
    collaterals: snapshot.collaterals.filter((collateral) => collateral.asset === settle),
    positions: cross.filter((position) => position.settle === settle),
  }))
}

/** The assets whose balance the group would need; a pool in dollars needs those its positions settle in. */
function settlesOf({ settle, positions }: CrossGroup): readonly string[] {
  const assets = settle === 'USD' ? positions.map((position) => position.settle) : [settle]
  return assets.map((asset) => `collaterals.${asset}`)
}

function accountProblems(snapshot: AccountSnapshot, refusals: InputRefusal[]): string[] {
  const rule = ruleOf(snapshot.venue)
  if (snapshot.marginMode === 'portfolio') return ['portfolioMargin']
  if (!rule.supports.includes(snapshot.marginMode)) {
    refusals.push(invalid('marginMode', snapshot.marginMode, 'not supported for this venue'))
    return ['marginMode']
  }
  return []
}

/** Gaps of positions that are held and yet not in the snapshot. */
function unreadPositions({ gaps, positions }: AccountSnapshot): readonly string[] {
  if (gaps.length === 0) return []
  const read = positions.flatMap(({ symbol }) => [`positions.${symbol}.`, `markets.${symbol}.`])
  return gaps
    .filter(({ problem }) => problem !== 'duplicate')
    .map(({ field }) => field)
    .filter((field) => /^(positions|markets)\./.test(field))
    .filter((field) => !read.some((prefix) => field.startsWith(prefix)))
}

/** What is in the list more than once. */
function repeated(names: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>()
  const again = new Set<string>()
  for (const name of names) (seen.has(name) ? again : seen).add(name)
  return again
}
