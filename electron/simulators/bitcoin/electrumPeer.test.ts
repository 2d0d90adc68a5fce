import { HDKey } from '@scure/bip32'
import { mnemonicToSeedSync } from '@scure/bip39'
import { describe, expect, it } from 'vitest'
import { createCurve } from '../../adapters/chain/bitcoin/curve.ts'
import { createElectrumBitcoin } from '../../adapters/chain/bitcoin/electrumBitcoin.ts'
import {
  loopback,
  regtestHeaders,
  testClock,
} from '../../adapters/chain/bitcoin/regtest.fixture.ts'
import { planBitcoinTransfer } from '../../../shared/transfer/btc/planBitcoinTransfer.ts'
import { makeSource } from '../../../shared/transfer/btc/psbt.fixture.ts'
import { readSignedAnswer } from '../../../shared/transfer/btc/signedPsbt.ts'
import { writePsbtText } from '../../../shared/transfer/btc/writePsbt.ts'
import { verifyBitcoin } from '../../../shared/transfer/verify/bitcoin.ts'
import type { PinnedBitcoinAccount } from '../../../shared/vault/account.ts'
import { deriveBitcoinAddress } from '../../../shared/vault/ownAddress.ts'
import { findElectrum, signOffline, startElectrumPeer } from './electrumPeer.ts'
import { startBitcoinSimulator } from './simulator.ts'
import { createTestWallet } from './testWallet.ts'

const ABANDON = `${'abandon '.repeat(11)}about`
const PATH = "m/84'/1'/0'"
const VPRV = { private: 0x045f18bc, public: 0x045f1cf6 }
const version = await findElectrum()
if (version === undefined)
  console.log('SKIPPED: electrum is not installed, the peer test did not run')

const wallet = createTestWallet(ABANDON, 'regtest')
const account: PinnedBitcoinAccount = {
  chain: 'bitcoin',
  id: 'vault',
  network: 'regtest',
  path: PATH,
  xpub: wallet.xpub(PATH),
  scriptType: 'p2wpkh',
}
const never = new AbortController().signal

