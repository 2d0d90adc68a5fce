/** The way back from a page of one account or wallet to the tree of all. */
import { ArrowLeft } from 'lucide-react'
import { routeHref } from '../../data/route.ts'
import { useText } from '../../language/text.ts'

export function BackToAccounts() {
  const { t } = useText()
  return (
    <a href={routeHref('vault')} className="back no-print">
      <ArrowLeft size={14} aria-hidden /> {t('vaultTab.accounts')}
    </a>
  )
}
