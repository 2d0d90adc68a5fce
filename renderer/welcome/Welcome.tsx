/** First run: three doors. In the demo the first one is already open. */
import { Cable, Compass, Vault } from 'lucide-react'
import { useRead } from '../data/host.ts'
import { routeHref } from '../data/route.ts'
import { useText } from '../language/text.ts'

export function Welcome() {
  const { t } = useText()
  const mode = useRead('status.read', {}, 5_000).data?.mode
  return (
    <div className="welcome">
      <h1>{t('welcome.title')}</h1>
      <p className="dim">{t('welcome.text')}</p>
      <ul className="doors">
        <li>
          <section className="door">
            <Compass size={28} aria-hidden />
            <h2>{t('welcome.demo')}</h2>
            <p>{t('welcome.demoText')}</p>
            {mode === 'demo' ? (
              <p className="dim">{t('welcome.demoOpen')}</p>
            ) : (
              <p>
                {t('welcome.demoHow')} <code className="mono">npm run demo</code>
              </p>
            )}
          </section>
        </li>
        <li>
          <a className="door" href={routeHref('settings', 'connect')}>
            <Cable size={28} aria-hidden className="hot-text" />
            <h2>{t('welcome.venue')}</h2>
            <p>{t('welcome.venueText')}</p>
          </a>
        </li>
        <li>
          <a className="door" href={routeHref('vault')}>
            <Vault size={28} aria-hidden className="cold-text" />
            <h2>{t('welcome.vault')}</h2>
            <p>{t('welcome.vaultText')}</p>
          </a>
        </li>
      </ul>
    </div>
  )
}
