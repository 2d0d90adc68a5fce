/** What the contract offers of the vault: accounts, addresses, coins and their notes. */
import { type Result, ok, refuse } from '../../../shared/errors/refusal.ts'
import { type Transfer, hasEnded } from '../../../shared/transfer/lifecycle.ts'
import { type VaultAccount, isBitcoin } from '../../../shared/vault/account.ts'
import { writeDescriptor } from '../../../shared/vault/descriptor.ts'
import { firstAddress } from '../../../shared/vault/ownAddress.ts'
import type { CoinNoteBook } from '../coinNotes.ts'
import type { Handlers } from '../dispatch.ts'
import type { EvmPort } from '../ports.ts'
import type { Vault } from './vault.ts'

const deviceTimeoutMs = 10 * 60_000

type VaultMethods = Omit<
  Pick<Handlers, Extract<keyof Handlers, `vault.${string}`>>,
  'vault.activity'
>

export function createVaultMethods(context: {
  readonly vault: Vault
  readonly coinNotes: CoinNoteBook
  readonly evm: readonly EvmPort[]
  readonly transfers: () => readonly Transfer[]
}): VaultMethods {
  const { vault, coinNotes } = context
  const onDevice = () => AbortSignal.timeout(deviceTimeoutMs)

  const accounts = (): readonly VaultAccount[] =>
    vault.record().wallets.flatMap((wallet) => wallet.accounts)

  function coinViews() {
    return accounts()
      .filter(isBitcoin)
      .flatMap((account) => coinNotes.view(vault.bitcoin(account.id)?.coins ?? [], account))
  }

  function addressesOf(account: VaultAccount) {
    const { id: accountId } = account
    if (account.chain === 'evm') {
      const { address, path } = account
      const verifiedAt = vault.verifiedAt(address)
      return context.evm.map(({ chainId }) => {
        const chain = `evm:${chainId}`
        return { accountId, chain, address, path, used: true, verifiedAt }
      })
    }
    const next = vault.nextReceive(accountId)
    const receive = vault.bitcoin(accountId)?.receive ?? []
    return receive
      .filter((own) => own.used || own.path === next?.path)
      .map(({ address, path, used }) => {
        const verifiedAt = vault.verifiedAt(address)
        return { accountId, chain: 'bitcoin', address, path, used, verifiedAt }
      })
      .reverse()
  }

  /** A transfer under way would lose the account that it verifies by. */
  function checkFree(accountId: string): Result<void, 'ACCOUNT_IN_USE'> {
    const busy = context
      .transfers()
      .find((transfer) => transfer.plan.vaultAccount === accountId && !hasEnded(transfer))
    return busy === undefined
      ? ok(undefined)
      : refuse('ACCOUNT_IN_USE', { account: accountId, by: busy.id })
  }

  return {
    'vault.read': () =>
      ok({
        ...vault.record(),
        balances: vault.balances(),
        coins: coinViews(),
        addresses: accounts().flatMap(addressesOf),
        refusals: vault.chains().flatMap((chain) => chain.refusal ?? []),
      }),
    'vault.pair': (request) => vault.wallets.pair(request, onDevice()),
    'vault.addAccount': (request) => vault.wallets.add(request, onDevice()),
    'vault.findAccounts': async ({ fingerprint }) => {
      const added = await vault.wallets.discover(fingerprint, onDevice())
      return added.ok ? ok({ added: added.value }) : added
    },
    'vault.importAccount': (request) => vault.wallets.import(request),
    'vault.renameAccount': ({ accountId, label }) => vault.wallets.rename(accountId, label),
    'vault.removeAccount': ({ accountId }) => {
      const free = checkFree(accountId)
      if (!free.ok) return free
      const removed = vault.wallets.remove(accountId)
      return removed.ok ? ok({}) : removed
    },
    'vault.useForSweeps': ({ accountId }) => vault.useForSweeps(accountId, onDevice()),
    'vault.showAddress': async (request) => {
      const shown = await vault.showAddress(request, onDevice())
      if (!shown.ok) return shown
      const { address, at } = shown.value
      const known = accounts()
        .flatMap(addressesOf)
        .find((own) => own.address === address)
      return ok({ ...request, address, used: known?.used ?? false, verifiedAt: at })
    },
    'vault.exportDescriptors': () => {
      const rows = vault.record().wallets.flatMap((wallet) =>
        wallet.accounts.map((account) => ({
          accountId: account.id,
          descriptor: isBitcoin(account) ? writeDescriptor(account, wallet.fingerprint) : null,
          firstAddress: firstAddress(account).address,
        })),
      )
      const lines = rows.flatMap(({ descriptor }) => descriptor ?? [])
      return ok({
        filename: 'bulkhead-descriptors.txt',
        text: lines.map((line) => `${line}\n`).join(''),
        accounts: rows,
      })
    },
    'vault.noteCoin': ({ txid, vout, ...change }) => {
      const id = `${txid}:${vout}`
      const found = vault.coin(id)
      if (found === undefined) return refuse('NOT_FOUND', { what: 'coin', id })
      const noted = coinNotes.note(found.coin, change)
      if (!noted.ok) return noted
      const view = coinViews().find((held) => held.txid === txid && held.vout === vout)
      return view === undefined ? refuse('NOT_FOUND', { what: 'coin', id }) : ok(view)
    },
    'vault.exportLabels': () =>
      ok({ filename: 'bulkhead-labels.jsonl', text: coinNotes.exportText() }),
    'vault.importLabels': ({ text }) => {
      const imported = coinNotes.import(text)
      if (!imported.ok) return imported
      const { imported: count, leftOut, stillFrozen } = imported.value
      return ok({ imported: count, leftOut, stillFrozen })
    },
  }
}
