/** The software device by itself: its cable, its page, and who may press its buttons. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { request } from 'node:http'
import { Transaction } from 'ethers'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createFrameReader, framePackets } from './framing.ts'
import { loadWireSchema } from './schema.ts'
import { decimalText } from './screen.ts'
import { type SoftwareOneKey, mnemonicFromEntropy, serveSoftwareOneKey } from './serve.ts'

const MNEMONIC =
  'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about'
const APP = 'http://127.0.0.1:4173'

let device: SoftwareOneKey | null = null

afterEach(async () => {
  await device?.close()
  device = null
})

async function start(): Promise<SoftwareOneKey> {
  device = await serveSoftwareOneKey({ mnemonic: MNEMONIC, frameAncestors: [APP] })
  return device
}

/** One message out, one in, over a raw socket. */
async function exchange(port: number, name: string, body: Record<string, unknown>) {
  const schema = loadWireSchema()
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const read = createFrameReader()
  const answer = new Promise<ReturnType<typeof schema.decode> | null>((resolve) => {
    socket.on('close', () => resolve(null))
    socket.on('data', (data: Buffer) => {
      for (let at = 0; at < data.length; at += 64) {
        const raw = read(data.subarray(at, at + 64))
        if (raw !== null) resolve(schema.decode(raw.typeId, raw.payload))
      }
    })
  })
  for (const packet of framePackets(schema.encode(name, body))) socket.write(packet)
  return { socket, answer: await answer }
}

