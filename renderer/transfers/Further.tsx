/** What else can be done with a transfer: pay more for speed or take it back on the chain while it waits, and keep
 *  the plan as a file that can be checked elsewhere. Each replacement is a plan of its own, with its own review. */
import { Download, FastForward, Undo2 } from 'lucide-react'
import { useState } from 'react'
import { refusalOf, useAsk } from '../data/host.ts'
import { goTo } from '../data/route.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { Button } from '../ui/Button.tsx'
import { type FeeTarget, FeeTargetChoice } from '../ui/FeeTarget.tsx'
import { RefusalNote } from '../ui/RefusalNote.tsx'
import { saveFile } from '../ui/saveFile.ts'
import type { Transfer } from './transferText.ts'

function Replace({ transfer }: { readonly transfer: Transfer }) {
  const { t } = useText()
  const speedUp = useAsk('transfers.speedUp')
  const takeBack = useAsk('transfers.cancelOnChain')
  const [target, setTarget] = useState<FeeTarget>('fast')
  const refusal = refusalOf(speedUp.error) ?? refusalOf(takeBack.error)
  const kind = transfer.plan.execution.kind === 'bitcoin' ? 'bitcoin' : 'evm'
  const input = { id: transfer.id, ...(kind === 'bitcoin' ? { feeTarget: target } : {}) }
  const open = { onSuccess: ({ id }: Transfer) => goTo('transfers', id) }
  return (
    <section className="panel replace" aria-label={t('replace.title')} data-testid="replace">
      <h2>{t('replace.title')}</h2>
      <p className="dim small-text">{t(`replace.about.${kind}`)}</p>
      {kind === 'bitcoin' && <FeeTargetChoice value={target} onChange={setTarget} />}
      <div className="actions">
        <Button
          busy={speedUp.isPending ? t('plan.making') : null}
          onPress={() => {
            takeBack.reset()
            speedUp.mutate(input, open)
          }}
        >
          <FastForward size={14} aria-hidden /> {t('replace.speedUp')}
        </Button>
        <Button
          busy={takeBack.isPending ? t('plan.making') : null}
          onPress={() => {
            speedUp.reset()
            takeBack.mutate(input, open)
          }}
        >
          <Undo2 size={14} aria-hidden /> {t('replace.cancel')}
        </Button>
      </div>
      {refusal !== null && <RefusalNote refusal={refusal} />}
    </section>
  )
}

function SavePlan({ transfer }: { readonly transfer: Transfer }) {
  const { t } = useText()
  const format = useFormat()
  const exporting = useAsk('transfers.export')
  const refusal = refusalOf(exporting.error)
  return (
    <div className="save-plan">
      <Button
        small
        why={format.discreet ? t('journal.exportHidden') : null}
        busy={exporting.isPending ? t('journal.exporting') : null}
        onPress={() =>
          exporting.mutate(
            { id: transfer.id },
            { onSuccess: ({ filename, text }) => saveFile(filename, text) },
          )
        }
      >
        <Download size={13} aria-hidden /> {t('planFile.save')}
      </Button>{' '}
      <span className="dim small-text">{t('planFile.about')}</span>
      {refusal !== null && <RefusalNote refusal={refusal} />}
    </div>
  )
}

export function Further({ transfer }: { readonly transfer: Transfer }) {
  return (
    <>
      {transfer.canReplace && <Replace transfer={transfer} />}
      <SavePlan transfer={transfer} />
    </>
  )
}
