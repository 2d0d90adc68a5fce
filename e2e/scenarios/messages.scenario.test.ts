/** Messages signed on the device and believed only after our own look; what lets others move tokens never gets there. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { InputOf } from '../../shared/contract/method.ts'
import type { messagesDescribe } from '../../shared/contract/methods/messages.ts'
import { type Scene, openScene, until } from './demoHost.ts'

let scene: Scene

beforeAll(async () => {
  scene = await openScene()
}, 60_000)

afterAll(async () => {
  await scene?.close()
})

type Request = InputOf<typeof messagesDescribe>

async function addressOf(chain: 'bitcoin' | 'evm') {
  return until(async () => {
    const view = await scene.client.call('vault.read', {})
    return view.ok ? view.value.addresses.find((own) => own.chain.startsWith(chain)) : undefined
  }, `an address on ${chain}`)
}

async function describe(request: Request) {
  const described = await scene.client.call('messages.describe', request)
  if (!described.ok) throw new Error(JSON.stringify(described.refusal))
  return described.value
}

/** Presses the device's button while it asks; every value it showed. */
async function sign(request: Request, press: 'confirm' | 'reject' = 'confirm') {
  const { description } = await describe(request)
  const shown = new Set<string>()
  let over = false
  const signing = scene.client
    .call('messages.sign', { ...request, digest: description.digest })
    .finally(() => {
      over = true
    })
  await until(async () => {
    for (const line of scene.world.device.screen().lines) shown.add(line.value)
    scene.world.device.press(press)
    return over ? true : undefined
  }, 'the device to be done')
  return { result: await signing, shown: [...shown].join(' ') }
}

async function kinds(): Promise<readonly string[]> {
  const listed = await scene.client.call('journal.list', { limit: 10 })
  return listed.ok ? listed.value.entries.map(({ kind }) => kind) : []
}

test.each(['legacy', 'bip322'] as const)(
  'a bitcoin address signs %s; the device showed the text, and anybody can verify it',
  async (format) => {
    const { accountId, path, address } = await addressOf('bitcoin')
    const message = 'Bulkhead keeps them apart'
    const { result, shown } = await sign({ accountId, path, format, message })
    if (!result.ok) throw new Error(JSON.stringify(result.refusal))
    expect(shown).toContain(message)
    const { signature } = result.value
    const claim = { address, message, signature }
    const form = format === 'legacy' ? 'recoverable' : 'bip322-simple'
    expect(await scene.client.call('messages.verify', claim)).toMatchObject({
      value: { verdict: 'valid', form },
    })
    expect(
      await scene.client.call('messages.verify', { ...claim, message: `${message}!` }),
    ).toMatchObject({ value: { verdict: 'invalid' } })
    expect((await kinds()).slice(0, 2)).toEqual(['message.signed', 'message.asked'])
  },
)

test('an EVM account signs a personal message, which anybody can verify', async () => {
  const { accountId, path, address } = await addressOf('evm')
  const message = 'I hold this vault'
  const { result } = await sign({ accountId, path, format: 'personal', message })
  if (!result.ok) throw new Error(JSON.stringify(result.refusal))
  expect(
    await scene.client.call('messages.verify', {
      address,
      message,
      signature: result.value.signature,
    }),
  ).toMatchObject({ value: { verdict: 'valid', form: 'personal' } })
})

test('an EVM account signs typed data that allow nobody anything; the device showed each value', async () => {
  const { accountId, path, address } = await addressOf('evm')
  const message = JSON.stringify({
    types: {
      EIP712Domain: [
        { name: 'name', type: 'string' },
        { name: 'chainId', type: 'uint256' },
      ],
      Attendance: [
        { name: 'who', type: 'address' },
        { name: 'seats', type: 'uint8[]' },
      ],
    },
    primaryType: 'Attendance',
    domain: { name: 'Club', chainId: 31337 },
    message: { who: address, seats: [7, 12] },
  })
  const { result, shown } = await sign({ accountId, path, format: 'typed-data', message })
  if (!result.ok) throw new Error(JSON.stringify(result.refusal))
  for (const value of ['Club', '31337', '7', '12']) expect(shown).toContain(value)
  const { signature } = result.value
  const claim = { address, message, kind: 'typed-data', signature } as const
  expect(await scene.client.call('messages.verify', claim)).toMatchObject({
    value: { verdict: 'valid', form: 'typed-data' },
  })
})

test('a permit is shown for what it is and never reaches the device', async () => {
  const { accountId, path, address } = await addressOf('evm')
  const field = (name: string, type: string) => ({ name, type })
  const typed = {
    types: {
      EIP712Domain: [field('name', 'string'), field('chainId', 'uint256')],
      Permit: [
        field('owner', 'address'),
        field('spender', 'address'),
        field('value', 'uint256'),
        field('nonce', 'uint256'),
        field('deadline', 'uint256'),
      ],
    },
    primaryType: 'Permit',
    domain: { name: 'USD Coin', chainId: 31337 },
    message: { owner: address, spender: address, value: '1', nonce: 0, deadline: '1893456000' },
  }
  const message = JSON.stringify(typed)
  const request = { accountId, path, format: 'typed-data', message } as const
  const { description, refusal } = await describe(request)
  expect(refusal).toMatchObject({ code: 'ALLOWANCE_REFUSED', data: { what: 'permit' } })
  const before = await kinds()
  expect(
    await scene.client.call('messages.sign', { ...request, digest: description.digest }),
  ).toMatchObject({ refusal: { code: 'ALLOWANCE_REFUSED' } })
  expect(await kinds()).toEqual(before)
})

test('rejected on the device: nothing is signed, and it is written down', async () => {
  const { accountId, path } = await addressOf('evm')
  const request = { accountId, path, format: 'personal', message: 'no' } as const
  const { result } = await sign(request, 'reject')
  expect(result).toMatchObject({ refusal: { code: 'DEVICE_REJECTED' } })
  expect((await kinds()).slice(0, 2)).toEqual(['message.refused', 'message.asked'])
})
