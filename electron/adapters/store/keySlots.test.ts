import { randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ephemeralDataKey, type Keychain, type KeySlots, openKeySlots } from './keySlots.ts'

const random = { bytes: (length: number) => new Uint8Array(randomBytes(length)) }
let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-keys-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

/** Stands for the operating system's keychain: XOR with a pad it keeps. */
function fakeKeychain(state = { available: true, broken: false }): Keychain {
  const pad = randomBytes(200)
  const flip = (bytes: Uint8Array) => bytes.map((byte, i) => byte ^ (pad[i] ?? 0))
  return {
    available: async () => state.available,
    encrypt: async (text) => flip(Buffer.from(text)),
    async decrypt(sealed) {
      if (state.broken) throw new Error('the keychain refuses')
      return Buffer.from(flip(sealed)).toString()
    },
  }
}

function slotsOf(keychain: Keychain | null = null): KeySlots {
  const slots = openKeySlots({ directory, random, keychain })
  if (!slots.ok) throw new Error(JSON.stringify(slots.refusal))
  return slots.value
}

function valueOf<T>(result: { ok: true; value: T } | { ok: false; refusal: unknown }): T {
  if (!result.ok) throw new Error(JSON.stringify(result.refusal))
  return result.value
}

const passphrase = { kind: 'passphrase', passphrase: 'correct horse é' } as const
const file = () => join(directory, 'keys.json')

test('a passphrase slot opens after a restart, in any Unicode form, and refuses another passphrase', async () => {
  const dataKey = valueOf(await slotsOf().create(passphrase))
  expect(dataKey).toHaveLength(32)
  const again = slotsOf()
  expect(again.names()).toEqual(['passphrase'])
  expect(valueOf(await again.unlock(passphrase))).toEqual(dataKey)
  const decomposed = passphrase.passphrase.normalize('NFD')
  expect(valueOf(await again.unlock({ ...passphrase, passphrase: decomposed }))).toEqual(dataKey)
  expect(await again.unlock({ ...passphrase, passphrase: 'correct horse e' })).toEqual({
    ok: false,
    refusal: { code: 'PASSPHRASE_WRONG', data: { slot: 'passphrase' } },
  })
  expect(statSync(file()).mode & 0o777).toBe(0o600)
  expect(readFileSync(file(), 'utf8')).not.toContain(Buffer.from(dataKey).toString('base64'))
  expect(readdirSync(directory)).toEqual(['keys.json'])
}, 60_000)

test('two slots hold the same key; either can go, the last cannot', async () => {
  const keychain = fakeKeychain()
  const slots = slotsOf(keychain)
  const dataKey = valueOf(await slots.create({ kind: 'keychain' }))
  expect(slots.remove('keychain')).toMatchObject({ ok: false, refusal: { code: 'INPUT_INVALID' } })
  expect(slots.remove('passphrase')).toMatchObject({ ok: false, refusal: { code: 'NOT_FOUND' } })
  valueOf(await slots.put(dataKey, passphrase))
  expect(valueOf(await slotsOf(keychain).unlock({ kind: 'keychain' }))).toEqual(dataKey)
  expect(valueOf(await slotsOf().unlock(passphrase))).toEqual(dataKey)
  valueOf(slots.remove('keychain'))
  expect(slotsOf().names()).toEqual(['passphrase'])
  expect(await slotsOf(keychain).unlock({ kind: 'keychain' })).toMatchObject({
    ok: false,
    refusal: { code: 'SECRETS_LOCKED', data: { slots: ['passphrase'] } },
  })
}, 60_000)

test('a changed passphrase opens, the former does not', async () => {
  const slots = slotsOf()
  const dataKey = valueOf(await slots.create(passphrase))
  valueOf(await slots.put(dataKey, { kind: 'passphrase', passphrase: 'another battery' }))
  const again = slotsOf()
  expect(again.names()).toEqual(['passphrase'])
  expect(await again.unlock(passphrase)).toMatchObject({ ok: false })
  expect(
    valueOf(await again.unlock({ kind: 'passphrase', passphrase: 'another battery' })),
  ).toEqual(dataKey)
}, 60_000)

