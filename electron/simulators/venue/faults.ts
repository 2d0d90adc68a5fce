/** What may go wrong at a venue, on demand. A rule names an endpoint (path, or Hyperliquid's request
 *  type; '*' is any) and how often it still applies. Faults change answers, never the rest of the world. */

export type Fault =
  // the wire
  | { readonly kind: 'http'; readonly status: number; readonly body?: string }
  | { readonly kind: 'hang' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'malformed-json' }
  | { readonly kind: 'html' }
  /** Done, but the connection drops before the answer. */
  | { readonly kind: 'lost-answer' }
  // the answer; `path` is dotted, '*' is each element: 'assets.*.walletBalance'
  | { readonly kind: 'omit'; readonly path: string }
  | { readonly kind: 'set'; readonly path: string; readonly value: unknown }
  | { readonly kind: 'replace'; readonly body: unknown }
  /** Times in the answer lie back by this much. */
  | { readonly kind: 'stale'; readonly ms: number }
  | { readonly kind: 'duplicate-positions' }
  // the venue's behaviour
  | { readonly kind: 'wrong-deposit-address'; readonly address: string }
  | { readonly kind: 'withdrawal-stuck' }
  | { readonly kind: 'withdrawal-fails' }
  | { readonly kind: 'transfer-fails' }
  | { readonly kind: 'transfer-pending' }
  /** The venue's clock runs ahead by this much (behind when negative). */
  | { readonly kind: 'clock-skew'; readonly ms: number }

export interface FaultRule {
  readonly endpoint: string
  readonly fault: Fault
  /** How many requests it still hits; for ever when absent. */
  readonly times?: number
}

export interface Faults {
  add(rule: FaultRule): () => void
  clear(): void
  list(): readonly FaultRule[]
  /** Faults that hit this request; counts them down. */
  take(endpoint: string): readonly Fault[]
  /** The first fault of this kind, without counting it down. */
  peek<K extends Fault['kind']>(kind: K): Extract<Fault, { kind: K }> | undefined
}

export function createFaults(): Faults {
  let active: { readonly rule: FaultRule; left: number }[] = []
  return {
    add: (rule) => {
      const entry = { rule, left: rule.times ?? Number.POSITIVE_INFINITY }
      active.push(entry)
      return () => {
        active = active.filter((other) => other !== entry)
      }
    },
    clear: () => {
      active = []
    },
    list: () => active.map((entry) => entry.rule),
    take: (endpoint) => {
      const hits = active.filter(({ rule }) => rule.endpoint === '*' || rule.endpoint === endpoint)
      for (const entry of hits) entry.left -= 1
      active = active.filter((entry) => entry.left > 0)
      return hits.map((entry) => entry.rule.fault)
    },
    peek: <K extends Fault['kind']>(kind: K) => {
      for (const { rule } of active) if (isKind(rule.fault, kind)) return rule.fault
      return undefined
    },
  }
}

function isKind<K extends Fault['kind']>(
  fault: Fault,
  kind: K,
): fault is Extract<Fault, { kind: K }> {
  return fault.kind === kind
}

const timeFields = new Set(['time', 'updateTime', 'E', 'T'])

/** Applies the faults that change an answer's content. Works on a copy. */
export function distort(answer: unknown, faults: readonly Fault[]): unknown {
  let body: unknown = structuredClone(answer)
  for (const fault of faults) {
    if (fault.kind === 'replace') body = fault.body
    if (fault.kind === 'omit') visit(body, fault.path.split('.'), removeKey)
    if (fault.kind === 'set') {
      const { value } = fault
      visit(body, fault.path.split('.'), (parent, key) => setKey(parent, key, value))
    }
    if (fault.kind === 'stale') shiftTimes(body, fault.ms)
    if (fault.kind === 'duplicate-positions') duplicateRows(body)
  }
  return body
}

type Container = Record<string, unknown> | unknown[]

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null
}

function entriesOf(container: Container): [string, unknown][] {
  return Object.entries(container)
}

function setKey(parent: Container, key: string, value: unknown): void {
  if (Array.isArray(parent)) parent[Number(key)] = value
  else parent[key] = value
}

function removeKey(parent: Container, key: string): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 1)
  else delete parent[key]
}

function visit(
  node: unknown,
  path: readonly string[],
  change: (parent: Container, key: string) => void,
): void {
  const [head, ...rest] = path
  if (head === undefined || !isContainer(node)) return
  const keys = head === '*' ? entriesOf(node).map(([key]) => key) : [head]
  for (const key of keys) {
    if (rest.length === 0) change(node, key)
    else visit(entriesOf(node).find(([name]) => name === key)?.[1], rest, change)
  }
}

function shiftTimes(node: unknown, ms: number): void {
  if (!isContainer(node)) return
  for (const [key, value] of entriesOf(node)) {
    if (timeFields.has(key) && typeof value === 'number' && value > 0) setKey(node, key, value - ms)
    else shiftTimes(value, ms)
  }
}

function duplicateRows(body: unknown): void {
  if (Array.isArray(body)) body.push(...structuredClone(body))
  else if (isContainer(body)) {
    for (const [key, value] of entriesOf(body)) {
      if (key === 'positions' || key === 'assetPositions') duplicateRows(value)
    }
  }
}
