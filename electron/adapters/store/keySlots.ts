/** The data key: 32 random bytes, never stored bare, wrapped once per slot. Slots: `passphrase`
 *  (scrypt N=2^17, r=8, p=1, then AES-256-GCM) and `keychain` (the operating system's, by a seam that
 *  the shell fills). Any one slot opens the store; the last one cannot be removed. The file is replaced
 *  whole, so a crash leaves the old slots or the new.
 *  Refuses: PASSPHRASE_WRONG, SECRETS_LOCKED, STORE_CORRUPT, STORE_WRITE_FAILED, INPUT_INVALID, NOT_FOUND. */
import { hkdfSync, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { ok, type Result, refuse } from '../../../shared/errors/refusal.ts'
import type { Random } from '../../host/ports.ts'
import { storeFault } from './database.ts'
import { makePrivateDirectory, writeFileDurably } from './durableFile.ts'
import { decryptSecret, encryptSecret } from './seal.ts'

/** The operating system's keychain, e.g. Electron's safeStorage. Its calls may reject. */
export interface Keychain {
  /** False also for a backend that stores without protection. */
  available(): Promise<boolean>
  encrypt(text: string): Promise<Uint8Array>
  decrypt(sealed: Uint8Array): Promise<string>
}

export type SlotName = 'passphrase' | 'keychain'
export type SlotKey =
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  | { readonly kind: 'keychain' }

const fileName = 'keys.json'
const keyBytes = 32
export const shortestPassphrase = 8
const scryptCost: ScryptOptions = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 2 ** 20 }

const base64 = z.base64().max(100_000)
const passphraseSlot = z.strictObject({
  kind: z.literal('passphrase'),
  /** Fixed: a file must not be able to choose a weak or an endless one. */
  scrypt: z.strictObject({ N: z.literal(2 ** 17), r: z.literal(8), p: z.literal(1) }),
  salt: base64,
  sealed: base64,
})
const keychainSlot = z.strictObject({ kind: z.literal('keychain'), sealed: base64 })
const fileSchema = z.strictObject({
  version: z.literal(1),
  /** Recognises the right data key without revealing it. */
  check: base64,
  slots: z
    .array(z.discriminatedUnion('kind', [passphraseSlot, keychainSlot]))
    .min(1)
    .max(2),
})
type SlotFile = z.infer<typeof fileSchema>
type Slot = SlotFile['slots'][number]

type FileRefusals = 'STORE_CORRUPT' | 'STORE_WRITE_FAILED'
export type SlotRefusals = FileRefusals | 'SECRETS_LOCKED' | 'PASSPHRASE_WRONG' | 'INPUT_INVALID'

export interface KeySlots {
  /** Empty before `create`. */
  names(): readonly SlotName[]
  /** Makes a new data key in its first slot; INPUT_INVALID when there is one already. */
  create(first: SlotKey): Promise<Result<Uint8Array, SlotRefusals>>
  unlock(by: SlotKey): Promise<Result<Uint8Array, SlotRefusals>>
  /** Adds the slot or replaces the one of its kind. @param dataKey  as unlocked */
  put(dataKey: Uint8Array, slot: SlotKey): Promise<Result<void, SlotRefusals>>
  /** INPUT_INVALID for the last slot. */
  remove(name: SlotName): Result<void, FileRefusals | 'INPUT_INVALID' | 'NOT_FOUND'>
}

/** A data key for one run of the demo: wrapped nowhere, gone with the process. */
export function ephemeralDataKey(random: Random): Uint8Array {
  return random.bytes(keyBytes)
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

function decodeBytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'))
}

function checkValue(dataKey: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', dataKey, new Uint8Array(0), 'bulkhead/keys/1/check', 16))
}

function isDataKey(candidate: Uint8Array, check: string): boolean {
  const expected = decodeBytes(check)
  if (candidate.length !== keyBytes || expected.length !== 16) return false
  return timingSafeEqual(checkValue(candidate), expected)
}

function stretch(passphrase: string, salt: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    // The same passphrase typed on another keyboard may arrive in another Unicode form.
    scrypt(passphrase.normalize('NFKC'), salt, keyBytes, scryptCost, (error, key) =>
      error === null ? resolve(new Uint8Array(key)) : reject(error),
    )
  })
}

const wrapped = ['data-key', 'passphrase'] as const

