/** What was pasted, dropped or scanned as a recipient: an address, or a payment request that says more (BIP21 for
 *  bitcoin, EIP-681 for a chain's coin). Pure. Amounts stay decimal text. Only shapes are judged here, for a hint
 *  while typing; checksums and networks are the host's to judge. */

export interface PaymentRequest {
  readonly address: string
  /** 'bitcoin', 'evm:<chainId>', or null where the text does not say. */
  readonly chain: string | null
  /** Decimal text in whole units of the chain's coin. */
  readonly amount: string | null
  readonly label: string | null
}

const bare = (address: string): PaymentRequest => ({
  address,
  chain: null,
  amount: null,
  label: null,
})

/** A label fits the field of the form; an empty one is none. */
function labelText(text: string | null): string | null {
  const trimmed = text?.trim() ?? ''
  return trimmed === '' ? null : trimmed.slice(0, 60)
}

function parseBitcoinUri(text: string): PaymentRequest {
  const [address = '', query = ''] = text.replace(/^bitcoin:/i, '').split('?', 2)
  const fields = new URLSearchParams(query)
  const amount = fields.get('amount')
  return {
    address,
    chain: 'bitcoin',
    amount: amount !== null && /^\d{1,8}(\.\d{1,8})?$/.test(amount) ? amount : null,
    label: labelText(fields.get('label')),
  }
}

/** `value` may be written as 2.5e18: whole wei, moved by eighteen digits. */
function weiAsDecimal(text: string | null): string | null {
  const [, whole = '', fraction = '', exponent = '0'] =
    /^(\d{1,40})(?:\.(\d{1,40}))?(?:e(\d{1,2}))?$/i.exec(text ?? '') ?? []
  if (whole === '') return null
  const zeros = Number(exponent) - fraction.length
  if (zeros < 0) return null
  const wei = `${whole}${fraction}${'0'.repeat(zeros)}`.replace(/^0+/, '').padStart(19, '0')
  const decimals = wei.slice(-18).replace(/0+$/, '')
  return decimals === '' ? wei.slice(0, -18) : `${wei.slice(0, -18)}.${decimals}`
}

function parseEthereumUri(text: string): PaymentRequest {
  const [, address = '', chainId, call, query = ''] =
    /^ethereum:(?:pay-)?(0x[0-9a-f]{40})(?:@(\d{1,16}))?(\/[a-z]+)?(?:\?(.*))?$/i.exec(text) ?? []
  // A call of a contract is not a payment to it.
  if (address === '' || call !== undefined) return bare(text)
  return {
    address,
    chain: `evm:${chainId ?? '1'}`,
    amount: weiAsDecimal(new URLSearchParams(query).get('value')),
    label: null,
  }
}

export function parsePaymentRequest(text: string): PaymentRequest {
  const trimmed = text.trim()
  if (/^bitcoin:/i.test(trimmed)) return parseBitcoinUri(trimmed)
  if (/^ethereum:/i.test(trimmed)) return parseEthereumUri(trimmed)
  return bare(trimmed)
}

export type AddressShape =
  | 'empty'
  | 'plausible'
  | 'name'
  | 'unfinished'
  | 'other-chain'
  | 'not-an-address'

/** Names have dots; no address of ours has. */
export function isName(text: string): boolean {
  return /^[^\s:/]+\.[^\s:/.]+$/u.test(text)
}

const evmShape = /^0x[0-9a-f]{40}$/i
const segwitShape = /^(bc|tb|bcrt)1[02-9ac-hj-np-z]{11,87}$/
const base58Shape = /^[123mn][1-9A-HJ-NP-Za-km-z]{25,34}$/

function isBitcoinShape(address: string): boolean {
  const oneCase = address === address.toUpperCase() ? address.toLowerCase() : address
  return segwitShape.test(oneCase) || base58Shape.test(address)
}

/** How an address looks while it is typed for this chain. */
export function addressShape(address: string, chain: string): AddressShape {
  if (address === '') return 'empty'
  const bitcoin = chain === 'bitcoin'
  if (bitcoin ? isBitcoinShape(address) : evmShape.test(address)) return 'plausible'
  if (bitcoin ? evmShape.test(address) : isBitcoinShape(address)) return 'other-chain'
  // Names are looked up on Ethereum only.
  if (!bitcoin && isName(address)) return 'name'
  const start = bitcoin
    ? /^((bc|tb|bcrt)1[a-z0-9]*|[123mn][a-z0-9]{0,24}|b|bc|bcr|bcrt|t|tb)$/i
    : /^(0|0x[0-9a-f]{0,39})$/i
  return start.test(address) ? 'unfinished' : 'not-an-address'
}
