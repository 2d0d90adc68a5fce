/** The keys, and the two colours that carry meaning. */
import { useText } from '../language/text.ts'
import { screens } from '../data/route.ts'
import { Dialog } from '../ui/Dialog.tsx'

export function Help({ onClose }: { readonly onClose: () => void }) {
  const { t } = useText()
  return (
    <Dialog title={t('help.title')} onClose={onClose}>
      <dl className="keys">
        {screens.map((screen, index) => (
          <div key={screen}>
            <dt>
              <kbd>{index + 1}</kbd>
            </dt>
            <dd>{t(`screen.${screen}`)}</dd>
          </div>
        ))}
        <div>
          <dt>
            <kbd>Ctrl</kbd> <kbd>K</kbd>
          </dt>
          <dd>{t('palette.open')}</dd>
        </div>
        <div>
          <dt>
            <kbd>D</kbd>
          </dt>
          <dd>{t('discreet.name')}</dd>
        </div>
        <div>
          <dt>
            <kbd>?</kbd>
          </dt>
          <dd>{t('help.open')}</dd>
        </div>
        <div>
          <dt>
            <kbd>Esc</kbd>
          </dt>
          <dd>{t('close')}</dd>
        </div>
      </dl>
      <p className="legend-line">
        <span className="swatch hot" aria-hidden /> {t('help.hot')}
      </p>
      <p className="legend-line">
        <span className="swatch cold" aria-hidden /> {t('help.cold')}
      </p>
      <p className="legend-line">
        <span className="swatch breach" aria-hidden /> {t('help.breach')}
      </p>
    </Dialog>
  )
}
