/** The wall at a glance: what lies on venues, what should cross, what lies in the vault, and how far the
 *  market may move before someone is liquidated. */
import { usePlanning } from '../transfers/usePlanning.ts'
import { useRead } from '../data/host.ts'
import { useText } from '../language/text.ts'
import { ReadView } from '../ui/ReadView.tsx'
import { Welcome } from '../welcome/Welcome.tsx'
import { Headline } from './Headline.tsx'
import { LastEntries } from './LastEntries.tsx'
import { NetWorth } from './NetWorth.tsx'
import { RailPanel } from './RailPanel.tsx'
import { SuggestionSide } from './SuggestionSide.tsx'
import { TankSide } from './TankSide.tsx'
import { VaultSide } from './VaultSide.tsx'

export function OverviewScreen() {
  const { t } = useText()
  const read = useRead('portfolio.read', {})
  const planning = usePlanning()
  return (
    <div className="screen overview">
      <ReadView read={read} rows={8}>
        {(portfolio) =>
          portfolio.accounts.length === 0 && !portfolio.vaultPaired ? (
            <Welcome />
          ) : (
            <>
              <Headline portfolio={portfolio} />
              <section className="wall" aria-label={t('wall.label')}>
                <TankSide portfolio={portfolio} />
                <SuggestionSide portfolio={portfolio} planning={planning} />
                <VaultSide portfolio={portfolio} />
              </section>
              <RailPanel portfolio={portfolio} />
              <div className="pair-of-panels">
                <NetWorth history={portfolio.history} />
                <LastEntries />
              </div>
            </>
          )
        }
      </ReadView>
    </div>
  )
}
