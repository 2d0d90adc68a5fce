/** What wallets and accounts are called: by their label, else by what they are. Pure. */
import type { VaultView } from '../../data/vault.ts'
import { visibleText } from '../../format/addresses.ts'
import type { Text } from '../../language/text.ts'

export type WalletView = VaultView['wallets'][number]
export type AccountView = WalletView['accounts'][number]

/** Number of the account in its kind, from the path's third step; of an EVM account the last step. */
export function accountNumber({ chain, path }: AccountView): number {
  const steps = path.split('/')
  return Number.parseInt((chain === 'evm' ? steps.at(-1) : steps[3]) ?? '', 10)
}

export function accountKind(account: AccountView, t: Text): string {
  return account.chain === 'evm' ? t('accountKind.evm') : t(`accountKind.${account.scriptType}`)
}

export function accountName(account: AccountView, t: Text): string {
  if (account.label !== '') return visibleText(account.label)
  const number = accountNumber(account)
  const kind = accountKind(account, t)
  return number > 0 ? t('accountKind.numbered', { kind, number: number + 1 }) : kind
}

export function walletName({ label, signer, fingerprint }: WalletView, t: Text): string {
  if (label !== '') return visibleText(label)
  if (signer.kind === 'air-gapped') return t('wallet.watched', { fingerprint })
  const device = `${signer.model} “${visibleText(signer.deviceLabel)}”`
  return signer.passphrase ? t('wallet.hidden', { device }) : device
}

export interface FoundAccount {
  readonly wallet: WalletView
  readonly account: AccountView
}

export function allAccounts({ wallets }: Pick<VaultView, 'wallets'>): readonly FoundAccount[] {
  return wallets.flatMap((wallet) => wallet.accounts.map((account) => ({ wallet, account })))
}

export function findAccount(
  vault: Pick<VaultView, 'wallets'>,
  id: string,
): FoundAccount | undefined {
  return allAccounts(vault).find(({ account }) => account.id === id)
}

/** `Ledge · Savings`: the wallet only where there are several. */
export function fullAccountName(
  vault: Pick<VaultView, 'wallets'>,
  { wallet, account }: FoundAccount,
  t: Text,
): string {
  const name = accountName(account, t)
  return vault.wallets.length > 1 ? `${walletName(wallet, t)} · ${name}` : name
}

/** The next number of this kind that the wallet has not got. */
export function nextNumber(
  { accounts }: WalletView,
  chain: AccountView['chain'],
  scriptType: string,
): number {
  const taken = new Set(
    accounts
      .filter(
        (account) =>
          account.chain === chain && (account.chain === 'evm' || account.scriptType === scriptType),
      )
      .map(accountNumber),
  )
  let number = 0
  while (taken.has(number)) number += 1
  return number
}
