/** Messages: decoded before they are signed, signed by one call of the device under a digest that the journal holds
 *  first, and believed only when signer and digest were recovered here. A wallet that is only watched signs none. */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import type { CodeOf, ParsedInputOf, ResultOf } from '../../shared/contract/method.ts'
import type { messagesDescribe, messagesSign } from '../../shared/contract/methods/messages.ts'
import { type Refusal, type Result, ok, refuse } from '../../shared/errors/refusal.ts'
import { describeBitcoinMessage } from '../../shared/transfer/btc/describeMessage.ts'
import { describePersonalMessage } from '../../shared/transfer/evm/describePersonalMessage.ts'
import { describeTypedData, parseTypedData } from '../../shared/transfer/evm/describeTypedData.ts'
import { judgeMessage } from '../../shared/transfer/evm/judgeMessage.ts'
import type { TypedData } from '../../shared/transfer/evm/typedData.ts'
import { verifyBitcoinMessage } from '../../shared/transfer/verify/bitcoinMessage.ts'
import type { Curve } from '../../shared/transfer/verify/curve.ts'
import { verifyEvmMessage } from '../../shared/transfer/verify/evmMessage.ts'
import { messageBytes, verifyMessage } from '../../shared/transfer/verifyMessage.ts'
import type { BitcoinVaultAccount, EvmVaultAccount } from '../../shared/vault/account.ts'
import { accountStep } from '../../shared/vault/derive.ts'
import { deriveBitcoinAddress } from '../../shared/vault/ownAddress.ts'
import type { Handlers } from './dispatch.ts'
import type { Journal } from './journal.ts'
import type { Clock, DevicePort, DeviceResult, SignedMessage, WalletRef } from './ports.ts'
import { type Vault, signerOf } from './vault/vault.ts'

const deviceTimeoutMs = 10 * 60_000

type ToSign = ParsedInputOf<typeof messagesDescribe>
type Description = Extract<ResultOf<typeof messagesDescribe>, { ok: true }>['value']['description']
type SignCode = CodeOf<typeof messagesSign>
type Check = (answer: SignedMessage) => Result<string, 'SIGNED_MISMATCH'>

/** A message of one of our addresses, ready to be asked for. */
interface Prepared {
  readonly address: string
  readonly description: Description
  readonly refusal: Refusal<'ALLOWANCE_REFUSED' | 'MESSAGE_REFUSED'> | null
  readonly ask: (wallet: WalletRef, signal: AbortSignal) => Promise<DeviceResult<SignedMessage>>
  /** The signature in its one form, once it was proved. */
  readonly check: Check
}

type PrepareResult = Result<Prepared, 'NOT_FOUND' | 'INPUT_INVALID'>

