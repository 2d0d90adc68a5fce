/** A coin's label, changed in place. */
import { refusalOf, useAsk } from '../../data/host.ts'
import { visibleText } from '../../format/addresses.ts'
import { useText } from '../../language/text.ts'
import { InPlaceText } from '../../ui/InPlaceText.tsx'
import type { Coin } from './coinList.ts'

export function CoinLabel({ coin: { txid, vout, label } }: { readonly coin: Coin }) {
  const { t } = useText()
  const note = useAsk('vault.noteCoin')
  return (
    <InPlaceText
      value={label ?? ''}
      shown={label === null ? t('coins.addLabel') : visibleText(label)}
      empty={label === null}
      name={t('coins.label')}
      action={t('coins.labelOf', { label: visibleText(label ?? t('none')) })}
      longest={255}
      busy={note.isPending}
      refusal={refusalOf(note.error)}
      onKeep={(text, done) => note.mutate({ txid, vout, label: text }, { onSuccess: done })}
    />
  )
}
