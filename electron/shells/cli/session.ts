/** The host that a command speaks to: the demo in this process, the running app's, or the data directory opened here. */
import { type Result, ok } from '../../../shared/errors/refusal.ts'
import type { Wire } from '../../../shared/contract/client.ts'
import { createClient } from '../../../shared/contract/client.ts'
import { systemRandom } from '../../adapters/system/clock.ts'
import type { Host } from '../../host/host.types.ts'
import type { ConfirmationPort } from '../../host/ports.ts'
import { startWorld } from '../../simulators/world.ts'
import { type Surroundings, openDemoHost, openRealHost } from '../compose.ts'
import { defaultDirectory } from '../dataDirectory.ts'
import { pairDemoDevice } from '../firstAnswers.ts'
import { attachToHost } from '../host/localSocket.ts'
import { askPassphrase, passphraseVariable } from '../passphrase.ts'
import { isFirstStart, unlockDataKey } from '../unlock.ts'

export interface Session {
  readonly wire: Wire
  close(): Promise<void>
}

/** Nothing that the commands do asks for a confirmation. */
const noConfirmation: ConfirmationPort = { confirm: () => Promise.resolve('unavailable') }
const log = (line: string) => process.stderr.write(`bulkhead: ${line}\n`)

function sessionOf(host: Host, close: () => Promise<void>): Session {
  return { wire: (method, input) => host.call(method, input, { kind: 'cli' }), close }
}

async function openDemo(directory: string): Promise<Result<Session>> {
  const started = await startWorld()
  if (started.kind === 'no-anvil') {
    throw new Error(`the demo's EVM chain needs anvil; looked for ${started.lookedFor.join(', ')}`)
  }
  const { world } = started
  const around: Surroundings = {
    directory,
    dataKey: systemRandom.bytes(32),
    confirmation: noConfirmation,
    log,
  }
  const host = await openDemoHost(around, world.description)
  if (!host.ok) {
    await world.close()
    return host
  }
  const session = sessionOf(host.value, async () => {
    await host.value.close()
    await world.close()
  })
  await pairDemoDevice(createClient(session.wire))
  return ok(session)
}

async function openReal(directory: string): Promise<Result<Session>> {
  const attached = await attachToHost({ directory, as: 'cli' })
  if (attached.ok) {
    return ok({
      wire: (method, input) => attached.value.call(method, input),
      close: () => attached.value.close(),
    })
  }
  const passphrase =
    process.env[passphraseVariable] ?? (await askPassphrase({ first: isFirstStart(directory) }))
  const dataKey = await unlockDataKey({
    directory,
    ask: null,
    environment: passphrase === null ? {} : { [passphraseVariable]: passphrase },
  })
  if (!dataKey.ok) return dataKey
  const host = await openRealHost({
    directory,
    dataKey: dataKey.value,
    confirmation: noConfirmation,
    log,
  })
  return host.ok ? ok(sessionOf(host.value, () => host.value.close())) : host
}

export function openSession(options: {
  readonly demo: boolean
  readonly directory: string | undefined
}): Promise<Result<Session>> {
  const directory = options.directory ?? defaultDirectory()
  return options.demo ? openDemo(directory) : openReal(directory)
}
