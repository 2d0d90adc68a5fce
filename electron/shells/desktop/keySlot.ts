/** The operating system's keychain as one slot of the data key. Not offered where Linux has no keychain:
 *  Electron would then "encrypt" under a password that is written in its source. */
import { safeStorage } from 'electron'
import type { Answer, Ask } from '../hostProtocol.ts'

async function isTrusted(): Promise<boolean> {
  if (process.platform === 'linux') {
    const backend = safeStorage.getSelectedStorageBackend()
    if (backend === 'basic_text' || backend === 'unknown') return false
  }
  return safeStorage.isAsyncEncryptionAvailable()
}

/** The wrapped key as base64, or the plain key; null where there is no keychain to trust, or it refuses. */
export async function answerKeySlot(
  request: Extract<Ask, { kind: 'wrap-key' | 'unwrap-key' }>,
): Promise<Answer> {
  if (!(await isTrusted())) return null
  if (request.kind === 'wrap-key') {
    const wrapped = await safeStorage.encryptStringAsync(request.plain)
    return { wrapped: wrapped.toString('base64') }
  }
  try {
    const bytes = Buffer.from(request.wrapped, 'base64')
    const { result, shouldReEncrypt } = await safeStorage.decryptStringAsync(bytes)
    return { plain: result, rewrap: shouldReEncrypt }
  } catch {
    // Another user's keychain, or a damaged wrap: the passphrase slot remains.
    return null
  }
}
