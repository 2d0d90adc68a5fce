/** Calldata of an ERC-20 `transfer(address,uint256)`, hex without 0x. Pure.
 *  Units: the token's base units. Source: EIP-20 and the Solidity ABI specification.
 *  The reader takes the canonical 68 bytes only: no dirty address padding, no extra bytes. */
import { parseEvmAddress } from './address.ts'

/** keccak256('transfer(address,uint256)'), first four bytes. */
const TRANSFER_SELECTOR = 'a9059cbb'

const MAX_UINT256 = (1n << 256n) - 1n

/** Throws on a malformed recipient or an amount that is no uint256: both are checked before planning. */
export function encodeTransferCall(recipient: string, units: bigint): string {
  const address = parseEvmAddress(recipient)
  if (!address.ok) throw new TypeError(`not an EVM address: ${recipient}`)
  if (units < 0n || units > MAX_UINT256) throw new RangeError(`not a uint256: ${units}`)
  const who = address.value.slice(2).toLowerCase().padStart(64, '0')
  return TRANSFER_SELECTOR + who + units.toString(16).padStart(64, '0')
}

/** Undefined for anything but exactly the calldata that `encodeTransferCall` writes. */
export function decodeTransferCall(
  data: string,
): { readonly recipient: string; readonly units: bigint } | undefined {
  const match = /^a9059cbb0{24}([0-9a-f]{40})([0-9a-f]{64})$/.exec(data)
  const [, who, units] = match ?? []
  if (who === undefined || units === undefined) return undefined
  const address = parseEvmAddress(`0x${who}`)
  if (!address.ok) return undefined
  return { recipient: address.value, units: BigInt(`0x${units}`) }
}
