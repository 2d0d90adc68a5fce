/** The same calls on each model, since they differ in Features, PIN and message support. */
import { afterEach, describe, expect, it } from 'vitest'
import type { DevicePort } from '../../../host/ports.ts'
import { pressThrough } from '../../../simulators/onekey/rehearse.ts'
import { type SoftwareOneKey, serveSoftwareOneKey } from '../../../simulators/onekey/serve.ts'
import { createOneKeyDevice } from './device.ts'

const MNEMONIC =
  'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about'
const TIMEOUT = 30_000
const signal = new AbortController().signal

let software: SoftwareOneKey | null = null
let device: DevicePort | null = null

afterEach(async () => {
  await device?.close()
  await software?.close()
})

describe.each([
  ['classic1s', 'OneKey Classic 1S', '3.2.0'],
  ['touch', 'OneKey Touch', '4.3.0'],
  ['pro', 'OneKey Pro', '4.4.0'],
] as const)('%s', (model, name, oldFirmware) => {
  it(
    'reads keys, shows an address after its PIN, and is refused with old firmware',
    async () => {
      const one = await serveSoftwareOneKey({ mnemonic: MNEMONIC, model })
      software = one
      const port = createOneKeyDevice({ link: { kind: 'tcp', port: one.linkPort } })
      device = port
      const paths = ["m/84'/1'/0'", "m/44'/60'/0'"]
      const keys = await port.readKeys({ paths, network: 'regtest', passphrase: false }, signal)
      expect(keys).toMatchObject({
        ok: true,
        value: { fingerprint: '73c5da0a', device: { model: name } },
      })
      const { deviceId } = one.condition()
      one.change({ locked: true })
      const wallet = { deviceId, fingerprint: '73c5da0a', passphrase: false }
      const ask = { path: "m/84'/1'/0'/0/0", network: 'regtest', wallet } as const
      const stop = port.onState((state) => {
        if (state.kind === 'asks') port.answer({ kind: 'on-device' })
      })
      const shown = port.showBitcoinAddress(ask, signal)
      const screens = await pressThrough(one, 'confirm', 2)
      expect(screens.map((screen) => screen.title)).toEqual(['Enter PIN', 'Regtest Address'])
      stop()
      expect(await shown).toEqual({
        ok: true,
        value: { address: one.bitcoinAddress(ask.path, 'Regtest') },
      })
      one.change({ firmware: oldFirmware })
      expect(await port.showBitcoinAddress(ask, signal)).toMatchObject({
        refusal: { code: 'DEVICE_FIRMWARE_TOO_OLD', data: { found: oldFirmware } },
      })
    },
    TIMEOUT,
  )
})
