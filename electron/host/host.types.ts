/** The host as every shell sees it. The caller is stated by the shell that carries the call, never by the client. */
import type { HostEvent } from '../../shared/contract/event.ts'

/** renderer: untrusted, intents only. cli: a person at a terminal of the same account.
 *  watcher: reads only. test: in-process. */
export interface Caller {
  readonly kind: 'renderer' | 'cli' | 'test' | 'watcher'
}

export interface Host {
  /** `input` and the answer (a Result) are text of shared/contract/codec. Never rejects. */
  call(method: string, input: string, caller: Caller): Promise<string>
  subscribe(listener: (event: HostEvent) => void): () => void
  close(): Promise<void>
}