/** POST with any Host and Origin, which fetch would not send. */
function post(
  url: string,
  headers: Record<string, string>,
  body: string,
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

describe('the cable', () => {
  it.each([0, 1, 54, 55, 56, 118, 119, 500])('carries %i bytes through frames', (length) => {
    const payload = Uint8Array.from({ length }, (_, i) => i)
    const read = createFrameReader()
    const messages = framePackets({ typeId: 17, payload }).map(read)
    expect(messages.slice(0, -1).every((m) => m === null)).toBe(true)
    expect(messages.at(-1)).toEqual({ typeId: 17, payload })
  })

  it('answers Initialize with its Features', async () => {
    const { linkPort, serial } = await start()
    const { socket, answer } = await exchange(linkPort, 'Initialize', {})
    socket.destroy()
    expect(answer).toMatchObject({
      name: 'Features',
      body: { onekey_serial_no: serial, onekey_device_type: 'PRO', unlocked: true },
    })
  })

  it('answers an unknown request and a cancel with a Failure', async () => {
    const { linkPort } = await start()
    const first = await exchange(linkPort, 'WipeDevice', {})
    first.socket.destroy()
    await once(first.socket, 'close')
    expect(first.answer).toMatchObject({ body: { code: 'Failure_UnexpectedMessage' } })
  })

  it('takes one cable at a time and drops what is not the protocol', async () => {
    const { linkPort } = await start()
    const first = await exchange(linkPort, 'Initialize', {})
    const second = connect(linkPort, '127.0.0.1')
    await once(second, 'close')
    first.socket.write(Buffer.alloc(64, 0x41))
    await once(first.socket, 'close')
  })

  it('is gone when unplugged and back when plugged in', async () => {
    const one = await start()
    one.unplug()
    expect(one.screen().kind).toBe('unplugged')
    const refused = connect(one.linkPort, '127.0.0.1')
    await expect(once(refused, 'connect')).rejects.toThrow('ECONNREFUSED')
    await one.plug()
    const { socket, answer } = await exchange(one.linkPort, 'GetFeatures', {})
    socket.destroy()
    expect(answer?.name).toBe('Features')
  })
})

describe('the page', () => {
  it('shows itself only under its token and lets only the app embed it', async () => {
    const one = await start()
    const page = await fetch(one.pageUrl)
    expect(page.status).toBe(200)
    expect(page.headers.get('content-security-policy')).toContain(`frame-ancestors ${APP}`)
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect((await fetch(`${one.pageOrigin}/`)).status).toBe(404)
    expect((await fetch(`${one.pageOrigin}/wrong-token/`)).status).toBe(404)
    one.setFrameAncestors([])
    const alone = await fetch(one.pageUrl)
    expect(alone.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  })

  it('speaks Chinese and wears the asked theme', async () => {
    const one = await start()
    const page = await (await fetch(`${one.pageUrl}?theme=light&lang=zh`)).text()
    expect(page).toContain('<html lang="zh-CN" data-theme="light">')
    expect(page).toContain('拒绝')
  })

  it('streams the screen in the asked language', async () => {
    const one = await start()
    const response = await fetch(`${one.pageUrl}events?lang=zh`)
    const reader = response.body?.getReader()
    const { value } = (await reader?.read()) ?? {}
    await reader?.cancel()
    expect(new TextDecoder().decode(value)).toContain('演示设备')
  })

  it('refuses a press from another origin, another host, without a screen, and of no button', async () => {
    const one = await start()
    const url = `${one.pageUrl}press`
    const confirm = JSON.stringify({ button: 'confirm' })
    const own = { origin: one.pageOrigin }
    expect(await post(url, {}, confirm)).toBe(403)
    expect(await post(url, { origin: APP }, confirm)).toBe(403)
    expect(await post(url, { origin: 'null' }, confirm)).toBe(403)
    expect(await post(url, { ...own, host: 'rebound.example' }, confirm)).toBe(421)
    expect(await post(url, own, confirm)).toBe(409)
    expect(await post(url, own, '{"button":"power"}')).toBe(400)
    expect(await post(url, own, 'x'.repeat(10_000))).toBe(400)
  })

  it('presses for its own page', async () => {
    const one = await start()
    const asked = exchange(one.linkPort, 'GetAddress', {
      address_n: [84 + 0x80000000, 0x80000000, 0x80000000, 0, 0],
      show_display: true,
      coin_name: 'Bitcoin',
      script_type: 'SPENDWITNESS',
    })
    const { socket, answer } = await asked
    expect(answer).toMatchObject({ name: 'ButtonRequest' })
    const schema = loadWireSchema()
    for (const packet of framePackets(schema.encode('ButtonAck', {}))) socket.write(packet)
    while (one.screen().kind !== 'showing') await new Promise((resolve) => setTimeout(resolve, 5))
    const status = await post(
      `${one.pageUrl}press`,
      { origin: one.pageOrigin },
      '{"button":"confirm"}',
    )
    expect(status).toBe(204)
    const [data] = await once(socket, 'data')
    socket.destroy()
    const raw = createFrameReader()(data)
    expect(raw && schema.decode(raw.typeId, raw.payload)).toEqual({
      name: 'Address',
      body: { address: 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu' },
    })
  })
})

/** A whole conversation by hand: ButtonRequests are acknowledged, the device presses by itself. */
async function converse(one: SoftwareOneKey, name: string, body: Record<string, unknown>) {
  const schema = loadWireSchema()
  one.pressAutomatically('confirm')
  const socket = connect(one.linkPort, '127.0.0.1')
  await once(socket, 'connect')
  const read = createFrameReader()
  const say = (message: string, content: Record<string, unknown>): void => {
    for (const packet of framePackets(schema.encode(message, content))) socket.write(packet)
  }
  const answer = new Promise<ReturnType<typeof schema.decode>>((resolve) => {
    socket.on('data', (data: Buffer) => {
      for (let at = 0; at < data.length; at += 64) {
        const raw = read(data.subarray(at, at + 64))
        if (raw === null) continue
        const message = schema.decode(raw.typeId, raw.payload)
        if (message.name === 'ButtonRequest') say('ButtonAck', {})
        else resolve(message)
      }
    })
  })
  say(name, body)
  const message = await answer
  // One cable at a time: the device must have seen this one go.
  socket.end()
  await once(socket, 'close')
  return message
}

describe('messages that the app does not send', () => {
  const path = [44 + 0x80000000, 60 + 0x80000000, 0x80000000, 0, 0]
  const to = '0x000000000000000000000000000000000000dEaD'
  const legacy = {
    address_n: path,
    nonce: Uint8Array.of(9),
    gas_price: Uint8Array.of(0x77, 0x35, 0x94, 0x00),
    gas_limit: Uint8Array.of(0x52, 0x08),
    to,
    value: Uint8Array.of(1),
    chain_id: 137,
  }

  it('signs a legacy EVM transaction with an EIP-155 v', async () => {
    const one = await start()
    const { name, body } = await converse(one, 'EthereumSignTxOneKey', legacy)
    expect(name).toBe('EthereumTxRequestOneKey')
    const bytes = z.instanceof(Uint8Array)
    const hex = (value: unknown) => `0x${Buffer.from(bytes.parse(value)).toString('hex')}`
    const signed = Transaction.from({
      type: 0,
      chainId: 137,
      nonce: 9,
      gasPrice: 2_000_000_000n,
      gasLimit: 21_000n,
      to,
      value: 1n,
      signature: {
        r: hex(body['signature_r']),
        s: hex(body['signature_s']),
        v: Number(body['signature_v']),
      },
    })
    expect(signed.from).toBe('0x9858EfFD232B4033E47d90003D41EC34EcaEda94')
  })

  it.each([
    ['no recipient', 'EthereumSignTxOneKey', { ...legacy, to: '' }],
    ['too much data', 'EthereumSignTxOneKey', { ...legacy, data_length: 10_000_000 }],
    [
      'a script that is none of the four kinds',
      'GetAddress',
      { address_n: path, show_display: false, script_type: 'SPENDMULTISIG' },
    ],
    ['an unknown coin', 'GetAddress', { address_n: path, coin_name: 'Dogecoin' }],
  ])('refuses %s', async (_what, name, body) => {
    const one = await start()
    expect(await converse(one, name, body)).toMatchObject({
      name: 'Failure',
      body: { code: 'Failure_DataError' },
    })
  })

  it('answers Ping, EndSession and LockDevice, and is locked then', async () => {
    const one = await start()
    expect(await converse(one, 'Ping', { message: 'hello' })).toMatchObject({
      body: { message: 'hello' },
    })
    expect(await converse(one, 'LockDevice', {})).toMatchObject({ name: 'Success' })
    expect(one.condition().locked).toBe(true)
  })
})

describe('small words', () => {
  it.each([
    [5_000_000n, 8, '0.05'],
    [0n, 8, '0'],
    [100_000_000n, 8, '1'],
    [1n, 18, '0.000000000000000001'],
    [123n, 0, '123'],
  ])('writes %s units of %i decimals as %s', (units, decimals, text) => {
    expect(decimalText(units, decimals)).toBe(text)
  })

  it('makes words of the caller’s randomness', () => {
    expect(mnemonicFromEntropy(new Uint8Array(16))).toBe(MNEMONIC)
  })
})
