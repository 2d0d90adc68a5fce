/** Answers a payment form while it is filled in: fee rates, and whether an address can be paid. */
import { type Result, ok, refuse } from '../../../shared/errors/refusal.ts'
import type { Policy } from '../../../shared/risk/policy.ts'
import { parseEvmAddress } from '../../../shared/transfer/evm/address.ts'
import type { Transfer } from '../../../shared/transfer/lifecycle.ts'
import { isBitcoin } from '../../../shared/vault/account.ts'
import { decodeBitcoinAddress } from '../../../shared/vault/address.ts'
import type { Handlers } from '../dispatch.ts'
import type { BitcoinPort } from '../ports.ts'
import type { Vault } from '../vault/vault.ts'
import { feeTargets } from './planBitcoin.ts'
import { checkLookAlike, knownRecipients } from './recipients.ts'

const readTimeoutMs = 20_000

export interface PaymentHintContext {
  readonly bitcoin: Pick<BitcoinPort, 'readFeeRate' | 'source'>
  readonly vault: Pick<Vault, 'record' | 'ownAddresses'>
  readonly policy: () => Policy
  readonly transfers: () => readonly Transfer[]
}

export function createPaymentHints({
  bitcoin,
  vault,
  policy,
  transfers,
}: PaymentHintContext): Pick<Handlers, Extract<keyof Handlers, `payment.${string}`>> {
  function canonical(
    chain: string,
    text: string,
  ): Result<string, 'ADDRESS_INVALID' | 'NETWORK_MISMATCH' | 'VAULT_NOT_PAIRED'> {
    if (chain !== 'bitcoin') return parseEvmAddress(text)
    const account = vault
      .record()
      .wallets.flatMap(({ accounts }) => accounts)
      .find(isBitcoin)
    if (account === undefined) return refuse('VAULT_NOT_PAIRED', { chain })
    const decoded = decodeBitcoinAddress(text, account.network)
    return decoded.ok ? ok(decoded.value.address) : decoded
  }

  return {
    'payment.feeRates': async () => {
      const signal = AbortSignal.timeout(readTimeoutMs)
      const read = (blocks: number) => bitcoin.readFeeRate(blocks, signal)
      const [fast, normal, slow] = await Promise.all([
        read(feeTargets.fast),
        read(feeTargets.normal),
        read(feeTargets.slow),
      ])
      // A server that knows one of them is still of use; none is its refusal.
      if (!fast.ok && !normal.ok && !slow.ok) return fast
      return ok({
        fast: fast.ok ? fast.value : null,
        normal: normal.ok ? normal.value : null,
        slow: slow.ok ? slow.value : null,
        capSatPerVb: policy().feeCapSatPerVb,
        source: bitcoin.source,
      })
    },
    'payment.checkAddress': ({ chain, address: text }) => {
      const address = canonical(chain, text.trim())
      if (!address.ok) return address
      const own = vault.ownAddresses()
      if (own.includes(address.value))
        return ok({ address: address.value, known: 'own' as const, label: '' })
      const known = knownRecipients(transfers())
      const alike = checkLookAlike(address.value, [...own, ...known.map((each) => each.address)])
      if (!alike.ok) return alike
      const before = known.find((each) => each.address === address.value && each.chain === chain)
      return ok({
        address: address.value,
        known: before === undefined ? ('new' as const) : ('paid-before' as const),
        label: before?.label ?? '',
      })
    },
  }
}
