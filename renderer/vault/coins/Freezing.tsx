/** Sets a coin aside, or frees it again. Freezing protects and is done at once; freeing is asked for twice, with
 *  what speaks against it. */
import { Snowflake, Sun } from 'lucide-react'
import { useState } from 'react'
import { refusalOf, useAsk } from '../../data/host.ts'
import { useText } from '../../language/text.ts'
import { Button } from '../../ui/Button.tsx'
import { Dialog } from '../../ui/Dialog.tsx'
import { RefusalNote } from '../../ui/RefusalNote.tsx'
import type { Coin } from './coinList.ts'

function Unfreeze({ coin, onClose }: { readonly coin: Coin; readonly onClose: () => void }) {
  const { t } = useText()
  const note = useAsk('vault.noteCoin')
  const refusal = refusalOf(note.error)
  return (
    <Dialog title={t('coins.unfreeze.title')} onClose={onClose}>
      <p>{t('coins.unfreeze.text')}</p>
      {coin.warnings.length > 0 && (
        <ul className="warning-list">
          {coin.warnings.map((warning) => (
            <li key={warning}>{t(`coinWarning.${warning}.about`)}</li>
          ))}
        </ul>
      )}
      {refusal !== null && <RefusalNote refusal={refusal} />}
      <div className="actions">
        <Button onPress={onClose}>{t('coins.unfreeze.no')}</Button>
        <Button
          tone="danger"
          busy={note.isPending ? t('saving') : null}
          onPress={() =>
            note.mutate({ txid: coin.txid, vout: coin.vout, frozen: false }, { onSuccess: onClose })
          }
        >
          {t('coins.unfreeze.do')}
        </Button>
      </div>
    </Dialog>
  )
}

export interface FreezingProps {
  readonly coin: Coin
  /** Frozen coins leave the choice of what is sent. */
  readonly onFrozen: () => void
}

export function Freezing({ coin, onFrozen }: FreezingProps) {
  const { t } = useText()
  const note = useAsk('vault.noteCoin')
  const [asking, setAsking] = useState(false)
  const refusal = refusalOf(note.error)
  return (
    <>
      <Button
        small
        busy={note.isPending ? t('saving') : null}
        onPress={() => {
          if (coin.frozen) setAsking(true)
          else
            note.mutate({ txid: coin.txid, vout: coin.vout, frozen: true }, { onSuccess: onFrozen })
        }}
      >
        {coin.frozen ? <Sun size={13} aria-hidden /> : <Snowflake size={13} aria-hidden />}{' '}
        {coin.frozen ? t('coins.unfreeze') : t('coins.freeze')}
      </Button>
      {asking && <Unfreeze coin={coin} onClose={() => setAsking(false)} />}
      {refusal !== null && <RefusalNote refusal={refusal} />}
    </>
  )
}
