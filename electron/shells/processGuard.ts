/** Leaves nothing behind: processes started through the guard, with all they start, and temporary
 *  directories end with this process, whether by Ctrl-C, a signal, an exit, an uncaught error or
 *  kill -9. Each child leads a process group of its own, and the whole group is ended.
 *  For kill -9 a small `sh` of its own session waits for our pipe to break (not on Windows, where
 *  forked children still see their IPC pipe close). */
import {
  type ChildProcess,
  type ForkOptions,
  fork,
  type SpawnOptions,
  spawn,
} from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface ProcessGuard {
  spawn(command: string, args: readonly string[], options?: SpawnOptions): ChildProcess
  fork(module: string, args?: readonly string[], options?: ForkOptions): ChildProcess
  /** An empty directory, owner-only, removed at the end. */
  temporaryDirectory(): string
  /** Runs before the children are ended, last added first; what takes longer than the grace is left. */
  beforeEnd(task: () => Promise<void> | void): void
  /** Ends everything: tasks, SIGTERM, after the grace SIGKILL, directories. Once; later calls wait for it. */
  end(): Promise<void>
}

const posix = process.platform !== 'win32'

/** Reads +pid, -pid (came, went) and /dir lines; at the end of input ends what is left. 'q' ends in peace. */
const watchScript = `
trap '' INT TERM HUP QUIT
pids=' '
while IFS= read -r line; do
  case $line in
    q) exit 0 ;;
    +*) pids="$pids\${line#+} " ;;
    -*) gone=\${line#-}; pids="\${pids%% $gone *} \${pids#* $gone }" ;;
    /*) set -- "$@" "$line" ;;
  esac
done
for pid in $pids; do kill -s TERM -- "-$pid" 2>/dev/null; done
for tenth in 1 2 3 4 5 6 7 8 9 10; do
  alive=no
  for pid in $pids; do kill -s 0 -- "-$pid" 2>/dev/null && alive=yes; done
  [ $alive = no ] && break
  sleep 0.1
done
for pid in $pids; do kill -s KILL -- "-$pid" 2>/dev/null; done
[ $# -eq 0 ] || rm -rf -- "$@"
`

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** Of a second Ctrl-C, which does not wait for the grace. */
const impatientExit = 130
/** Terminal and npm both hand on the same key; a later one is a second wish. */
const sameKeyMs = 1_000

function signalGroup(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return
  try {
    if (posix) process.kill(-child.pid, signal)
    else child.kill(signal)
  } catch {
    // ESRCH: nobody of the group is left.
  }
}

function startWatch(): { tell(line: string): void } {
  if (!posix) return { tell: () => {} }
  const watch = spawn('/bin/sh', ['-c', watchScript], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
  })
  // Its own death is not ours: what it guards against is rare.
  watch.on('error', () => {})
  watch.stdin.on('error', () => {})
  watch.unref()
  if ('unref' in watch.stdin && typeof watch.stdin.unref === 'function') watch.stdin.unref()
  return { tell: (line) => void watch.stdin.write(`${line}\n`) }
}

/** Starts guarding; installs the signal and exit handlers of this process. Use one per process. */
export function createProcessGuard(options: { readonly graceMs: number }): ProcessGuard {
  const children = new Set<ChildProcess>()
  const directories = new Set<string>()
  const tasks: (() => Promise<void> | void)[] = []
  const watch = startWatch()
  let ending: Promise<void> | null = null
  let over = false
  let askedAt: number | null = null

  const adopt = (child: ChildProcess): ChildProcess => {
    if (child.pid === undefined) return child
    const { pid } = child
    children.add(child)
    watch.tell(`+${pid}`)
    child.once('exit', () => {
      // What the child itself started shares its group and goes with it.
      signalGroup(child, 'SIGKILL')
      children.delete(child)
      watch.tell(`-${pid}`)
    })
    return child
  }

  const removeDirectories = (): void => {
    for (const directory of directories) rmSync(directory, { recursive: true, force: true })
    directories.clear()
  }

  const within = async (work: Promise<unknown>): Promise<void> => {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, options.graceMs)
    })
    await Promise.race([work, late])
    clearTimeout(timer)
  }

  const exited = (): Promise<unknown> =>
    Promise.all(
      [...children].map(
        (child) => new Promise<void>((resolve) => void child.once('exit', () => resolve())),
      ),
    )

  const endAll = async (): Promise<void> => {
    for (const task of tasks.splice(0).reverse())
      await within(
        Promise.resolve()
          .then(task)
          .catch(() => {}),
      )
    over = true
    for (const child of children) signalGroup(child, 'SIGTERM')
    await within(exited())
    for (const child of children) signalGroup(child, 'SIGKILL')
    await within(exited())
    removeDirectories()
    watch.tell('q')
    stopListening()
  }

  const end = (): Promise<void> => {
    ending ??= endAll()
    return ending
  }

  const onExit = (): void => {
    for (const child of children) signalGroup(child, 'SIGKILL')
    removeDirectories()
  }
  const onSignal = (): void => {
    if (askedAt !== null) {
      if (performance.now() - askedAt > sameKeyMs) process.exit(impatientExit)
      return
    }
    askedAt = performance.now()
    // Told to end, and ended: not a failure.
    void end().then(() => process.exit(0))
  }
  for (const signal of signals) process.on(signal, onSignal)
  process.on('exit', onExit)
  const stopListening = (): void => {
    process.off('exit', onExit)
    // The signal handlers stay while an exit after a signal is under way; ended in peace, they go.
    setImmediate(() => {
      for (const signal of signals) process.off(signal, onSignal)
    })
  }

  const refuseWhenOver = (): void => {
    if (over) throw new Error('the guard has ended')
  }

  return {
    spawn(command, args, spawnOptions = {}) {
      refuseWhenOver()
      return adopt(spawn(command, [...args], { ...spawnOptions, detached: posix }))
    },
    fork(module, args = [], forkOptions = {}) {
      refuseWhenOver()
      return adopt(fork(module, [...args], { ...forkOptions, detached: posix }))
    },
    temporaryDirectory() {
      refuseWhenOver()
      const directory = mkdtempSync(join(tmpdir(), 'bulkhead-'))
      directories.add(directory)
      watch.tell(directory)
      return directory
    },
    beforeEnd: (task) => void tasks.push(task),
    end,
  }
}