export function createMessages(context: {
  readonly mode: 'demo' | 'real'
  readonly clock: Clock
  readonly curve: Curve
  readonly device: DevicePort
  readonly journal: Journal
  readonly vault: Vault
  readonly blocked: () => Refusal<'RECONCILIATION_NEEDED'> | null
}): Pick<Handlers, Extract<keyof Handlers, `messages.${string}`>> {
  const { curve, device, journal, vault } = context
  const network = context.mode === 'demo' ? 'regtest' : 'mainnet'

  const mismatch = (field: string, approved: string, returned: string) =>
    refuse('SIGNED_MISMATCH', { differences: [{ field, approved, returned }] })

  const wrongFormat = (format: string, chain: string) =>
    refuse('INPUT_INVALID', { field: 'format', problem: `no ${format} on ${chain}` })

  function prepareBitcoin(account: BitcoinVaultAccount, request: ToSign): PrepareResult {
    const { path, format, message } = request
    const step = accountStep(account.path, path)
    const own = step === undefined ? undefined : deriveBitcoinAddress(account, step)
    if (own?.ok !== true) return refuse('NOT_FOUND', { what: 'address', id: path })
    const { address } = own.value
    if (format !== 'legacy' && format !== 'bip322') return wrongFormat(format, 'bitcoin')
    if (request.encoding !== 'text')
      return refuse('INPUT_INVALID', { field: 'encoding', problem: 'bitcoin signs text only' })
    const described = describeBitcoinMessage(message, format, account.scriptType)
    if (!described.ok) return described
    const form = format === 'legacy' ? 'recoverable' : 'bip322-simple'
    return ok({
      address,
      description: described.value,
      refusal: null,
      ask: (wallet, signal) =>
        device.signBitcoinMessage({ path, network, message, format, wallet }, signal),
      check({ signature }) {
        const verified = verifyBitcoinMessage({ address, network, message, signature, curve })
        // The address is our own, so only the signature can be at fault.
        if (!verified.ok)
          return verified.refusal.code === 'SIGNED_MISMATCH'
            ? { ok: false, refusal: verified.refusal }
            : mismatch('address', address, verified.refusal.code)
        return verified.value.form === form
          ? ok(signature)
          : mismatch('format', form, verified.value.form)
      },
    })
  }

  function describeEvm(request: ToSign): Result<
    | {
        readonly description: Extract<Description, { kind: 'personal' }>
        readonly bytes: Uint8Array
      }
    | {
        readonly description: Extract<Description, { kind: 'typed-data' }>
        readonly data: TypedData
      },
    'INPUT_INVALID'
  > {
    const { format, message, encoding } = request
    if (format === 'personal') {
      const bytes = messageBytes(message, encoding)
      if (!bytes.ok) return bytes
      const described = describePersonalMessage(bytes.value, context.clock.now())
      return described.ok ? ok({ description: described.value, bytes: bytes.value }) : described
    }
    if (format !== 'typed-data') return wrongFormat(format, 'EVM')
    const data = parseTypedData(message)
    if (!data.ok) return data
    const described = describeTypedData(data.value)
    return described.ok ? ok({ description: described.value, data: data.value }) : described
  }

  function prepareEvm({ address, path }: EvmVaultAccount, request: ToSign): PrepareResult {
    if (request.path !== path) return refuse('NOT_FOUND', { what: 'address', id: request.path })
    const described = describeEvm(request)
    if (!described.ok) return described
    const { value } = described
    const { description } = value
    const judged = judgeMessage(description, {
      signer: address,
      chainId: request.chainId ?? null,
      allowed: [],
    })
    const named =
      description.kind === 'typed-data' ? description.chainId : description.signIn?.chainId
    const chainId = request.chainId ?? Number(named ?? 1)
    const digest = hexToBytes(description.digest)
    return ok({
      address,
      description,
      refusal: judged.ok ? null : judged.refusal,
      ask: (wallet, signal) =>
        'data' in value
          ? device.signTypedData(
              {
                path,
                chainId,
                typedData: value.data,
                domainHash: `0x${value.description.domainHash}`,
                messageHash: `0x${value.description.messageHash}`,
                wallet,
              },
              signal,
            )
          : device.signEvmMessage(
              { path, chainId, message: bytesToHex(value.bytes), wallet },
              signal,
            ),
      check: ({ signature }) => verifyEvmMessage({ digest, signer: address, signature, curve }),
    })
  }

  function prepare(request: ToSign): PrepareResult {
    const found = vault.account(request.accountId)
    if (found === undefined) return refuse('NOT_FOUND', { what: 'account', id: request.accountId })
    const { account } = found
    return account.chain === 'bitcoin'
      ? prepareBitcoin(account, request)
      : prepareEvm(account, request)
  }

  /** One call; whatever comes of it is written down under the digest that was asked for. */
  async function askDevice(
    { address, ask, check }: Prepared,
    wallet: WalletRef,
  ): Promise<Result<string, SignCode>> {
    const answer = await ask(wallet, AbortSignal.timeout(deviceTimeoutMs))
    if (!answer.ok) return answer
    return answer.value.address === address
      ? check(answer.value)
      : refuse('DEVICE_ADDRESS_MISMATCH', { expected: address, shown: answer.value.address })
  }

  async function sign({
    digest,
    ...request
  }: ParsedInputOf<typeof messagesSign>): Promise<ResultOf<typeof messagesSign>> {
    const stop = context.blocked()
    if (stop !== null) return { ok: false, refusal: stop }
    const prepared = prepare(request)
    if (!prepared.ok) return prepared
    const { address, description, refusal } = prepared.value
    // What was shown is what is signed: the window may have changed its mind in between.
    if (description.digest !== digest)
      return refuse('PLAN_DIGEST_MISMATCH', { approved: digest, actual: description.digest })
    if (refusal !== null) return { ok: false, refusal }
    const { accountId, format } = request
    const found = vault.account(accountId)
    const wallet = found === undefined ? null : signerOf(found)
    if (wallet === null) return refuse('VAULT_NOT_PAIRED', { chain: accountId })
    const asked = journal.record({ kind: 'message.asked', accountId, address, format, digest })
    if (!asked.ok) return asked
    const signed = await askDevice(prepared.value, wallet)
    const noted = journal.record(
      signed.ok
        ? { kind: 'message.signed', address, digest }
        : { kind: 'message.refused', digest, code: signed.refusal.code },
    )
    if (!signed.ok) return signed
    // A signature that the journal does not know of is not handed out.
    return noted.ok ? ok({ address, signature: signed.value, digest }) : noted
  }

  return {
    'messages.describe': (request) => {
      const prepared = prepare(request)
      if (!prepared.ok) return prepared
      const { address, description, refusal } = prepared.value
      return ok({ address, description, refusal })
    },
    'messages.sign': sign,
    'messages.verify': (claim) => verifyMessage(claim, { network, curve }),
  }
}
