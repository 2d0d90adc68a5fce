/** Keys of the store and what they seal. All keys come from the data key by HKDF-SHA256, one per use.
 *  Seals are HMAC-SHA256 over length-framed fields behind a domain tag, compared in constant time.
 *  Secrets: AES-256-GCM, 12 random bytes of nonce, tag appended; name and version are bound as
 *  additional data, so that a ciphertext cannot stand in for another one. */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  timingSafeEqual,
} from 'node:crypto'

export interface StoreKeys {
  readonly seal: Uint8Array
  readonly secret: Uint8Array
}

const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16

function derive(dataKey: Uint8Array, use: string): Uint8Array {
  return new Uint8Array(
    hkdfSync('sha256', dataKey, new Uint8Array(0), `bulkhead/store/1/${use}`, keyBytes),
  )
}

/** Throws unless the data key is 32 bytes. */
export function deriveStoreKeys(dataKey: Uint8Array): StoreKeys {
  if (dataKey.length !== keyBytes) throw new Error(`the data key has ${dataKey.length} bytes`)
  return { seal: derive(dataKey, 'seal'), secret: derive(dataKey, 'secret') }
}

export type SealField = string | number

/** Each field behind its type and length: no two field lists share bytes. */
export function frameFields(fields: readonly SealField[]): Uint8Array {
  const parts: Buffer[] = []
  for (const field of fields) {
    if (typeof field === 'string' && !field.isWellFormed())
      throw new Error('sealed text holds a lone surrogate')
    if (typeof field === 'number' && !Number.isSafeInteger(field))
      throw new Error(`sealed number is not an integer: ${field}`)
    const bytes = Buffer.from(String(field), 'utf8')
    const head = Buffer.alloc(5)
    head.writeUInt8(typeof field === 'string' ? 1 : 2)
    head.writeUInt32BE(bytes.length, 1)
    parts.push(head, bytes)
  }
  return Buffer.concat(parts)
}

/** @param what  domain of the seal, e.g. 'head' */
export function sealFields(
  key: Uint8Array,
  what: string,
  fields: readonly SealField[],
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(
    createHmac('sha256', key)
      .update(frameFields([what, ...fields]))
      .digest(),
  )
}

export function sealMatches(
  key: Uint8Array,
  what: string,
  fields: readonly SealField[],
  seal: Uint8Array,
): boolean {
  const expected = sealFields(key, what, fields)
  return seal.length === expected.length && timingSafeEqual(seal, expected)
}

/** nonce ‖ ciphertext ‖ tag. */
export function encryptSecret(
  key: Uint8Array,
  nonce: Uint8Array,
  bound: readonly SealField[],
  value: Uint8Array,
): Uint8Array<ArrayBuffer> {
  if (nonce.length !== nonceBytes) throw new Error('the nonce is not 12 bytes')
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(frameFields(bound))
  return new Uint8Array(
    Buffer.concat([nonce, cipher.update(value), cipher.final(), cipher.getAuthTag()]),
  )
}

/** The plaintext, or null where key, bytes or bound fields differ. */
export function decryptSecret(
  key: Uint8Array,
  bound: readonly SealField[],
  sealed: Uint8Array,
): Uint8Array<ArrayBuffer> | null {
  if (sealed.length < nonceBytes + tagBytes) return null
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  })
  decipher.setAAD(frameFields(bound))
  decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes))
  const body = sealed.subarray(nonceBytes, sealed.length - tagBytes)
  try {
    return new Uint8Array(Buffer.concat([decipher.update(body), decipher.final()]))
  } catch {
    // final() throws for a wrong tag and for nothing else.
    return null
  }
}
