/** A coin's label, changed in place: Enter keeps it, Escape leaves it as it was. */
import { Pencil } from 'lucide-react'
import { useState } from 'react'
import { refusalOf, useAsk } from '../../data/host.ts'
import { visibleText } from '../../format/addresses.ts'
import { useText } from '../../language/text.ts'
import { RefusalNote } from '../../ui/RefusalNote.tsx'
import type { Coin } from './coinList.ts'

const longest = 255

export function CoinLabel({ coin }: { readonly coin: Coin }) {
  const { t } = useText()
  const note = useAsk('vault.noteCoin')
  const [draft, setDraft] = useState<string | null>(null)
  const refusal = refusalOf(note.error)
  const keep = () => {
    if (draft === null || note.isPending) return
    if (draft.trim() === (coin.label ?? '')) return setDraft(null)
    note.mutate(
      { txid: coin.txid, vout: coin.vout, label: draft.trim() },
      { onSuccess: () => setDraft(null) },
    )
  }
  if (draft === null)
    return (
      <button
        type="button"
        className={`in-place${coin.label === null ? ' dim' : ''}`}
        aria-label={t('coins.labelOf', { label: visibleText(coin.label ?? t('none')) })}
        onClick={() => setDraft(coin.label ?? '')}
      >
        <span>{coin.label === null ? t('coins.addLabel') : visibleText(coin.label)}</span>
        <Pencil size={12} aria-hidden />
      </button>
    )
  return (
    <>
      <input
        className="in-place-input"
        aria-label={t('coins.label')}
        maxLength={longest}
        value={draft}
        readOnly={note.isPending}
        // Opened by the very press that asked for it.
        ref={(input) => input?.focus()}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={keep}
        onKeyDown={(event) => {
          if (event.key === 'Enter') keep()
          if (event.key !== 'Escape') return
          event.stopPropagation()
          setDraft(null)
        }}
      />
      {refusal !== null && <RefusalNote refusal={refusal} />}
    </>
  )
}
