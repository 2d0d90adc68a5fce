/** How it looks, what the policy is, which accounts and chains are connected, and what this is. */
import { useEffect } from 'react'
import { useRead } from '../data/host.ts'
import { useText } from '../language/text.ts'
import { Panel } from '../ui/Panel.tsx'
import { ReadView } from '../ui/ReadView.tsx'
import { BitcoinServers } from './BitcoinServers.tsx'
import { Chains } from './Chains.tsx'
import { Connections } from './Connections.tsx'
import { ConnectForm } from './ConnectForm.tsx'
import { Looks } from './Looks.tsx'
import { PolicyForm } from './PolicyForm.tsx'

function About() {
  const { t } = useText()
  const status = useRead('status.read', {}, 5_000).data
  return (
    <Panel title={t('about.title')}>
      <dl className="pairs">
        <div>
          <dt>{t('about.version')}</dt>
          <dd className="num">{status?.version ?? '…'}</dd>
        </div>
        <div>
          <dt>{t('about.mode')}</dt>
          <dd>{status === undefined ? '…' : t(`about.mode.${status.mode}`)}</dd>
        </div>
      </dl>
      <p className="dim small-text">{t('about.text')}</p>
    </Panel>
  )
}

export function SettingsScreen({ section }: { readonly section: string | null }) {
  const { t } = useText()
  const read = useRead('settings.read', {})
  const ready = read.data !== undefined
  useEffect(() => {
    if (section === null || !ready) return
    const target = document.getElementById(`settings-${section}`)
    target?.scrollIntoView({ block: 'start' })
    target?.querySelector<HTMLElement>('select, input')?.focus()
  }, [section, ready])
  return (
    <div className="screen">
      <h1>{t('screen.settings')}</h1>
      <Looks />
      <ReadView read={read} rows={8}>
        {(settings) => (
          <>
            <Connections connections={settings.connections} />
            <div id="settings-connect">
              <ConnectForm />
            </div>
            <PolicyForm policy={settings.policy} />
            <div id="settings-servers">
              <BitcoinServers />
            </div>
            <Chains chains={settings.chains} />
          </>
        )}
      </ReadView>
      <About />
    </div>
  )
}
