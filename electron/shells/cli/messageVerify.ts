/** `message verify --address A --message TEXT --signature S [--typed-data]`: who signed a message, offline, without a
 *  data directory. Exit 0 for valid, 1 for not valid, 2 for what is no address, message or signature at all. */
import type { BitcoinNetwork } from '../../../shared/vault/account.ts'
import { type MessageClaim, verifyMessage } from '../../../shared/transfer/verifyMessage.ts'
import type { Curve } from '../../../shared/transfer/verify/curve.ts'

export interface MessageVerification {
  /** One JSON text. */
  readonly json: string
  /** The same for reading. */
  readonly text: string
  readonly exitCode: 0 | 1 | 2
}

/** Testnet and regtest share what stands before their older addresses. */
function networkOf(address: string): BitcoinNetwork {
  return /^(bcrt1|[mn2])/i.test(address.trim()) ? 'regtest' : 'mainnet'
}

export function checkMessage(claim: MessageClaim, curve: Curve): MessageVerification {
  const verified = verifyMessage(claim, { network: networkOf(claim.address), curve })
  if (!verified.ok) {
    const { code, data } = verified.refusal
    return {
      json: JSON.stringify({ ok: false, refusal: verified.refusal }),
      text: `not a message that can be checked: ${code} ${JSON.stringify(data)}`,
      exitCode: 2,
    }
  }
  const { verdict, form, differences } = verified.value
  return {
    json: JSON.stringify({ verdict, form, differences }),
    text: [
      verdict === 'valid'
        ? `valid: ${claim.address.trim()} signed this (${form})`
        : `NOT VALID: ${claim.address.trim()} did not sign this`,
      ...differences.map(
        ({ field, approved, returned }) => `  ${field}: expected ${approved}, found ${returned}`,
      ),
    ].join('\n'),
    exitCode: verdict === 'valid' ? 0 : 1,
  }
}
