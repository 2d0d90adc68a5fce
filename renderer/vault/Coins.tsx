/** The bitcoin outputs of the vault. */
import { Coins as CoinsIcon } from 'lucide-react'
import { shortId } from '../format/addresses.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { AddressText } from '../ui/AddressText.tsx'
import { Empty } from '../ui/Empty.tsx'
import { Panel } from '../ui/Panel.tsx'
import { StateTag } from '../ui/StateTag.tsx'
import type { VaultView } from '../data/vault.ts'

export function Coins({ coins }: { readonly coins: VaultView['coins'] }) {
  const { t } = useText()
  const format = useFormat()
  return (
    <Panel title={t('vault.coins')} note={t('coins.note', { count: coins.length })}>
      {coins.length === 0 ? (
        <Empty icon={<CoinsIcon size={28} aria-hidden />} text={t('coins.none')} />
      ) : (
        <div className="wide-table">
          <table className="plain">
            <thead>
              <tr>
                <th>{t('coins.outpoint')}</th>
                <th>{t('address')}</th>
                <th className="right">{t('amount')}</th>
                <th>{t('coins.state')}</th>
              </tr>
            </thead>
            <tbody>
              {[...coins]
                .sort((a, b) => (a.value < b.value ? 1 : -1))
                .map((coin) => (
                  <tr key={`${coin.txid}:${coin.vout}`}>
                    <td className="mono" title={`${coin.txid}:${coin.vout}`}>
                      {shortId(coin.txid, 8, 8)}:{coin.vout}
                    </td>
                    <td>
                      <AddressText address={coin.address} />
                      <div className="dim small-text mono">{coin.path}</div>
                    </td>
                    <td className="right num">
                      <strong>
                        {format.amountExact({ asset: 'BTC', decimals: 8, units: coin.value })}
                      </strong>
                    </td>
                    <td>
                      {coin.height === null || coin.height === 0 ? (
                        <StateTag grade="warn" text={t('coins.unconfirmed')} />
                      ) : (
                        <span className="dim num">
                          {t('status.block', { height: format.count(coin.height) })}
                        </span>
                      )}
                    </td>
                  </tr>
                ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}
