/** Child pays for parent: spends a coin that still waits, at a fee that carries its parent along. */
import { FastForward } from 'lucide-react'
import { useState } from 'react'
import { refusalOf, useAsk } from '../../data/host.ts'
import { goTo } from '../../data/route.ts'
import { useFormat } from '../../format/useFormat.ts'
import { useText } from '../../language/text.ts'
import { AddressText } from '../../ui/AddressText.tsx'
import { Button } from '../../ui/Button.tsx'
import { Dialog } from '../../ui/Dialog.tsx'
import { type FeeTarget, FeeTargetChoice } from '../../ui/FeeTarget.tsx'
import { RefusalNote } from '../../ui/RefusalNote.tsx'
import type { Coin } from './coinList.ts'

export interface SpeedUpIncomingProps {
  readonly coin: Coin
  readonly onClose: () => void
}

export function SpeedUpIncoming({ coin, onClose }: SpeedUpIncomingProps) {
  const { t } = useText()
  const format = useFormat()
  const boost = useAsk('transfers.boost')
  const [target, setTarget] = useState<FeeTarget>('fast')
  const refusal = refusalOf(boost.error)
  return (
    <Dialog title={t('boost.title')} onClose={onClose}>
      <p>{t('boost.about')}</p>
      <p>
        <strong className="num">
          {format.amountExact({ asset: 'BTC', decimals: 8, units: coin.value })}
        </strong>{' '}
        <AddressText address={coin.address} />
      </p>
      <FeeTargetChoice value={target} onChange={setTarget} />
      <p className="dim small-text">{t('boost.then')}</p>
      {refusal !== null && <RefusalNote refusal={refusal} />}
      <div className="actions">
        <Button
          tone="primary"
          busy={boost.isPending ? t('plan.making') : null}
          onPress={() =>
            boost.mutate(
              { txid: coin.txid, vout: coin.vout, feeTarget: target },
              { onSuccess: ({ id }) => goTo('transfers', id) },
            )
          }
        >
          <FastForward size={14} aria-hidden /> {t('boost.plan')}
        </Button>
        <Button onPress={onClose}>{t('cancel')}</Button>
      </div>
    </Dialog>
  )
}
