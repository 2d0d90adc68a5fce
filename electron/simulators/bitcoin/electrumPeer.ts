/** Debian's Electrum wallet as an independent peer: its daemon in a directory of its own, connected to
 *  our regtest server and to nothing else. For tests; `findElectrum` says whether it is installed. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const COMMAND_TIMEOUT_MS = 60_000

export interface ElectrumPeer {
  /** Runs one command of Electrum's command line against the loaded wallet. */
  command(...words: readonly string[]): Promise<string>
  /** The same for commands that concern no wallet, which refuse to be given one. */
  networkCommand(...words: readonly string[]): Promise<string>
  /** Stops the daemon and removes its directory. */
  close(): Promise<void>
}

/** Version text, or undefined where Electrum is not installed. */
export async function findElectrum(): Promise<string | undefined> {
  try {
    const { stdout } = await run('electrum', ['version', '--offline'], { timeout: 30_000 })
    return stdout.trim()
  } catch {
    return undefined
  }
}

/** Electrum as an air-gapped wallet: restored from an extended private key (tprv, uprv, vprv), without a network, it
 *  signs one PSBT (base64). Returns what it prints: the finished transaction in hex, or the PSBT signed in part. */
export async function signOffline(extendedKey: string, psbt: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'bulkhead-electrum-'))
  const options = ['--regtest', '--offline', '-D', directory, '-w', join(directory, 'wallet')]
  try {
    await run('electrum', ['restore', extendedKey, ...options], { timeout: COMMAND_TIMEOUT_MS })
    const { stdout } = await run('electrum', ['signtransaction', psbt, ...options], {
      timeout: COMMAND_TIMEOUT_MS,
    })
    return stdout.trim()
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/**
 * Restores a wallet from an extended key (vprv, vpub) and starts its daemon on our server only.
 * `--oneserver` keeps it from every other server.
 */
export async function startElectrumPeer(extendedKey: string, port: number): Promise<ElectrumPeer> {
  const directory = await mkdtemp(join(tmpdir(), 'bulkhead-electrum-'))
  const wallet = join(directory, 'wallet')
  const electrum = async (...words: readonly string[]): Promise<string> => {
    const { stdout } = await run('electrum', ['--regtest', '-D', directory, ...words], {
      timeout: COMMAND_TIMEOUT_MS,
    })
    return stdout.trim()
  }
  let daemon: number | undefined
  const close = async (): Promise<void> => {
    await electrum('stop').catch(() => undefined)
    if (daemon !== undefined) await waitForExit(daemon)
    await rm(directory, { recursive: true, force: true })
  }
  try {
    await electrum('restore', extendedKey, '--offline', '-w', wallet)
    const server = `127.0.0.1:${port}:t`
    const words = ['--regtest', '-D', directory, 'daemon', '-d', '--oneserver', '-s', server]
    const { stdout, stderr } = await run('electrum', words, { timeout: COMMAND_TIMEOUT_MS })
    const pid = /PID (\d+)/.exec(stdout + stderr)?.[1]
    daemon = pid === undefined ? undefined : Number(pid)
    await electrum('load_wallet', '-w', wallet)
  } catch (error) {
    await close()
    throw error
  }
  const command = (...words: readonly string[]) => electrum(...words, '-w', wallet)
  return { command, networkCommand: electrum, close }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** `stop` answers before the daemon is gone; one that does not go within ten seconds is ended. */
async function waitForExit(pid: number): Promise<void> {
  for (let waited = 0; waited < 10_000 && isRunning(pid); waited += 100) {
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  if (isRunning(pid)) process.kill(pid, 'SIGKILL')
}
