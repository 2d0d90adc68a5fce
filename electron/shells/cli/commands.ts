/** What each command asks the host and how it says the answer in text. */
import type { Client } from '../../../shared/contract/client.ts'
import { type Result, ok, refuse } from '../../../shared/errors/refusal.ts'
import { amountToDecimal } from '../../../shared/units/amount.ts'
import { decodeCanonical } from '../../../shared/units/canonical.ts'
import { readFirstPortfolio } from '../firstAnswers.ts'
import { accountRows, riskReport, table } from './report.ts'

/** `args` are the words after the command's own name. */
type Command = (
  client: Client,
  args: readonly string[],
) => Promise<Result<{ readonly value: unknown; readonly text: string }>>

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
    const { pinned, balances, addresses } = view.value
    if (pinned === null) return ok({ value: view.value, text: 'no device paired yet' })
    const text = [
      `${pinned.model} "${pinned.deviceLabel}", fingerprint ${pinned.fingerprint}`,
      '',
      table([
        ['asset', 'chain', 'amount'],
        ...balances.map(({ amount, chain }) => [amount.asset, chain, amountToDecimal(amount)]),
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
  async 'transfers export'(client, [id]) {
    if (id === undefined) return refuse('INPUT_INVALID', { field: 'ID', problem: 'missing' })
    const exported = await client.call('transfers.export', { id })
    if (!exported.ok) return exported
    // The file is one canonical JSON document: text and value print alike.
    const { text } = exported.value
    return ok({ value: decodeCanonical(text)?.value, text })
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
