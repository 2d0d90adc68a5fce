/** What stands between the host and the keys: the PIN (matrix on the Classic, on the screen elsewhere) and the
 *  passphrase, which each session gives once. Sessions live in the device's memory: gone when it is unplugged,
 *  on the Classic also when it locks. */
import { bytesToHex } from '@noble/hashes/utils'
import { z } from 'zod'
import { addressOf } from './scriptKind.ts'
import { type DeviceSeed, coinByName, keyAt, pathNumbers, seedFromMnemonic } from './keys.ts'
import { type DeviceCondition, MODELS } from './model.ts'
import type { DeviceScreen } from './screen.ts'
import { DeviceFailure, type Session } from './session.ts'

/** Of the demo, shown on its screen: whoever looks at the device may type it. */
export const DEMO_PIN = '1234'

const PIN_SCREEN: DeviceScreen = {
  kind: 'showing',
  title: { word: 'enterPin' },
  lines: [{ label: 'ping', value: { word: 'pinHint' } }],
}

const pinSchema = z.object({ pin: z.string() })
const passphraseSchema = z.object({
  passphrase: z.string().optional(),
  on_device: z.boolean().optional(),
})
const initializeSchema = z.object({ session_id: z.instanceof(Uint8Array).optional() })

export interface Access {
  /** Answers Initialize: the session named if it is still known, else a new one. */
  begin(body: unknown): Uint8Array
  sessionId(): Uint8Array
  unlock(session: Session): Promise<void>
  /** The wallet of this session; asks for its passphrase where that is on and was not given yet. */
  seed(session: Session): Promise<DeviceSeed>
  /** Seed of a wallet that nobody has to unlock: for whoever funds its addresses. */
  seedOf(passphrase: string): DeviceSeed
  /** What the host knows this wallet by. */
  stateOf(seed: DeviceSeed): string
  forgetSession(): void
  forgetAll(): void
}

export function createAccess(options: {
  readonly mnemonic: string
  condition(): DeviceCondition
  change(condition: Partial<DeviceCondition>): void
  show(screen: DeviceScreen): void
  random(length: number): Uint8Array
}): Access {
  const seeds = new Map<string, DeviceSeed>()
  /** Passphrase by session; null until it was given. */
  const sessions = new Map<string, string | null>()
  let current = options.random(32)

  function seedOf(passphrase: string): DeviceSeed {
    const known = seeds.get(passphrase)
    if (known !== undefined) return known
    const seed = seedFromMnemonic(options.mnemonic, passphrase)
    seeds.set(passphrase, seed)
    return seed
  }

  /** Nine digits in random order, by position: place 1 is bottom left, 9 top right. */
  function shuffledDigits(): readonly string[] {
    const digits = [...'123456789']
    for (let i = digits.length - 1; i > 0; i--) {
      const j = (options.random(1)[0] ?? 0) % (i + 1)
      const [a = '', b = ''] = [digits[i], digits[j]]
      digits[i] = b
      digits[j] = a
    }
    return digits
  }

  async function unlockByMatrix(session: Session): Promise<void> {
    const digits = shuffledDigits()
    const rows = [digits.slice(6, 9), digits.slice(3, 6), digits.slice(0, 3)]
    options.show({
      kind: 'asking',
      title: { word: 'enterPin' },
      lines: [
        ...rows.map((row) => ({ label: 'digits' as const, value: row.join(' ') })),
        { label: 'demoPin', value: DEMO_PIN },
      ],
    })
    session.answer('PinMatrixRequest', { type: 'PinMatrixRequestType_Current' })
    const reply = await session.next()
    if (reply.name === 'BixinPinInputOnDevice') return unlockOnScreen(session)
    const { pin } = pinSchema.parse(reply.body)
    const typed = [...pin].map((place) => digits[Number(place) - 1] ?? '').join('')
    if (typed !== DEMO_PIN) throw new DeviceFailure('Failure_PinInvalid', 'PIN invalid')
  }

  async function unlockOnScreen(session: Session): Promise<void> {
    try {
      await session.confirm(PIN_SCREEN, { code: 'ButtonRequest_PinEntry', last: 'more' })
    } catch (error) {
      if (!(error instanceof DeviceFailure)) throw error
      throw new DeviceFailure('Failure_PinCancelled', 'PIN cancelled')
    }
  }

  async function askPassphrase(session: Session): Promise<string> {
    const reply = await session.ask('PassphraseRequest', {}, 'PassphraseAck')
    const { passphrase = '', on_device = false } = passphraseSchema.parse(reply.body)
    const { model, typedPassphrase } = options.condition()
    if (on_device && !MODELS[model].typesPassphrases) {
      throw new DeviceFailure('Failure_DataError', 'Passphrase is entered on the host')
    }
    if (!on_device && (passphrase === '' || !MODELS[model].typesPassphrases)) return passphrase
    const text = on_device ? typedPassphrase : passphrase
    await session.confirm(
      {
        kind: 'showing',
        title: { word: on_device ? 'enterPassphrase' : 'accessHidden' },
        lines: [{ label: 'passphrase', value: text }],
      },
      { code: on_device ? 'ButtonRequest_PassphraseEntry' : 'ButtonRequest_Other', last: 'more' },
    )
    return text
  }

  return {
    begin(body) {
      const asked = initializeSchema.safeParse(body).data?.session_id
      if (asked !== undefined && sessions.has(bytesToHex(asked))) current = asked
      else {
        current = options.random(32)
        sessions.set(bytesToHex(current), null)
      }
      return current
    },
    sessionId: () => current,
    async unlock(session) {
      const { locked, model } = options.condition()
      if (!locked) return
      await (MODELS[model].pinMatrix ? unlockByMatrix(session) : unlockOnScreen(session))
      options.change({ locked: false })
    },
    async seed(session) {
      if (!options.condition().passphrases) return seedOf('')
      const id = bytesToHex(current)
      const given = sessions.get(id) ?? (await askPassphrase(session))
      sessions.set(id, given)
      return seedOf(given)
    },
    seedOf,
    stateOf(seed) {
      const coin = coinByName('Testnet')
      if (coin === null) throw new Error('no such coin')
      const key = keyAt(seed, pathNumbers("m/44'/1'/0'/0/0"))
      return addressOf(coin, 'SPENDADDRESS', key.publicKey)
    },
    forgetSession: () => sessions.set(bytesToHex(current), null),
    forgetAll: () => sessions.clear(),
  }
}
