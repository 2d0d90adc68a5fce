/** The data key of a real data directory: from the system's keychain where the shell has one to trust, else from
 *  a passphrase. The first start makes the key; a shell with neither is refused, never served unprotected. */
import { z } from 'zod'
import { type Result, refuse } from '../../shared/errors/refusal.ts'
import { systemRandom } from '../adapters/system/clock.ts'
import { type Keychain, openKeySlots } from '../adapters/store/keySlots.ts'
import type { Answer, Ask } from './hostProtocol.ts'
import { passphraseVariable } from './passphrase.ts'

const wrappedSchema = z.object({ wrapped: z.base64() })
const plainSchema = z.object({ plain: z.string() })

/** The shell's keychain, asked over the host protocol. */
function keychainOver(ask: (request: Ask) => Promise<Answer>): Keychain {
  const wrap = async (plain: string) =>
    wrappedSchema.safeParse(await ask({ kind: 'wrap-key', plain }))
  return {
    available: async () => (await wrap('')).success,
    async encrypt(text) {
      const answer = await wrap(text)
      if (!answer.success) throw new Error('the keychain refused')
      return new Uint8Array(Buffer.from(answer.data.wrapped, 'base64'))
    },
    async decrypt(sealed) {
      const wrapped = Buffer.from(sealed).toString('base64')
      const answer = plainSchema.safeParse(await ask({ kind: 'unwrap-key', wrapped }))
      if (!answer.success) throw new Error('the keychain refused')
      return answer.data.plain
    },
  }
}

/** Unlocks with the passphrase when one is given, else by the keychain; creates the first slot the same way. */
export async function unlockDataKey(options: {
  readonly directory: string
  /** Null for a shell without a keychain (a terminal). */
  readonly ask: ((request: Ask) => Promise<Answer>) | null
  readonly environment: NodeJS.ProcessEnv
}): Promise<Result<Uint8Array>> {
  const keychain = options.ask === null ? null : keychainOver(options.ask)
  const opened = openKeySlots({ directory: options.directory, random: systemRandom, keychain })
  if (!opened.ok) return opened
  const slots = opened.value
  const passphrase = options.environment[passphraseVariable]
  // Children of this process must not inherit it.
  delete options.environment[passphraseVariable]
  if (passphrase === undefined && (keychain === null || !(await keychain.available()))) {
    return refuse('SECRETS_LOCKED', { slots: slots.names() })
  }
  const by =
    passphrase === undefined
      ? { kind: 'keychain' as const }
      : { kind: 'passphrase' as const, passphrase }
  return slots.names().length === 0 ? slots.create(by) : slots.unlock(by)
}

/** True while no data key was made in this directory. */
export function isFirstStart(directory: string): boolean {
  const slots = openKeySlots({ directory, random: systemRandom, keychain: null })
  return slots.ok && slots.value.names().length === 0
}