function value<T>(
  result:
    | { readonly ok: true; readonly value: T }
    | { readonly ok: false; readonly refusal: object },
): T {
  if (!result.ok) throw new Error(JSON.stringify(result.refusal))
  return result.value
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('electrum did not get there within a minute')
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

describe.skipIf(version === undefined)('Debian’s Electrum against our server', () => {
  it('syncs, agrees on addresses and balance, sees what we send, sends what we see', {
    timeout: 240_000,
  }, async () => {
    const simulator = await startBitcoinSimulator()
    const own = (branch: 0 | 1, index: number) =>
      value(deriveBitcoinAddress(account, { branch, index }))
    simulator.fund(own(0, 0).address, 1_000_000n)
    simulator.fund(own(0, 1).address, 250_000n)
    simulator.mine(1)
    const master = HDKey.fromMasterSeed(mnemonicToSeedSync(ABANDON), VPRV)
    const peer = await startElectrumPeer(master.derive(PATH).privateExtendedKey, simulator.port)
    const port = createElectrumBitcoin({
      network: 'regtest',
      endpoint: loopback(simulator.port),
      headers: regtestHeaders(),
      clock: testClock,
    })
    const balance = async (): Promise<{ confirmed: string; unconfirmed?: string }> =>
      JSON.parse(await peer.command('getbalance'))
    try {
      await until(async () => (await peer.command('is_synchronized')) === 'true')
      expect(await balance()).toEqual({ confirmed: '0.0125' })

      const receiving: string[] = JSON.parse(await peer.command('listaddresses', '--receiving'))
      const change: string[] = JSON.parse(await peer.command('listaddresses', '--change'))
      expect(receiving.slice(0, 20)).toEqual(
        Array.from({ length: 20 }, (_, index) => own(0, index).address),
      )
      expect(change.slice(0, 6)).toEqual(Array.from({ length: 6 }, (_, i) => own(1, i).address))

      // Electrum pays an address of ours that it has no reason to prefer; our adapter sees it.
      const target = own(0, 5)
      const raw = await peer.command('payto', target.address, '0.003', '-f', '0.00002')
      const txid = await peer.networkCommand('broadcast', raw)
      const seen = value(await port.readCoins([target.script], never))
      expect(seen).toEqual([
        { txid, vout: seen[0]?.vout, value: 300_000n, script: target.script, height: null },
      ])
      simulator.mine(1)
      expect(value(await port.readConfirmation(txid, target.script, never)).kind).toBe('confirmed')

      // What we plan and Electrum signs, we verify and send; Electrum sees it as its own spending.
      const addresses = [0, 1, 2, 3].map((i) => own(1, i)).concat([target, own(0, 0), own(0, 1)])
      const found = value(
        await port.readCoins(
          addresses.map((address) => address.script),
          never,
        ),
      )
      const coins = found.flatMap((coin) =>
        addresses
          .filter((address) => address.script === coin.script)
          .map(({ address, path }) => ({ ...coin, address, path })),
      )
      const before = coins.reduce((sum, coin) => sum + coin.value, 0n)
      const previousTransactions = new Map<string, string>()
      for (const coin of coins) {
        previousTransactions.set(coin.txid, value(await port.readTransaction(coin.txid, never)))
      }
      const plan = value(
        planBitcoinTransfer({
          account,
          coins,
          previousTransactions,
          payment: {
            kind: 'pay',
            recipients: [
              { address: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', value: 400_000n },
            ],
          },
          feeRateSatPerVb: 3,
          feeCap: { absolute: 20_000n, relativeBps: 1_000 },
          changeIndex: 4,
          tipHeight: simulator.height(),
          random: { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
        }),
      )
      // Electrum is the air-gapped signer: our PSBT goes to it, its answer is checked like a device's.
      const changeTo = own(1, 4)
      const changeKeys = new Map([[changeTo.path, changeTo.publicKey]])
      const psbt = writePsbtText({ plan, account, fingerprint: '73c5da0a', changeKeys })
      const rawHex = await peer.command('signtransaction', psbt)
      const request = { plan, digest: '00'.repeat(32), rawHex, account, curve: createCurve() }
      const sent = value(await port.broadcast(value(verifyBitcoin(request)), never))
      simulator.mine(1)
      const expected = Number(before - 400_000n - plan.fee) / 1e8
      await until(async () => Number((await balance()).confirmed) === expected)
      const history = await peer.command('onchain_history')
      expect(history).toContain(sent.txid)
    } finally {
      await port.close()
      await peer.close()
      await simulator.close()
    }
  })
})

/** SLIP-132 for test networks: by its version Electrum knows which addresses a key has. It has no taproot accounts. */
const KINDS = [
  ['p2pkh', { private: 0x04358394, public: 0x043587cf }],
  ['p2sh-p2wpkh', { private: 0x044a4e28, public: 0x044a5262 }],
  // The journey above signs this kind too.
  ...(process.env['BULKHEAD_DEEP'] === '1' ? [['p2wpkh', VPRV] as const] : []),
] as const

describe.skipIf(version === undefined)('Debian’s Electrum as air-gapped wallet', () => {
  it.each(KINDS)(
    'signs our PSBT of a %s account; what it returns is the approved transaction',
    {
      timeout: 120_000,
    },
    async (kind, versions) => {
      const source = makeSource(wallet, kind)
      const master = HDKey.fromMasterSeed(mnemonicToSeedSync(ABANDON), versions)
      const key = master.derive(source.account.path).privateExtendedKey
      // It was restored from the account's own key: that is where its paths begin.
      const text = await signOffline(key, writePsbtText({ ...source, origin: 'account' }))
      const request = {
        plan: source.plan,
        account: source.account,
        digest: '',
        curve: createCurve(),
      }
      const rawHex = value(readSignedAnswer({ ...request, text }))
      expect(value(verifyBitcoin({ ...request, rawHex })).rawHex).toBe(rawHex)
    },
  )
})
