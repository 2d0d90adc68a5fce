/** What a person does in a scenario: plan, approve, press the device's own button, look at what changed. */
import type { InputOf } from '../../shared/contract/method.ts'
import type { transfersPlan, TransferView } from '../../shared/contract/methods/transfers.ts'
import type { Refusal } from '../../shared/errors/refusal.ts'
import { encodeCanonical } from '../../shared/units/canonical.ts'
import { type Scene, until } from './demoHost.ts'

export type PlanInput = InputOf<typeof transfersPlan>

export const binanceAccount = 'binance-usdm:demo'
/** BIP84's first address on regtest: nobody in the demo has its key. */
export const bitcoinRecipient = 'bcrt1qcr8te4kr609gcawutmrza0j4xv80jy8zeqchgx'
export const evmRecipient = '0x00000000000000000000000000000000DeaDBeef'

export async function plan({ client }: Scene, input: PlanInput): Promise<TransferView> {
  const planned = await client.call('transfers.plan', input)
  if (!planned.ok) throw new Error(encodeCanonical(planned.refusal))
  return planned.value
}

export async function planRefusal({ client }: Scene, input: PlanInput): Promise<Refusal | null> {
  const planned = await client.call('transfers.plan', input)
  return planned.ok ? null : planned.refusal
}

export async function approve({ client }: Scene, view: TransferView): Promise<void> {
  const approved = await client.call('transfers.approve', { id: view.id, digest: view.digest })
  if (!approved.ok) throw new Error(encodeCanonical(approved.refusal))
}

/** Presses the device's confirm button on each page it shows until the transfer is past the device.
 *  Returns every value that stood on its screen. */
export async function confirmOnDevice(scene: Scene, id: string): Promise<ReadonlySet<string>> {
  const shown = new Set<string>()
  await until(async () => {
    const view = await scene.client.call('transfers.read', { id })
    if (!view.ok) throw new Error(view.refusal.code)
    if (view.value.state !== 'signing' && view.value.state !== 'confirming') return true
    for (const line of scene.world.device.screen().lines) shown.add(line.value)
    scene.world.device.press('confirm')
    return undefined
  }, 'the device to be done')
  return shown
}

/** Everything that could have been lost, as the outside world has it: not as the app says. */
export async function holdings({ world }: Scene) {
  const { binance } = world.venues
  const evmAddress = world.device.evmAddress("m/44'/60'/0'/0/0")
  return {
    eth: await world.evm.readEth(evmAddress),
    usdc: await world.evm.readUsdc(evmAddress),
    bitcoinHeight: world.bitcoin.height(),
    evmHeight: await world.evm.readHeight(),
    venueOrders: binance.seen.filter(
      (line) => /transfer|withdraw\/apply/.test(line) && line.startsWith('POST'),
    ).length,
  }
}
