/** May this message be given to the device? Pure. By default nothing is signed that lets others move tokens or act
 *  for us, that cannot be read, that is for another account, or for another chain than the one chosen. */
import { ok, type Result, refuse } from '../../errors/refusal.ts'
import type { AllowanceKind, MessageDescription } from './message.ts'

/** What the user may allow for one message, by its kind; `bytes`: a personal message nobody can read. */
export type AllowedDanger = AllowanceKind | 'bytes'

export function judgeMessage(
  message: MessageDescription,
  context: {
    readonly signer: string
    /** The chain that the user signs for; null where the message's own is taken. */
    readonly chainId: number | null
    /** Empty by default. */
    readonly allowed: readonly AllowedDanger[]
  },
): Result<void, 'ALLOWANCE_REFUSED' | 'MESSAGE_REFUSED'> {
  return message.kind === 'typed-data'
    ? judgeTypedData(message, context)
    : judgePersonal(message, context)
}

type Context = Parameters<typeof judgeMessage>[1]

function judgeTypedData(
  message: Extract<MessageDescription, { kind: 'typed-data' }>,
  { chainId, allowed }: Context,
): Result<void, 'ALLOWANCE_REFUSED' | 'MESSAGE_REFUSED'> {
  const chain = judgeChain(message.chainId, chainId)
  if (!chain.ok) return chain
  const { allowance } = message
  if (allowance === null || allowed.includes(allowance.kind)) return ok(undefined)
  return refuse('ALLOWANCE_REFUSED', {
    what: allowance.kind,
    spender: allowance.spender ?? '?',
    amount: allowance.amount,
  })
}

function judgePersonal(
  message: Extract<MessageDescription, { kind: 'personal' }>,
  { signer, chainId, allowed }: Context,
): Result<void, 'MESSAGE_REFUSED'> {
  const { signIn, form, warnings } = message
  // Never allowed: there is no honest reason to sign a transaction as a message.
  if (warnings.some(({ key }) => key === 'looksLikeTransaction')) {
    return refuse('MESSAGE_REFUSED', { what: 'it looks like a transaction', detail: '' })
  }
  if (form === 'bytes' && !allowed.includes('bytes')) {
    return refuse('MESSAGE_REFUSED', {
      what: 'nobody can read it',
      detail: message.text.slice(0, 80),
    })
  }
  if (signIn === null) return ok(undefined)
  if (signIn.address !== signer) {
    return refuse('MESSAGE_REFUSED', { what: 'it is for another account', detail: signIn.address })
  }
  return judgeChain(signIn.chainId, chainId)
}

function judgeChain(named: string | null, chosen: number | null): Result<void, 'MESSAGE_REFUSED'> {
  return named === null || chosen === null || named === String(chosen)
    ? ok(undefined)
    : refuse('MESSAGE_REFUSED', { what: 'it is for another chain', detail: named })
}
