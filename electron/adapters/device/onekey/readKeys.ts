/** Account keys: bitcoin paths in one bundle, EVM paths one by one, each by the message the firmware has
 *  for it. All come back as xpub or tpub, in the order asked; nothing is shown on the screen. */
import { z } from 'zod'
import { ok } from '../../../../shared/errors/refusal.ts'
import type { DeviceInfo, DeviceKeys, DevicePort, DeviceResult } from '../../../host/ports.ts'
import { COIN_NAMES } from './bitcoinCall.ts'
import { malformedAnswer, planInvalid } from './deviceLine.ts'
import { normaliseExtendedKey } from './extendedKey.ts'
import { coinTypeOf, parsePath } from './path.ts'
import type { Ask } from './protocol.ts'
import { fingerprintText } from './walletSession.ts'

const EVM_COIN = 60

const bitcoinKeySchema = z.object({
  xpub: z.string(),
  root_fingerprint: z.int().min(0).max(0xffffffff),
})
const evmKeySchema = z.object({ xpub: z.string() })

type KeyPlan =
  | { readonly kind: 'keys'; readonly bitcoin: readonly string[]; readonly evm: readonly string[] }
  | { readonly kind: 'invalid'; readonly field: string }

/** There is always a bitcoin path: only its answer carries the fingerprint. */
function planKeys(paths: readonly string[]): KeyPlan {
  const evm: string[] = []
  const bitcoin: string[] = []
  for (const [i, path] of paths.entries()) {
    const numbers = parsePath(path)
    if (numbers === null || numbers.length < 3) return { kind: 'invalid', field: `paths.${i}` }
    if (coinTypeOf(numbers) === EVM_COIN) evm.push(path)
    else bitcoin.push(path)
  }
  return { kind: 'keys', bitcoin: bitcoin.length > 0 ? bitcoin : ["m/84'/0'/0'"], evm }
}

export async function readKeys(
  ask: Ask,
  device: DeviceInfo,
  { paths, network }: Parameters<DevicePort['readKeys']>[0],
): Promise<DeviceResult<DeviceKeys>> {
  const plan = planKeys(paths)
  if (plan.kind === 'invalid') return planInvalid(plan.field)
  const coin = COIN_NAMES[network]
  const bundle = plan.bitcoin.map((path) => ({ path, coin, showOnOneKey: false }))
  const bitcoin = await ask({
    method: 'btcGetPublicKey',
    params: { bundle },
    answer: z.array(bitcoinKeySchema).length(bundle.length),
  })
  if (!bitcoin.ok) return bitcoin
  const keys = new Map<string, string | null>()
  for (const [i, key] of bitcoin.value.entries()) {
    const form = network === 'mainnet' ? 'xpub' : 'tpub'
    keys.set(plan.bitcoin[i] ?? '', normaliseExtendedKey(key.xpub, form))
  }
  for (const path of plan.evm) {
    const evm = await ask({
      method: 'evmGetPublicKey',
      params: { path, showOnOneKey: false },
      answer: evmKeySchema,
    })
    if (!evm.ok) return evm
    keys.set(path, normaliseExtendedKey(evm.value.xpub, 'xpub'))
  }
  const xpubs = paths.map((path) => keys.get(path)).filter((key) => typeof key === 'string')
  const [first] = bitcoin.value
  if (first === undefined || xpubs.length !== paths.length) return malformedAnswer('xpub')
  const fingerprint = fingerprintText(first.root_fingerprint)
  return ok({ fingerprint, device, xpubs })
}
