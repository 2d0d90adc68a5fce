/** One conversation over one cable: the device answers each message, may ask for a button in between,
 *  and can be interrupted by Cancel or Initialize at any time. Armed faults strike here. */
import type { DeviceFault, Moment } from './fault.ts'
import type { WireMessage } from './schema.ts'
import type { DeviceScreen } from './screen.ts'

export type Button = 'confirm' | 'reject'

/** The device says no: becomes a Failure on the wire. */
export class DeviceFailure extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** The host changed its mind: Cancel or a new Initialize in the middle of something. */
export class Interrupted extends Error {
  readonly by: WireMessage

  constructor(by: WireMessage) {
    super(`interrupted by ${by.name}`)
    this.by = by
  }
}

/** The cable is gone. */
export class CableGone extends Error {}

/** What the device's body offers to a conversation. */
export interface DeviceBody {
  show(screen: DeviceScreen): void
  /** Resolves at the next press, rejects when `signal` aborts. */
  nextPress(signal: AbortSignal): Promise<Button>
  /** The armed fault, if `matches`; it is disarmed by being taken. */
  takeFault<F extends DeviceFault>(matches: (fault: DeviceFault) => fault is F): F | null
  unplug(): void
}

export interface Session {
  receive(message: WireMessage): void
  /** Next message of the host; Cancel and Initialize interrupt unless they are what is waited for. */
  next(): Promise<WireMessage>
  /** First message of an exchange: anything goes. */
  nextRequest(): Promise<WireMessage>
  answer(name: string, body: Record<string, unknown>): void
  /** Answers, then waits for the host's reaction, which must bear this name. */
  ask(name: string, body: Record<string, unknown>, expected: string): Promise<WireMessage>
  /** Shows and waits for the button; a rejection is thrown as DeviceFailure. */
  confirm(
    screen: DeviceScreen,
    request: { readonly code: string; readonly last: 'last' | 'more' },
  ): Promise<void>
  strike(moment: Moment): Promise<void>
  /** Begins a new exchange: the next screen counts as the first. */
  begin(): void
  /** From here on buttons are not waited for and Cancel is not heard. */
  goDeaf(): void
}

const WORKING: DeviceScreen = { kind: 'working', title: { word: 'wait' }, lines: [] }

export function createSession(
  body: DeviceBody,
  send: (name: string, message: Record<string, unknown>) => void,
  cable: AbortSignal,
): Session {
  const inbox: WireMessage[] = []
  let wake: (() => void) | null = null
  let screens = 0
  let deaf = false

  cable.addEventListener('abort', () => wake?.(), { once: true })

  const gone = (): Promise<never> =>
    new Promise((_, reject) => {
      const fail = (): void => reject(new CableGone())
      if (cable.aborted) fail()
      else cable.addEventListener('abort', fail, { once: true })
    })

  async function anyMessage(signal: AbortSignal): Promise<WireMessage> {
    for (;;) {
      if (cable.aborted || signal.aborted) throw new CableGone()
      const message = inbox.shift()
      if (message !== undefined) return message
      await new Promise<void>((resolve) => {
        wake = resolve
        if (signal !== cable) signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
  }

  async function next(): Promise<WireMessage> {
    for (;;) {
      const message = await anyMessage(cable)
      const interrupts = message.name === 'Cancel' || message.name === 'Initialize'
      if (interrupts && deaf) continue
      if (interrupts) throw new Interrupted(message)
      return message
    }
  }

  async function strike(moment: Moment): Promise<void> {
    const fault = body.takeFault(
      (f): f is DeviceFault & { kind: 'stall' | 'unplug' } =>
        (f.kind === 'stall' || f.kind === 'unplug') && f.at === moment,
    )
    if (fault === null) return
    if (fault.kind === 'unplug') body.unplug()
    await gone()
  }

  async function ask(
    name: string,
    message: Record<string, unknown>,
    expected: string,
  ): Promise<WireMessage> {
    send(name, message)
    const reply = await next()
    if (reply.name !== expected) {
      throw new DeviceFailure('Failure_UnexpectedMessage', `Unexpected message ${reply.name}`)
    }
    return reply
  }

  /** The button, unless the host interrupts first. */
  async function pressOrInterruption(): Promise<Button> {
    const done = new AbortController()
    const signal = AbortSignal.any([done.signal, cable])
    const press = body.nextPress(signal)
    const interruption = anyMessage(done.signal).then((message): never => {
      if (message.name === 'Cancel' || message.name === 'Initialize') throw new Interrupted(message)
      throw new DeviceFailure('Failure_UnexpectedMessage', `Unexpected message ${message.name}`)
    })
    try {
      return await Promise.race([press, interruption])
    } finally {
      done.abort()
      await Promise.allSettled([press, interruption])
    }
  }

  return {
    receive(message) {
      inbox.push(message)
      wake?.()
    },
    next,
    nextRequest: () => anyMessage(cable),
    answer: send,
    ask,
    strike,
    begin() {
      screens = 0
      deaf = false
    },
    goDeaf() {
      deaf = true
    },
    async confirm(screen, { code, last }) {
      screens += 1
      await ask('ButtonRequest', { code }, 'ButtonAck')
      if (deaf) return
      body.show(screen)
      if (screens === 1) await strike('first-screen')
      if (last === 'last') await strike('last-screen')
      const rejects = body.takeFault(
        (f): f is DeviceFault & { kind: 'reject' } => f.kind === 'reject',
      )
      const button = rejects === null ? await pressOrInterruption() : 'reject'
      body.show(WORKING)
      if (button === 'reject') throw new DeviceFailure('Failure_ActionCancelled', 'Cancelled')
      if (last === 'last') await strike('confirmed')
    },
  }
}