test('a slot is put only for the data key of this directory', async () => {
  const slots = slotsOf(fakeKeychain())
  valueOf(await slots.create({ kind: 'keychain' }))
  expect(await slots.put(randomBytes(32), passphrase)).toMatchObject({
    ok: false,
    refusal: { code: 'SECRETS_LOCKED' },
  })
  expect(slots.names()).toEqual(['keychain'])
})

test('an absent, unprotected, refusing or lying keychain makes no slot and opens none', async () => {
  for (const keychain of [
    null,
    fakeKeychain({ available: false, broken: false }),
    fakeKeychain({ available: true, broken: true }),
    { ...fakeKeychain(), decrypt: async () => 'other' },
  ]) {
    expect(await slotsOf(keychain).create({ kind: 'keychain' })).toMatchObject({
      ok: false,
      refusal: { code: 'SECRETS_LOCKED' },
    })
    expect(existsSync(file())).toBe(false)
  }
  const state = { available: true, broken: false }
  const keychain = fakeKeychain(state)
  valueOf(await slotsOf(keychain).create({ kind: 'keychain' }))
  state.broken = true
  expect(await slotsOf(keychain).unlock({ kind: 'keychain' })).toMatchObject({
    ok: false,
    refusal: { code: 'SECRETS_LOCKED' },
  })
  expect(await slotsOf(fakeKeychain()).unlock({ kind: 'keychain' })).toMatchObject({ ok: false })
})

test('a second create is refused and keeps the first key', async () => {
  const keychain = fakeKeychain()
  const dataKey = valueOf(await slotsOf(keychain).create({ kind: 'keychain' }))
  expect(await slotsOf(keychain).create({ kind: 'keychain' })).toMatchObject({
    ok: false,
    refusal: { code: 'INPUT_INVALID' },
  })
  expect(valueOf(await slotsOf(keychain).unlock({ kind: 'keychain' }))).toEqual(dataKey)
})

test('a short passphrase is refused', async () => {
  expect(await slotsOf().create({ kind: 'passphrase', passphrase: 'seven77' })).toMatchObject({
    ok: false,
    refusal: { code: 'INPUT_INVALID', data: { field: 'passphrase' } },
  })
})

test('a damaged file is refused: not json, weakened scrypt, a slot twice, no slot', async () => {
  valueOf(await slotsOf().create(passphrase))
  const sound = readFileSync(file(), 'utf8')
  const parsed = JSON.parse(sound)
  for (const text of [
    sound.slice(0, -9),
    sound.replace('131072', '2'),
    JSON.stringify({ ...parsed, slots: [...parsed.slots, ...parsed.slots] }),
    JSON.stringify({ ...parsed, slots: [] }),
  ]) {
    writeFileSync(file(), text)
    expect(openKeySlots({ directory, random, keychain: null })).toMatchObject({
      ok: false,
      refusal: { code: 'STORE_CORRUPT' },
    })
  }
}, 60_000)

test('a write that fails keeps the old slots in force', async () => {
  const keychain = fakeKeychain()
  const slots = slotsOf(keychain)
  const dataKey = valueOf(await slots.create({ kind: 'keychain' }))
  mkdirSync(`${file()}.new`)
  await expect(slots.put(dataKey, passphrase)).resolves.toMatchObject({
    ok: false,
    refusal: { code: 'STORE_WRITE_FAILED' },
  })
  expect(slots.names()).toEqual(['keychain'])
  expect(valueOf(await slotsOf(keychain).unlock({ kind: 'keychain' }))).toEqual(dataKey)
}, 60_000)

test('the demo key is written nowhere', () => {
  expect(ephemeralDataKey(random)).toHaveLength(32)
  expect(readdirSync(directory)).toEqual([])
})
