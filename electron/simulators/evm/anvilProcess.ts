/** One anvil process on a port of its own choosing at 127.0.0.1. It ends on close, and when this
 *  process dies in whatever way: a small shell holds anvil and the other end of a pipe from us,
 *  and kills anvil once the pipe breaks. Windows has no such shell; there anvil ends on close only. */
import { type ChildProcess, spawn } from 'node:child_process'

/** $@ is anvil with its arguments; the pipe from the parent is standard input. */
const KEEPER = `
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
( cat <&3 >/dev/null 2>&1; kill "$child" ) >/dev/null 2>&1 &
watcher=$!
exec 3<&-
wait "$child"
code=$?
kill "$watcher" >/dev/null 2>&1
exit "$code"
`

const START_LIMIT_MS = 15_000
const STOP_LIMIT_MS = 3_000

export interface AnvilProcess {
  readonly url: string
  /** Resolves when anvil has ended, for whatever reason. */
  readonly ended: Promise<void>
  close(): Promise<void>
}

/** Starts anvil and waits until it listens. Throws with anvil's last words when it does not. */
export async function startAnvil(
  path: string,
  options: {
    readonly chainId: number
    readonly accounts: number
    /** Absent: a block per transaction. */
    readonly blockTimeMs?: number | undefined
    /** The same seed gives the same accounts; absent: fresh random ones. */
    readonly seed?: number | undefined
  },
): Promise<AnvilProcess> {
  const words = [
    ...['--host', '127.0.0.1', '--port', '0', '--color', 'never'],
    ...['--chain-id', String(options.chainId), '--accounts', String(options.accounts)],
    ...(options.seed === undefined
      ? ['--mnemonic-random']
      : ['--mnemonic-seed-unsafe', String(options.seed)]),
    ...(options.blockTimeMs === undefined
      ? []
      : ['--block-time', String(options.blockTimeMs / 1000)]),
  ]
  const child = spawnKept(path, words)
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const stop = (): Promise<void> => stopChild(child, ended)
  try {
    const port = await readPort(child, ended)
    return { url: `http://127.0.0.1:${port}`, ended, close: stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function spawnKept(path: string, words: readonly string[]): ChildProcess {
  // Its own process group: a Ctrl-C in the terminal reaches us first, and we end it in order.
  if (process.platform === 'win32') return spawn(path, words, { stdio: 'pipe', windowsHide: true })
  return spawn('/bin/sh', ['-c', KEEPER, 'anvil-keeper', path, ...words], {
    stdio: 'pipe',
    detached: true,
  })
}

/** anvil prints keys and every request; all of it is read, nothing of it is kept or shown but the port. */
function readPort(child: ChildProcess, ended: Promise<void>): Promise<number> {
  return new Promise((resolve, reject) => {
    let head = ''
    let complaint = ''
    let settled = false
    const timer = setTimeout(() => fail('did not listen in time'), START_LIMIT_MS)
    const fail = (why: string): void => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      reject(new Error(`anvil ${why}${complaint === '' ? '' : `: ${complaint.trim()}`}`))
    }
    child.stderr?.on('data', (chunk: Buffer) => {
      if (complaint.length < 500) complaint += chunk.toString()
    })
    child.stdout?.on('data', (chunk: Buffer) => {
      if (settled) return
      head += chunk.toString()
      const match = /Listening on 127\.0\.0\.1:(\d+)/.exec(head)
      if (match === null) return
      settled = true
      head = ''
      clearTimeout(timer)
      resolve(Number(match[1]))
    })
    child.stdin?.on('error', () => undefined)
    child.once('error', (error) => fail(`could not be started (${error.message})`))
    void ended.then(() => fail('ended at once'))
  })
}

async function stopChild(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  child.stdin?.end()
  if (process.platform === 'win32') child.kill()
  const { pid } = child
  const timer = setTimeout(() => {
    try {
      process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
    } catch {
      // The group is gone already.
    }
  }, STOP_LIMIT_MS)
  await ended
  clearTimeout(timer)
}
