/** An account's name, changed in place; without one it is called by its kind and number. */
import { refusalOf, useAsk } from '../../data/host.ts'
import { useText } from '../../language/text.ts'
import { InPlaceText } from '../../ui/InPlaceText.tsx'
import { type AccountView, accountName } from './accountName.ts'

export function AccountLabel({ account }: { readonly account: AccountView }) {
  const { t } = useText()
  const rename = useAsk('vault.renameAccount')
  return (
    <strong>
      <InPlaceText
        value={account.label}
        shown={accountName(account, t)}
        empty={false}
        name={t('accounts.name')}
        action={t('accounts.rename', { name: accountName(account, t) })}
        longest={60}
        busy={rename.isPending}
        refusal={refusalOf(rename.error)}
        onKeep={(label, done) =>
          rename.mutate({ accountId: account.id, label }, { onSuccess: done })
        }
      />
    </strong>
  )
}
