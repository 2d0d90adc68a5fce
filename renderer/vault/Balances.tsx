/** What the vault holds, each with its chain, its price's source and its age. */
import { useRead } from '../data/host.ts'
import { quoteOf, usdOf } from '../data/portfolio.ts'
import { routeHref } from '../data/route.ts'
import { visibleText } from '../format/addresses.ts'
import { chainName } from '../format/chains.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { Age } from '../ui/Age.tsx'
import { Empty } from '../ui/Empty.tsx'
import { Panel } from '../ui/Panel.tsx'
import { Vault } from 'lucide-react'
import type { VaultView } from '../data/vault.ts'
import { StateTag } from '../ui/StateTag.tsx'

const staleAfterMs = 10 * 60_000

export function Balances({ vault }: { readonly vault: VaultView }) {
  const { t } = useText()
  const format = useFormat()
  const quotes = useRead('portfolio.read', {}).data?.quotes ?? []
  return (
    <Panel
      title={t('vault.balances')}
      actions={
        <>
          <a className="button quiet" href={routeHref('vault', 'receive')}>
            {t('vault.receive')}
          </a>
          <a className="button primary" href={routeHref('vault', 'send')}>
            {t('vault.send')}
          </a>
        </>
      }
    >
      {vault.balances.length === 0 ? (
        <Empty icon={<Vault size={28} aria-hidden />} text={t('vault.empty')} />
      ) : (
        <div className="wide-table">
          <table className="plain">
            <thead>
              <tr>
                <th>{t('asset')}</th>
                <th>{t('chain')}</th>
                <th className="right">{t('amount')}</th>
                <th className="right">{t('vault.unconfirmed')}</th>
                <th className="right">{t('vault.value')}</th>
                <th className="right">{t('vault.source')}</th>
                <th className="right">{t('age')}</th>
              </tr>
            </thead>
            <tbody>
              {vault.balances.map((balance) => {
                const usd = usdOf(balance.amount, quotes)
                const quote = quoteOf(quotes, balance.amount.asset)
                return (
                  <tr key={`${balance.accountId} ${balance.chain} ${balance.amount.asset}`}>
                    <td>
                      <strong>{balance.amount.asset}</strong>
                    </td>
                    <td>{chainName(balance.chain)}</td>
                    <td className="right num">
                      <strong>{format.amountExact(balance.amount)}</strong>
                      {balance.unproven !== undefined && (
                        <div>
                          <StateTag
                            grade="warn"
                            text={t('vault.unproven', {
                              amount: format.amountExact(balance.unproven),
                            })}
                          />
                        </div>
                      )}
                    </td>
                    <td className="right num dim">
                      {balance.unconfirmed === null || balance.unconfirmed.units === 0n
                        ? t('none')
                        : format.amountExact(balance.unconfirmed)}
                    </td>
                    <td className="right num">
                      {usd === null || quote === undefined ? (
                        <span className="dim">{t('price.unknown')}</span>
                      ) : (
                        <>
                          {format.usd(usd)}
                          <br />
                          <span className="dim small-text">{visibleText(quote.source)}</span>
                        </>
                      )}
                    </td>
                    <td className="right dim">{visibleText(balance.source)}</td>
                    <td className="right">
                      <Age asOf={balance.asOf} staleAfterMs={staleAfterMs} />
                    </td>
                  </tr>
                )
              })}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}
