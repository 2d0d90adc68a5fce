/** What the software device can be told to do wrong, so that the product can be shown to notice.
 *  A lie is always signed validly: the signature is right, the transaction is not the one asked for. */

export type Lie =
  /** Bitcoin: the first recipient output pays another script. */
  | 'recipient'
  /** Bitcoin: 1,000 satoshi move from change (else from the fee) to the recipient. */
  | 'amount'
  /** Bitcoin: the change pays another script. */
  | 'change'
  /** Bitcoin: signed with NONE|ANYONECANPAY, which lets anyone rewrite the outputs. */
  | 'hash-type'
  /** Bitcoin: every input signed by another key of the device. */
  | 'other-key'
  | 'evm-recipient'
  | 'evm-amount'
  | 'evm-chain-id'
  | 'evm-nonce'
  /** A message or typed data: another text or hash is signed than was shown. */
  | 'message'
  /** A message or typed data: signed by another key, whose address is not named. */
  | 'message-key'
  /** The screen shows the right address, another one is returned. */
  | 'address-returned'
  /** The right address is returned, the screen shows another one. */
  | 'address-shown'

/** When a timed fault strikes: at the next message, at the first or last screen that asks for a button,
 *  after the last button, or when the first signature is about to be sent. */
export type Moment = 'message' | 'first-screen' | 'last-screen' | 'confirmed' | 'signing'

export type DeviceFault =
  | { readonly kind: 'reject' }
  | { readonly kind: 'stall'; readonly at: Moment }
  | { readonly kind: 'unplug'; readonly at: Moment }
  | { readonly kind: 'lie'; readonly about: Lie }
  /** Deaf to Cancel: signs without a button and sends the signature after the delay. */
  | { readonly kind: 'sign-late'; readonly delayMs: number }
