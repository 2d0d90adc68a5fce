/** The way out of a block after a rollback: verify the journal, compare, then release outside the page. */
import { Unlock } from 'lucide-react'
import { refusalOf, useAsk, useRead } from '../data/host.ts'
import { useText } from '../language/text.ts'
import { Button } from '../ui/Button.tsx'
import { Panel } from '../ui/Panel.tsx'
import { RefusalNote } from '../ui/RefusalNote.tsx'
import { StateTag } from '../ui/StateTag.tsx'

export function Reconcile({ verified }: { readonly verified: boolean }) {
  const { t } = useText()
  const status = useRead('status.read', {}, 5_000).data
  const ask = useAsk('system.reconcile')
  const refusal = refusalOf(ask.error)
  const blocked = status !== undefined && status.blocked !== null
  if (!blocked)
    return ask.isSuccess ? (
      <p className="quiet-note" data-testid="reconciled">
        <StateTag grade="good" text={t('reconcile.done')} />
      </p>
    ) : null
  return (
    <Panel title={t('reconcile.title')}>
      <ol className="reconcile-steps">
        <li>{t('reconcile.verify')}</li>
        <li>{t('reconcile.compare')}</li>
        <li>{t('reconcile.press')}</li>
      </ol>
      <div className="actions">
        <Button
          tone="primary"
          why={verified ? null : t('reconcile.verifyFirst')}
          busy={ask.isPending ? t('reconcile.asking') : null}
          onPress={() => ask.mutate({})}
        >
          <Unlock size={14} aria-hidden /> {t('reconcile.release')}
        </Button>
      </div>
      {refusal !== null && <RefusalNote refusal={refusal} />}
    </Panel>
  )
}
