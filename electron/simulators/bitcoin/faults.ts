/** How this chain server misbehaves when asked. A fault stays until cleared, or for `times` answers,
 *  and may be limited to one method. */

export type Fault =
  /** Says coins are worth this much more (sat). */
  | { readonly kind: 'lie-value'; readonly by: number }
  /** Says transactions are this many blocks higher; unconfirmed ones become confirmed. */
  | { readonly kind: 'lie-height'; readonly by: number }
  /** Claims coins of every other script for the script asked about. */
  | { readonly kind: 'lie-script' }
  /** Sends a real transaction with one satoshi more in its first output. */
  | { readonly kind: 'lie-transaction' }
  | { readonly kind: 'lie-fee'; readonly btcPerKb: number }
  /** Has no estimate of fees. */
  | { readonly kind: 'no-fee' }
  | { readonly kind: 'lie-merkle' }
  | { readonly kind: 'lie-txid' }
  | { readonly kind: 'wrong-network' }
  | { readonly kind: 'omit-coins' }
  /** Tells of each coin twice. */
  | { readonly kind: 'repeat-coins' }
  /** Says coins lie at this much higher an output. */
  | { readonly kind: 'lie-position'; readonly by: number }
  /** Tells of a tip whose header nobody worked for. */
  | { readonly kind: 'idle-tip' }
  /** Sends hex that is no transaction. */
  | { readonly kind: 'bad-transaction' }
  | { readonly kind: 'lagging'; readonly blocks: number }
  | { readonly kind: 'reject-broadcast'; readonly reason: string }
  /** Answers with a txid, keeps nothing. */
  | { readonly kind: 'forget-broadcast' }
  /** Keeps the transaction, then closes before answering. */
  | { readonly kind: 'drop-after-broadcast' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'hang' }
  | { readonly kind: 'garbage' }
  | { readonly kind: 'huge-line'; readonly bytes: number }
  | { readonly kind: 'truncated' }
  | { readonly kind: 'wrong-id' }
  | { readonly kind: 'wrong-shape' }
  | { readonly kind: 'error'; readonly message: string }

export type FaultKind = Fault['kind']
export type FaultOf<K extends FaultKind> = Extract<Fault, { readonly kind: K }>

export interface FaultScope {
  /** Only for this method. */
  readonly method?: string
  /** Only this often. */
  readonly times?: number
}

export interface Faults {
  inject(fault: Fault, scope?: FaultScope): void
  clear(): void
  /** The active fault of a kind for this method; uses up one of its times. */
  take<K extends FaultKind>(kind: K, method: string): FaultOf<K> | undefined
}

interface Active {
  readonly fault: Fault
  readonly method: string | undefined
  left: number
}

export function createFaults(): Faults {
  let active: Active[] = []
  return {
    inject: (fault, scope = {}) => {
      active.push({ fault, method: scope.method, left: scope.times ?? Number.POSITIVE_INFINITY })
    },
    clear: () => {
      active = []
    },
    take: <K extends FaultKind>(kind: K, method: string) => {
      for (const entry of active) {
        if (!isKind(entry.fault, kind)) continue
        if (entry.method !== undefined && entry.method !== method) continue
        if (entry.left <= 0) continue
        entry.left -= 1
        return entry.fault
      }
      return undefined
    },
  }
}

function isKind<K extends FaultKind>(fault: Fault, kind: K): fault is FaultOf<K> {
  return fault.kind === kind
}
