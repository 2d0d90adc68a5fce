/** What each command asks the host and how it says the answer in text. */
import { readFileSync } from 'node:fs'
import type { Client } from '../../../shared/contract/client.ts'
import { type Result, ok, refuse } from '../../../shared/errors/refusal.ts'
import { BTC, amount, amountToDecimal } from '../../../shared/units/amount.ts'
import { decodeCanonical } from '../../../shared/units/canonical.ts'
import type { Wallet } from '../../../shared/vault/account.ts'
import { readFirstPortfolio } from '../firstAnswers.ts'
import { accountRows, riskReport, table } from './report.ts'

/** `args` are the words after the command's own name. */
type Command = (
  client: Client,
  args: readonly string[],
) => Promise<Result<{ readonly value: unknown; readonly text: string }>>

function readLabelFile(file: string): Result<string, 'INPUT_INVALID'> {
  try {
    return ok(readFileSync(file, 'utf8'))
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    return refuse('INPUT_INVALID', { field: 'FILE', problem })
  }
}

function walletLine({ signer, fingerprint }: Wallet): string {
  return signer.kind === 'device'
    ? `${signer.model} "${signer.deviceLabel}", fingerprint ${fingerprint}${signer.passphrase ? ', behind a passphrase' : ''}`
    : `watched, signs air-gapped, fingerprint ${fingerprint}`
}

/** base64 or hex text as it stands, the binary form as base64. */
function readPsbtFile(file: string): Result<string, 'INPUT_INVALID'> {
  try {
    const bytes = readFileSync(file)
    return ok(bytes[0] === 0x70 && bytes[4] === 0xff ? bytes.toString('base64') : bytes.toString())
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    return refuse('INPUT_INVALID', { field: 'FILE', problem })
  }
}

export const commands: Readonly<Record<string, Command>> = {
  async risk(client) {
    const view = await readFirstPortfolio(client)
    return view.ok ? ok({ value: view.value, text: riskReport(view.value) }) : view
  },
  async accounts(client) {
    const view = await readFirstPortfolio(client)
    return view.ok ? ok({ value: view.value.accounts, text: table(accountRows(view.value)) }) : view
  },
  async vault(client) {
    const settled = await readFirstPortfolio(client)
    if (!settled.ok) return settled
    const view = await client.call('vault.read', {})
    if (!view.ok) return view
    const { wallets, balances, addresses } = view.value
    if (wallets.length === 0) return ok({ value: view.value, text: 'no device paired yet' })
    const text = [
      ...wallets.map(walletLine),
      '',
      table([
        ['account', 'asset', 'chain', 'amount'],
        ...balances.map(({ accountId, amount, chain }) => [
          accountId ?? '',
          amount.asset,
          chain,
          amountToDecimal(amount),
        ]),
      ]),
      '',
      table([
        ['chain', 'path', 'address', 'shown on the device'],
        ...addresses.map(({ chain, path, address, verifiedAt }) => [
          chain,
          path,
          address,
          verifiedAt === null ? 'not yet' : new Date(verifiedAt).toISOString(),
        ]),
      ]),
    ].join('\n')
    return ok({ value: view.value, text })
  },
  async transfers(client) {
    const view = await client.call('transfers.list', {})
    if (!view.ok) return view
    const rows = view.value.transfers.map(({ id, plan, state, txid }) => [
      id,
      plan.purpose,
      `${amountToDecimal(plan.amount)} ${plan.amount.asset}`,
      state,
      txid ?? '',
    ])
    const text =
      rows.length === 0
        ? 'no transfers yet'
        : table([['id', 'purpose', 'amount', 'state', 'transaction'], ...rows])
    return ok({ value: view.value.transfers, text })
  },
  async coins(client) {
    const settled = await readFirstPortfolio(client)
    if (!settled.ok) return settled
    const view = await client.call('vault.read', {})
    if (!view.ok) return view
    const { coins } = view.value
    const rows = coins.map(({ txid, vout, value, height, label, frozen, warnings }) => [
      `${txid}:${vout}`,
      amountToDecimal(amount(BTC, value)),
      height === null || height <= 0 ? 'unconfirmed' : frozen ? 'frozen' : 'spendable',
      warnings.join(' '),
      label ?? '',
    ])
    const text =
      rows.length === 0
        ? 'no coins'
        : table([['coin', 'BTC', 'state', 'warnings', 'label'], ...rows])
    return ok({ value: coins, text })
  },
  async 'labels export'(client) {
    const exported = await client.call('vault.exportLabels', {})
    return exported.ok ? ok({ value: exported.value, text: exported.value.text }) : exported
  },
  async 'labels import'(client, [file]) {
    if (file === undefined) return refuse('INPUT_INVALID', { field: 'FILE', problem: 'missing' })
    const text = readLabelFile(file)
    if (!text.ok) return text
    const imported = await client.call('vault.importLabels', { text: text.value })
    if (!imported.ok) return imported
    const { imported: count, leftOut, stillFrozen } = imported.value
    return ok({
      value: imported.value,
      text: `${count} labels taken in, ${leftOut} of unknown types left out, ${stillFrozen} coins stay frozen`,
    })
  },
  async 'transfers export'(client, [id]) {
    if (id === undefined) return refuse('INPUT_INVALID', { field: 'ID', problem: 'missing' })
    const exported = await client.call('transfers.export', { id })
    if (!exported.ok) return exported
    // The file is one canonical JSON document: text and value print alike.
    const { text } = exported.value
    return ok({ value: decodeCanonical(text)?.value, text })
  },
  async 'transfer psbt'(client, [id]) {
    if (id === undefined) return refuse('INPUT_INVALID', { field: 'ID', problem: 'missing' })
    const asked = await client.call('airGap.request', { transferId: id })
    return asked.ok ? ok({ value: asked.value, text: asked.value.psbt }) : asked
  },
  async 'transfer psbt-import'(client, [id, file]) {
    if (id === undefined || file === undefined)
      return refuse('INPUT_INVALID', {
        field: id === undefined ? 'ID' : 'FILE',
        problem: 'missing',
      })
    const psbt = readPsbtFile(file)
    if (!psbt.ok) return psbt
    const answered = await client.call('airGap.answer', { transferId: id, psbt: psbt.value })
    return answered.ok
      ? ok({ value: answered.value, text: `verified; transfer ${id} is on its way` })
      : answered
  },
  async 'journal verify'(client) {
    const verified = await client.call('journal.verify', {})
    if (!verified.ok) return verified
    const { count, head } = verified.value
    return ok({
      value: verified.value,
      text: `${count} entries, chain and seal hold, head ${head}`,
    })
  },
}
