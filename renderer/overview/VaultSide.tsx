/** The cold side of the wall: what the vault holds, by asset, with the device's state. */
import { Snowflake } from 'lucide-react'
import { amountToNumber } from '../../shared/units/amount.ts'
import { useRead } from '../data/host.ts'
import { deviceWords } from '../data/device.ts'
import { type Portfolio, usdOf } from '../data/portfolio.ts'
import { routeHref } from '../data/route.ts'
import { chainName } from '../format/chains.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { MeasureText } from '../ui/MeasureText.tsx'

export function VaultSide({ portfolio }: { readonly portfolio: Portfolio }) {
  const { t } = useText()
  const format = useFormat()
  const device = useRead('status.read', {}, 5_000).data?.device
  const words = device === undefined ? null : deviceWords(device, t)
  const values = portfolio.vaultBalances.map((balance) => usdOf(balance.amount, portfolio.quotes))
  const total = values.reduce<number>((sum, usd) => sum + (usd ?? 0), 0)
  return (
    <div className="wall-side cold-side" data-testid="cold-side">
      <h2 className="cold-text">
        <Snowflake size={15} aria-hidden /> {t('vault')}
        {words !== null && (
          <span className="dim">
            {' '}
            · {words.name}, {words.state}
          </span>
        )}
      </h2>
      {!portfolio.vaultPaired ? (
        <p className="empty-text">
          {t('wall.noVault')} <a href={routeHref('vault')}>{t('pair.open')}</a>
        </p>
      ) : (
        <>
          <p className="wall-total">
            <strong>
              <MeasureText measure={portfolio.vaultUsd} show={format.usdBare} />
            </strong>{' '}
            <span className="dim">{t('wall.coldNote')}</span>
          </p>
          <ul className="vault-rows">
            {portfolio.vaultBalances.map((balance, index) => {
              const usd = values[index] ?? null
              const share = usd === null || total <= 0 ? null : usd / total
              return (
                <li key={`${balance.chain} ${balance.amount.asset}`}>
                  <span className="vault-asset">
                    <strong>{balance.amount.asset}</strong>
                    <span className="dim">{chainName(balance.chain)}</span>
                  </span>
                  <span
                    className="vault-bar"
                    role="img"
                    aria-label={
                      share === null
                        ? t('unknown')
                        : t('wall.share', { share: format.percent(share) })
                    }
                  >
                    {share !== null && <span style={{ width: `${share * 100}%` }} />}
                  </span>
                  <span className="vault-amount">
                    <strong className="num">{format.amount(balance.amount)}</strong>
                    <span className="dim num">
                      {usd === null
                        ? amountToNumber(balance.amount) === 0
                          ? t('none')
                          : t('price.unknown')
                        : format.usd(usd)}
                    </span>
                  </span>
                </li>
              )
            })}
          </ul>
          {portfolio.vaultBalances.length === 0 && (
            <p className="empty-text">
              {t('wall.vaultEmpty')}{' '}
              <a href={routeHref('vault', 'receive')}>{t('vault.receive')}</a>
            </p>
          )}
        </>
      )}
    </div>
  )
}