/** Opens the slots of a directory; the file need not exist yet. */
export function openKeySlots(options: {
  readonly directory: string
  readonly random: Random
  readonly keychain: Keychain | null
}): Result<KeySlots, FileRefusals> {
  const { random, keychain } = options
  const path = join(options.directory, fileName)
  const damaged = refuse('STORE_CORRUPT', { file: fileName, reason: 'malformed' })

  let file: SlotFile | null = null
  try {
    if (existsSync(path)) file = fileSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (error) {
    const fault = storeFault(error, fileName)
    return fault?.code === 'STORE_WRITE_FAILED' ? { ok: false, refusal: fault } : damaged
  }
  const kinds = file?.slots.map((slot) => slot.kind) ?? []
  if (new Set(kinds).size !== kinds.length) return damaged

  const save = (next: SlotFile): Result<void, FileRefusals> => {
    try {
      makePrivateDirectory(options.directory)
      writeFileDurably(path, Buffer.from(`${JSON.stringify(next, null, 2)}\n`))
    } catch (error) {
      const fault = storeFault(error, fileName)
      if (fault === null || fault.code === 'STORE_IN_USE') throw error
      return { ok: false, refusal: fault }
    }
    file = next
    return ok(undefined)
  }

  const locked = () => refuse('SECRETS_LOCKED', { slots: file?.slots.map((s) => s.kind) ?? [] })

  const keychainReady = async (): Promise<Keychain | null> => {
    try {
      return keychain !== null && (await keychain.available()) ? keychain : null
    } catch {
      return null
    }
  }

  const wrap = async (dataKey: Uint8Array, by: SlotKey): Promise<Result<Slot, SlotRefusals>> => {
    if (by.kind === 'keychain') {
      const ready = await keychainReady()
      if (ready === null) return locked()
      try {
        const sealed = await ready.encrypt(encode(dataKey))
        // A keychain that cannot give it back must not become the only slot.
        if ((await ready.decrypt(sealed)) !== encode(dataKey)) return locked()
        return ok({ kind: 'keychain', sealed: encode(sealed) })
      } catch {
        return locked()
      }
    }
    if ([...by.passphrase].length < shortestPassphrase)
      return refuse('INPUT_INVALID', {
        field: 'passphrase',
        problem: `shorter than ${shortestPassphrase} characters`,
      })
    const salt = random.bytes(32)
    const key = await stretch(by.passphrase, salt)
    const sealed = encryptSecret(key, random.bytes(12), [...wrapped, encode(salt)], dataKey)
    return ok({
      kind: 'passphrase',
      scrypt: { N: 2 ** 17, r: 8, p: 1 },
      salt: encode(salt),
      sealed: encode(sealed),
    })
  }

  const unwrap = async (slot: Slot, by: SlotKey): Promise<Uint8Array | null> => {
    if (slot.kind === 'passphrase' && by.kind === 'passphrase') {
      const key = await stretch(by.passphrase, decodeBytes(slot.salt))
      return decryptSecret(key, [...wrapped, slot.salt], decodeBytes(slot.sealed))
    }
    const ready = await keychainReady()
    if (slot.kind !== 'keychain' || ready === null) return null
    try {
      return decodeBytes(await ready.decrypt(decodeBytes(slot.sealed)))
    } catch {
      return null
    }
  }

  return ok({
    names: () => file?.slots.map((slot) => slot.kind) ?? [],

    async create(first) {
      if (file !== null)
        return refuse('INPUT_INVALID', { field: 'slot', problem: 'a data key exists already' })
      const dataKey = random.bytes(keyBytes)
      const slot = await wrap(dataKey, first)
      if (!slot.ok) return slot
      const saved = save({ version: 1, check: encode(checkValue(dataKey)), slots: [slot.value] })
      return saved.ok ? ok(dataKey) : saved
    },

    async unlock(by) {
      const slot = file?.slots.find((candidate) => candidate.kind === by.kind)
      if (file === null || slot === undefined) return locked()
      const candidate = await unwrap(slot, by)
      if (candidate === null)
        return by.kind === 'passphrase'
          ? refuse('PASSPHRASE_WRONG', { slot: 'passphrase' })
          : locked()
      if (!isDataKey(candidate, file.check)) return damaged
      return ok(candidate)
    },

    async put(dataKey, by) {
      if (file === null || !isDataKey(dataKey, file.check)) return locked()
      const slot = await wrap(dataKey, by)
      if (!slot.ok) return slot
      const others = file.slots.filter((candidate) => candidate.kind !== by.kind)
      return save({ ...file, slots: [...others, slot.value] })
    },

    remove(name) {
      const others = file?.slots.filter((slot) => slot.kind !== name) ?? []
      if (file === null || others.length === file.slots.length)
        return refuse('NOT_FOUND', { what: 'slot', id: name })
      if (others.length === 0)
        return refuse('INPUT_INVALID', {
          field: 'slot',
          problem: 'the last slot cannot be removed',
        })
      return save({ ...file, slots: others })
    },
  })
}
