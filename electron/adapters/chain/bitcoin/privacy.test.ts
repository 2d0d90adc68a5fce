import { HDKey } from '@scure/bip32'
import { createBase58check } from '@scure/base'
import { mnemonicToSeedSync } from '@scure/bip39'
import { sha256 } from '@noble/hashes/sha2.js'
import { afterEach, expect, test } from 'vitest'
import { pureDerivationMath } from '../../../../shared/vault/derive.ts'
import { openBitcoinBook } from '../../../host/vault/bitcoinBook.ts'
import type { BitcoinPort } from '../../../host/ports.ts'
import {
  type BitcoinSimulator,
  startBitcoinSimulator,
} from '../../../simulators/bitcoin/simulator.ts'
import { createTestWallet } from '../../../simulators/bitcoin/testWallet.ts'
import { createCoreBitcoin } from './coreBitcoin.ts'
import { createElectrumBitcoin } from './electrumBitcoin.ts'
import { createEsploraBitcoin } from './esplora.ts'
import { formsOf, startRecorder } from './recorder.fixture.ts'
import { loopback, regtestHeaders, testClock } from './regtest.fixture.ts'
import { ACCOUNT_PATH, MNEMONIC, STRANGER, paymentTools, value } from './wallet.fixture.ts'

const tools = paymentTools(createTestWallet(MNEMONIC, 'regtest'))
const { account, own } = tools
const never = new AbortController().signal
const cleanup: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of cleanup.splice(0).reverse()) await close()
})

const base58check = createBase58check(sha256)
/** xpub, ypub, zpub, tpub, upub, vpub (SLIP-132). */
const VERSIONS = ['0488b21e', '049d7cb2', '04b24746', '043587cf', '044a5262', '045f1cf6']

/** Keys that give away more than one address: the root's, the purpose's, the account's and both branches'. */
function forbidden(): readonly { readonly what: string; readonly form: Buffer }[] {
  const root = HDKey.fromMasterSeed(mnemonicToSeedSync(MNEMONIC))
  const paths = ['m', "m/84'", "m/84'/1'", ACCOUNT_PATH, `${ACCOUNT_PATH}/0`, `${ACCOUNT_PATH}/1`]
  return [...paths.flatMap(formsAt), ...['wpkh(', "84'", '84h', '/0/*', '/<0;1>/*'].map(asText)]

  function formsAt(path: string) {
    const key = root.derive(path)
    const { chainCode, publicKey, publicExtendedKey } = key
    if (chainCode === null || publicKey === null) throw new Error(path)
    const payload = base58check.decode(publicExtendedKey)
    const texts = VERSIONS.map((version) =>
      base58check.encode(Uint8Array.from([...Buffer.from(version, 'hex'), ...payload.slice(4)])),
    )
    return [
      ...formsOf(chainCode).map((form) => ({ what: `chain code at ${path}`, form })),
      ...formsOf(publicKey).map((form) => ({ what: `key at ${path}`, form })),
      ...formsOf(payload).map((form) => ({ what: `extended key at ${path}`, form })),
      ...texts.map((text) => ({ what: `${text.slice(0, 4)} at ${path}`, form: Buffer.from(text) })),
    ]
  }

  function asText(text: string) {
    return { what: `“${text}”`, form: Buffer.from(text) }
  }
}

const secrets = forbidden()
const leaksIn = (sent: Buffer) =>
  secrets.filter(({ form }) => sent.includes(form)).map(({ what }) => what)

type Open = (simulator: BitcoinSimulator, port: number) => BitcoinPort
const common = () => ({ network: 'regtest' as const, headers: regtestHeaders(), clock: testClock })
const sources: readonly (readonly [string, (simulator: BitcoinSimulator) => number, Open])[] = [
  [
    'Electrum',
    ({ port }) => port,
    (_, port) => createElectrumBitcoin({ ...common(), endpoint: loopback(port) }),
  ],
  [
    'Esplora',
    ({ esplora }) => Number(new URL(esplora.url).port),
    (_, port) =>
      createEsploraBitcoin({ ...common(), url: `http://127.0.0.1:${port}`, proxy: null }),
  ],
  [
    'Bitcoin Core',
    ({ core }) => Number(new URL(core.url).port),
    ({ core }, port) => {
      const [user = '', password = ''] = core.cookie().split(':')
      return createCoreBitcoin({
        ...common(),
        url: `http://127.0.0.1:${port}`,
        login: { kind: 'password', user, password },
        birthday: 0,
        proxy: null,
      })
    },
  ],
]

test.each(sources)(
  '%s hears no extended key, chain code, branch key or descriptor in a whole life: discovery, balance, sending, waiting',
  async (_, portOf, open) => {
    const simulator = await startBitcoinSimulator()
    cleanup.push(simulator.close)
    for (const index of [0, 1, 5, 21]) simulator.fund(own(0, index).address, 500_000n)
    simulator.fund(own(1, 3).address, 300_000n)
    simulator.mine(2)
    const recorder = await startRecorder(portOf(simulator))
    cleanup.push(recorder.close)
    const port = open(simulator, recorder.port)
    cleanup.push(port.close)

    const book = openBitcoinBook({
      account: { ...account, label: '' },
      port,
      clock: testClock,
      math: pureDerivationMath,
      onClaimed: () => undefined,
    })
    if (!book.ok) throw new Error(book.refusal.code)
    value(await port.readTip(never))
    value(await book.value.read(never))
    expect(book.value.state()?.coins).toHaveLength(5)
    const transaction = tools.verified(await tools.planPayment(port, STRANGER, 700_000n))
    value(await port.broadcast(transaction, never))
    simulator.mine(2)
    expect(
      value(await port.readConfirmation(transaction.txid, own(0, 0).script, never)),
    ).toMatchObject({ kind: 'confirmed' })
    value(await book.value.read(never))
    await port.close()

    const sent = recorder.sent()
    expect(sent.length).toBeGreaterThan(3_000)
    // What was sent is in there to be read at all.
    expect(sent.includes(transaction.rawHex)).toBe(true)
    expect(leaksIn(sent)).toEqual([])
  },
  30_000,
)

test('a leak would be found, in whatever form it travels', () => {
  const key = HDKey.fromMasterSeed(mnemonicToSeedSync(MNEMONIC)).derive(ACCOUNT_PATH)
  const { chainCode, publicExtendedKey } = key
  if (chainCode === null) throw new Error('no chain code')
  const code = Buffer.from(chainCode)
  const lines = [
    account.xpub,
    publicExtendedKey,
    code.toString('hex'),
    code.toString('hex').toUpperCase(),
    JSON.stringify({ data: code.toString('base64') }),
    Buffer.from(`xy${code.toString('latin1')}z`, 'latin1').toString('base64url'),
    Buffer.from(`x${code.toString('latin1')}zz`, 'latin1').toString('base64'),
    `["wpkh([73c5da0a/84h/1h/0h]tpub/0/*)"]`,
  ]
  for (const line of lines)
    expect(leaksIn(Buffer.from(`{"q":"${line}"}`)).length).toBeGreaterThan(0)
  expect(leaksIn(Buffer.concat([Buffer.from('GET /'), code, Buffer.from('?')]))).not.toEqual([])
  expect(leaksIn(Buffer.from(`{"address":"${own(0, 0).address}"}`))).toEqual([])
})
