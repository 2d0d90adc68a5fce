/** A wallet hidden behind a passphrase: opened on the device, known by its own fingerprint, its passphrase never kept. */
import { CircleCheck } from 'lucide-react'
import { refusalOf, useAsk } from '../../data/host.ts'
import { routeHref } from '../../data/route.ts'
import { useText } from '../../language/text.ts'
import { Button } from '../../ui/Button.tsx'
import { DevicePanel } from '../../ui/DevicePanel.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { RefusalNote } from '../../ui/RefusalNote.tsx'
import { BackToAccounts } from './BackToAccounts.tsx'

export function OpenPassphrase() {
  const { t } = useText()
  const pair = useAsk('vault.pair')
  const refusal = refusalOf(pair.error)
  const ask = () => pair.mutate({ passphrase: true })
  return (
    <>
      <BackToAccounts />
      <div className="review">
        <Panel title={t('passphrase.open')}>
          <div className="stack">
            <p>{t('passphrase.about')}</p>
            <ul className="warning-list">
              <li>{t('passphrase.typo')}</li>
              <li>{t('passphrase.kept')}</li>
              <li>{t('passphrase.lost')}</li>
            </ul>
            <div className="actions">
              <Button tone="primary" busy={pair.isPending ? t('receive.look') : null} onPress={ask}>
                {t('passphrase.do')}
              </Button>
            </div>
            {pair.data !== undefined && refusal === null && (
              <div className="done-note" role="status">
                <CircleCheck size={16} aria-hidden />
                <span>
                  {t('passphrase.opened')} <strong className="mono">{pair.data.fingerprint}</strong>
                  . <a href={routeHref('vault')}>{t('passphrase.toAccounts')}</a>
                </span>
              </div>
            )}
            {refusal !== null && <RefusalNote refusal={refusal} onRetry={ask} />}
          </div>
        </Panel>
        <DevicePanel hint={t('passphrase.hint')} />
      </div>
    </>
  )
}
