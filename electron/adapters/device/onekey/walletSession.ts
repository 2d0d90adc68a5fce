/** Sessions of passphrase wallets: which state of the device opens which wallet. In memory only and gone with
 *  the device; the passphrase itself passes through and is kept nowhere. A wallet is known by the fingerprint
 *  of its root key: another passphrase gives another wallet, which is refused, not taken for an empty one. */
import { z } from 'zod'
import { ok, refuse } from '../../../../shared/errors/refusal.ts'
import type { DeviceResult, WalletRef } from '../../../host/ports.ts'
import type { SdkCall } from './protocol.ts'

/** What is added to every call on a wallet. Source: the SDK's common parameters. */
export type WalletScope =
  | { readonly useEmptyPassphrase: true }
  | { readonly passphraseState: string }

export type ScopedAsk = <T>(scope: object, call: SdkCall<T>) => Promise<DeviceResult<T>>

const stateSchema = z.string().nullish()
const rootSchema = z.object({ root_fingerprint: z.int().min(0).max(0xffffffff) })
/** Any account will do: its answer names the root. */
const ROOT_CALL = { path: "m/84'/0'/0'", coin: 'Bitcoin', showOnOneKey: false }

export const MAIN_WALLET: WalletScope = { useEmptyPassphrase: true }

export function fingerprintText(root: number): string {
  return root.toString(16).padStart(8, '0')
}

export interface WalletSessions {
  /** Opens the wallet, or any wallet when `fingerprint` is null; the device asks for the passphrase unless a
   *  session of that wallet is held. */
  open(
    ask: ScopedAsk,
    wallet: Pick<WalletRef, 'deviceId'> & { readonly fingerprint: string | null },
  ): Promise<DeviceResult<WalletScope>>
  forget(wallet: WalletRef): void
  forgetAll(): void
}

export function createWalletSessions(): WalletSessions {
  const states = new Map<string, string>()
  const keyOf = (deviceId: string, fingerprint: string) => `${deviceId}/${fingerprint}`

  return {
    async open(ask, { deviceId, fingerprint }) {
      const held = fingerprint === null ? undefined : states.get(keyOf(deviceId, fingerprint))
      if (held !== undefined) return ok({ passphraseState: held })
      const opened = await ask(
        {},
        { method: 'getPassphraseState', params: { initSession: true }, answer: stateSchema },
      )
      if (!opened.ok) return opened
      const passphraseState = opened.value ?? ''
      if (passphraseState === '') return refuse('DEVICE_PASSPHRASE_OFF', { device: deviceId })
      const scope = { passphraseState }
      const root = await ask(scope, {
        method: 'btcGetPublicKey',
        params: ROOT_CALL,
        answer: rootSchema,
      })
      if (!root.ok) return root
      const found = fingerprintText(root.value.root_fingerprint)
      if (fingerprint !== null && found !== fingerprint) {
        return refuse('DEVICE_WRONG_PASSPHRASE', { expected: fingerprint })
      }
      states.set(keyOf(deviceId, found), passphraseState)
      return ok(scope)
    },
    forget: ({ deviceId, fingerprint }) => {
      states.delete(keyOf(deviceId, fingerprint))
    },
    forgetAll: () => states.clear(),
  }
}
