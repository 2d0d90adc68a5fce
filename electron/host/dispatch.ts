/** The one way in: authorise → parse → handle → encode. Answers are text; nothing a caller sends can throw
 *  out of here, and what a broken invariant says goes to the log under a reference, not to the caller. */
import {
  type Contract,
  type MethodName,
  contract,
  isMethodName,
} from '../../shared/contract/contract.ts'
import type { ParsedInputOf, ResultOf } from '../../shared/contract/method.ts'
import { type Result, refuse } from '../../shared/errors/refusal.ts'
import { decodeCanonical, encodeCanonical } from '../../shared/units/canonical.ts'
import type { Caller } from './host.types.ts'

export type Handlers = {
  readonly [Name in MethodName]: (
    input: ParsedInputOf<Contract[Name]>,
    caller: Caller,
  ) => Promise<ResultOf<Contract[Name]>> | ResultOf<Contract[Name]>
}

/** Callers that may not ask for an effect at all. What a renderer may start, it may still not confirm:
 *  the device's button or the shell's own prompt says yes (THREATS, "the renderer is taken over"). */
const mayAsk: { readonly [K in Caller['kind']]: ReadonlySet<string> } = {
  renderer: new Set(['read', 'write', 'movesFunds']),
  cli: new Set(['read', 'write', 'movesFunds']),
  test: new Set(['read', 'write', 'movesFunds']),
  watcher: new Set(['read']),
}

export function createDispatch(options: {
  readonly handlers: Handlers
  readonly log: (line: string) => void
  /** A short random name that ties an answer to a log line. */
  readonly reference: () => string
}): (method: string, input: string, caller: Caller) => Promise<string> {
  // Each handler takes its own method's parsed input; the table ties the two, TypeScript cannot see it through the key.
  const handle = options.handlers as Record<
    MethodName,
    (input: unknown, caller: Caller) => Promise<Result<unknown>> | Result<unknown>
  >

  async function answer(method: string, input: string, caller: Caller): Promise<Result<unknown>> {
    if (!isMethodName(method)) return refuse('METHOD_UNKNOWN', { method: method.slice(0, 80) })
    if (!mayAsk[caller.kind].has(contract[method].effect)) {
      return refuse('NOT_AUTHORISED', { method, caller: caller.kind })
    }
    const decoded = decodeCanonical(input)
    if (decoded === undefined)
      return refuse('INPUT_INVALID', { field: '', problem: 'not canonical text' })
    const parsed = contract[method].input.safeParse(decoded.value)
    if (!parsed.success) {
      const issue = parsed.error.issues[0]
      return refuse('INPUT_INVALID', {
        field: issue?.path.join('.') ?? '',
        problem: issue?.message ?? 'malformed',
      })
    }
    return handle[method](parsed.data, caller)
  }

  return async (method, input, caller) => {
    try {
      return encodeCanonical(await answer(method, input, caller))
    } catch (error) {
      const reference = options.reference()
      options.log(
        `broken invariant ${reference} in ${isMethodName(method) ? method : 'an unknown method'}: ${
          error instanceof Error ? (error.stack ?? error.message) : String(error)
        }`,
      )
      return encodeCanonical(refuse('INTERNAL', { reference }))
    }
  }
}
