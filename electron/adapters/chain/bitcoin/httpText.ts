/** HTTP as text with a limit on time and size; redirects are not followed: the user named one server.
 *  What goes wrong on the way is CHAIN_UNREACHABLE; any status is an answer for the caller to judge. */
import { type Result, ok, refuse } from '../../../../shared/errors/refusal.ts'

export interface HttpAnswer {
  readonly status: number
  readonly text: string
}

export interface HttpText {
  get(path: string, signal: AbortSignal): Promise<HttpResult>
  post(path: string, body: string, signal: AbortSignal): Promise<HttpResult>
}

type HttpResult = Result<HttpAnswer, 'CHAIN_UNREACHABLE'>

export function createHttpText(options: {
  /** Without a slash at its end. */
  readonly base: string
  readonly timeoutMs: number
  readonly maxBytes: number
  /** Named in refusals. */
  readonly chain: string
}): HttpText {
  const { base, timeoutMs, maxBytes, chain } = options

  async function readBody(response: Response): Promise<string | undefined> {
    const decoder = new TextDecoder()
    let text = ''
    let size = 0
    if (response.body === null) return text
    for await (const chunk of response.body) {
      size += chunk.byteLength
      if (size > maxBytes) return undefined
      text += decoder.decode(chunk, { stream: true })
    }
    return text + decoder.decode()
  }

  async function send(path: string, init: RequestInit, signal: AbortSignal): Promise<HttpResult> {
    try {
      const response = await fetch(`${base}${path}`, {
        ...init,
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      })
      const text = await readBody(response)
      return text === undefined
        ? refuse('CHAIN_UNREACHABLE', { chain, reason: `an answer over ${maxBytes} bytes` })
        : ok({ status: response.status, text })
    } catch (error) {
      const reason = error instanceof Error ? reasonOf(error) : String(error)
      return refuse('CHAIN_UNREACHABLE', { chain, reason })
    }
  }

  return {
    get: (path, signal) => send(path, {}, signal),
    post: (path, body, signal) => send(path, { method: 'POST', body }, signal),
  }
}

/** fetch says only "fetch failed"; the cause says why. */
function reasonOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message
}
