/** What the code of an account says about it. Pure; `code` is hex with 0x, as `eth_getCode` answers.
 *  Source: EIP-7702, whose delegation is 0xef0100 ‖ address and nothing else; EIP-3541 lets no contract begin so.
 *  A delegated account obeys code that its owner has signed for once, and that may move all it holds. */
import { parseEvmAddress } from './address.ts'

export type AccountCode =
  | { readonly kind: 'plain' }
  | { readonly kind: 'contract' }
  /** `to`: the contract it obeys, checksummed. */
  | { readonly kind: 'delegated'; readonly to: string }

export function readAccountCode(code: string): AccountCode {
  if (code === '0x') return { kind: 'plain' }
  const [, target] = /^0xef0100([0-9a-fA-F]{40})$/.exec(code) ?? []
  const to = target === undefined ? undefined : parseEvmAddress(`0x${target.toLowerCase()}`)
  return to?.ok === true ? { kind: 'delegated', to: to.value } : { kind: 'contract' }
}
