/** The SDK's process as one object: requests with ids, presence and stages as events, replaced when it
 *  hangs or dies. A request that was given up is still listened for, since its answer may be a signature. */
import type { DeviceAnswer } from '../../../host/ports.ts'
import type { ChildHandle } from './childProcess.ts'
import {
  type LinkChoice,
  type Outcome,
  type Stage,
  type ToChild,
  fromChildSchema,
} from './protocol.ts'

/** How long an answer is waited for after the device has gone, and after a Cancel. */
const GRACE_MS = 450
/** How long a process whose device did not hear Cancel is kept to see what it still sends. */
const LINGER_MS = 5_000
const RESTART_MS = 400
/** A process that dies again and again before it reports is started ever more seldom. */
const RESTART_MOST_MS = 30_000
/** A process loads the SDK before it reports; then a device that is there is found at once. */
const START_MS = 15_000
const FIND_MS = 700

type DistributiveOmit<T, K extends string> = T extends unknown ? Omit<T, K> : never
export type Request = DistributiveOmit<Extract<ToChild, { kind: 'probe' | 'call' }>, 'id'>

interface Pending {
  settle(outcome: Outcome): void
}

export interface SdkWorker {
  /** Devices on the link; null until the process has reported. */
  presence(): number | null
  /** A cancel went unheard and the process is kept only to see what still comes: it takes no request. */
  lingers(): boolean
  /** Presence once a freshly started process had the time to look. */
  findPresence(signal: AbortSignal): Promise<number | null>
  request(request: Request, options: RequestOptions): Promise<Outcome>
  /** For the request that asks for it. */
  answer(answer: DeviceAnswer): void
  /** Ends the process and starts another; what is pending ends with `code`. */
  restart(code: string): void
  close(): Promise<void>
}

export interface RequestOptions {
  readonly signal: AbortSignal
  /** Longest silence of a working device; not counted while it waits for a person. */
  readonly silenceMs: number
  readonly onStage: (stage: Stage) => void
  /** An answer came although the request was cancelled. */
  readonly onLate: () => void
}

export function createSdkWorker(
  link: LinkChoice,
  start: () => ChildHandle,
  onPresence: () => void,
): SdkWorker {
  let child: ChildHandle | null = null
  let presence: number | null = null
  let ids = 0
  let closed = false
  let timer: NodeJS.Timeout | null = null
  let lingering = false
  /** When the current process first reported. */
  let startedAt = 0
  let deaths = 0
  const pending = new Map<number, Pending>()
  const stages = new Map<number, (stage: Stage) => void>()

  function spawn(): void {
    if (closed) return
    if (timer !== null) clearTimeout(timer)
    timer = null
    const mine = start()
    child = mine
    presence = null
    mine.onMessage((raw) => {
      if (child === mine) receive(raw)
    })
    mine.onExit(() => {
      if (child !== mine) return
      child = null
      presence = null
      failAll('child-exit')
      onPresence()
      if (closed) return
      timer = setTimeout(spawn, Math.min(RESTART_MS * 2 ** deaths, RESTART_MOST_MS))
      deaths += 1
    })
    mine.send({ kind: 'start', link })
  }

  function receive(raw: unknown): void {
    const parsed = fromChildSchema.safeParse(raw)
    if (!parsed.success) return restart('child-malformed')
    const message = parsed.data
    if (message.kind === 'presence') {
      if (presence === null) startedAt = Date.now()
      deaths = 0
      presence = message.count
      if (presence === 0) setTimeout(failLost, GRACE_MS)
      return onPresence()
    }
    if (message.kind === 'stage') return stages.get(message.id)?.(message.stage)
    pending.get(message.id)?.settle(message.outcome)
  }

  /** The device is gone and the SDK has not noticed. */
  function failLost(): void {
    if (presence === 0 && pending.size > 0) restart('lost')
  }

  function failAll(code: string): void {
    for (const waiting of [...pending.values()]) {
      waiting.settle({ kind: 'error', code, message: '' })
    }
    pending.clear()
  }

  function restart(code: string): void {
    const old = child
    child = null
    lingering = false
    old?.kill()
    failAll(code)
    spawn()
    onPresence()
  }

  /** Keeps the process for a while after a cancel that nobody heard, then replaces it. */
  function linger(): void {
    lingering = true
    const watched = child
    timer = setTimeout(() => {
      if (lingering && child === watched) restart('cancelled')
    }, LINGER_MS)
  }

  /** Resolves when `arrived` holds, the time is over, or the signal aborts. */
  async function until(arrived: () => boolean, ms: number, signal: AbortSignal): Promise<void> {
    const deadline = Date.now() + ms
    while (!arrived() && !signal.aborted && !closed && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  async function findPresence(signal: AbortSignal): Promise<number | null> {
    if (lingering) restart('cancelled')
    if (presence !== null && presence > 0) return presence
    await until(() => presence !== null, START_MS, signal)
    await until(() => presence !== 0 || Date.now() > startedAt + FIND_MS, FIND_MS, signal)
    return presence
  }

  function request(asked: Request, options: RequestOptions): Promise<Outcome> {
    if (child === null || lingering) {
      return Promise.resolve({ kind: 'error', code: 'child-exit', message: '' })
    }
    ids += 1
    const id = ids
    return new Promise((resolve) => {
      let silence: NodeJS.Timeout | null = null
      let grace: NodeJS.Timeout | null = null
      const watch = (): void => {
        if (silence !== null) clearTimeout(silence)
        silence = setTimeout(() => restart('silent'), options.silenceMs)
      }
      const finish = (outcome: Outcome): void => {
        for (const each of [silence, grace]) if (each !== null) clearTimeout(each)
        stages.delete(id)
        options.signal.removeEventListener('abort', cancel)
        resolve(outcome)
      }
      const cancel = (): void => {
        if (silence !== null) clearTimeout(silence)
        child?.send({ kind: 'cancel', id })
        grace = setTimeout(() => {
          linger()
          finish({ kind: 'error', code: 'cancelled', message: '' })
        }, GRACE_MS)
      }
      pending.set(id, {
        settle(outcome) {
          pending.delete(id)
          const late = options.signal.aborted
          if (late && outcome.kind === 'answer') options.onLate()
          if (lingering) restart('cancelled')
          finish(late ? { kind: 'error', code: 'cancelled', message: '' } : outcome)
        },
      })
      stages.set(id, (stage) => {
        if (options.signal.aborted) return
        if (stage === 'working') watch()
        else if (silence !== null) clearTimeout(silence)
        options.onStage(stage)
      })
      options.signal.addEventListener('abort', cancel, { once: true })
      child?.send({ ...asked, id })
      watch()
    })
  }

  spawn()
  return {
    presence: () => presence,
    lingers: () => lingering,
    findPresence,
    request,
    answer: (answer) => child?.send({ kind: 'answer', answer }),
    restart,
    async close() {
      closed = true
      if (timer !== null) clearTimeout(timer)
      const old = child
      if (old === null) return failAll('closed')
      const ended = new Promise<void>((resolve) => old.onExit(resolve))
      child = null
      old.kill()
      failAll('closed')
      await ended
    },
  }
}
