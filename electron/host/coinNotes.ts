/** The user's notes on coins, in one sealed document: labels, and which coins are frozen. */
import { type Result, ok, refuse } from '../../shared/errors/refusal.ts'
import type { TransferPlan } from '../../shared/transfer/plan.ts'
import type { BitcoinVaultAccount, Coin } from '../../shared/vault/account.ts'
import {
  type CoinNotes,
  type ImportedNotes,
  coinNotesSchema,
  coinWarnings,
  frozenCoins,
  importNotes,
  labelOfCoin,
  noteCoin,
  outpointOf,
} from '../../shared/vault/coinNotes.ts'
import { writeLabels } from '../../shared/vault/labels.ts'
import { openDocument } from './documents.ts'
import type { StorePort, StoreRefusals } from './ports.ts'

export interface CoinNoteBook {
  frozen(): ReadonlySet<string>
  /** Coins as the screens show them. */
  view(coins: readonly Coin[], account: BitcoinVaultAccount): readonly CoinView[]
  note(
    coin: Coin,
    change: { readonly label?: string | undefined; readonly frozen?: boolean | undefined },
  ): Result<void, StoreRefusals>
  import(text: string): Result<ImportedNotes, StoreRefusals | 'INPUT_INVALID'>
  /** BIP329. */
  exportText(): string
  /** A plan may have been made before its coin was frozen; what is already sent may still be replaced. */
  checkPlan(plan: TransferPlan): Result<void, 'COIN_FROZEN'>
}

export type CoinView = Coin & {
  readonly accountId: string
  readonly label: string | null
  readonly frozen: boolean
  readonly warnings: ReturnType<typeof coinWarnings>
}

export function createCoinNotes(
  store: StorePort,
  onChange: () => void,
): Result<CoinNoteBook, StoreRefusals> {
  const document = openDocument(store, 'vault.notes', coinNotesSchema)
  const stored = document.read()
  if (!stored.ok) return stored
  let notes: CoinNotes = stored.value ?? []

  function write(next: CoinNotes): Result<void, StoreRefusals> {
    const written = document.write(next)
    if (!written.ok) return written
    notes = next
    onChange()
    return ok(undefined)
  }

  return ok({
    frozen: () => frozenCoins(notes),
    view: (coins, { id: accountId, scriptType }) => {
      const frozen = frozenCoins(notes)
      return coins.map((coin) => ({
        ...coin,
        accountId,
        label: labelOfCoin(notes, coin),
        frozen: frozen.has(outpointOf(coin)),
        warnings: coinWarnings(coin, coins, scriptType),
      }))
    },
    note: (coin, change) => write(noteCoin(notes, outpointOf(coin), change)),
    import(text) {
      const imported = importNotes(notes, text)
      if (!imported.ok) return imported
      const written = write(imported.value.notes)
      return written.ok ? imported : written
    },
    exportText: () => writeLabels(notes),
    checkPlan({ execution, replaces }) {
      if (execution.kind !== 'bitcoin' || replaces !== undefined) return ok(undefined)
      const frozen = frozenCoins(notes)
      const coin = execution.inputs.map(outpointOf).find((outpoint) => frozen.has(outpoint))
      return coin === undefined ? ok(undefined) : refuse('COIN_FROZEN', { coin })
    },
  })
}
