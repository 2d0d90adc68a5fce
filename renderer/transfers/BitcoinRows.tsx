/** What a bitcoin plan says beyond the device's own lines: change, the coins that are spent, the fee rate. */
import { useRead } from '../data/host.ts'
import { shortId, visibleText } from '../format/addresses.ts'
import type { Format } from '../format/format.ts'
import { useFormat } from '../format/useFormat.ts'
import { type Text, useText } from '../language/text.ts'
import { AddressText } from '../ui/AddressText.tsx'
import { Row } from './PlanRow.tsx'
import { type Plan, staysInVault } from './transferText.ts'

type Inputs = Extract<Plan['execution'], { kind: 'bitcoin' }>['inputs']

/** Exactly the coins that are spent, with what the holder wrote about them. */
function SpentCoins({ inputs }: { readonly inputs: Inputs }) {
  const { t } = useText()
  const format = useFormat()
  const known = useRead('vault.read', {}).data?.coins ?? []
  const btc = (units: bigint) => format.amountExact({ asset: 'BTC', decimals: 8, units })
  return (
    <>
      <details>
        <summary>
          {t('review.coinsCount', { count: inputs.length })} ·{' '}
          <span className="num">{btc(inputs.reduce((sum, { value }) => sum + value, 0n))}</span>
        </summary>
        <table className="plain spent-coins">
          <thead className="unseen">
            <tr>
              <th>{t('amount')}</th>
              <th>{t('coins.label')}</th>
              <th>{t('review.txid')}</th>
            </tr>
          </thead>
          <tbody>
            {inputs.map(({ txid, vout, value, path }) => {
              const label = known.find((coin) => coin.txid === txid && coin.vout === vout)?.label
              return (
                <tr key={`${txid}:${vout}`}>
                  <td className="num">{btc(value)}</td>
                  <td>{label == null ? <span className="dim">–</span> : visibleText(label)}</td>
                  <td className="mono dim small-text">
                    <span title={`${txid}:${vout}`}>
                      {shortId(txid, 8, 8)}:{vout}
                    </span>{' '}
                    {path}
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </details>
      <span className="dim small-text">{t('review.coinsNote')}</span>
    </>
  )
}

export function BitcoinRows({
  plan,
  t,
  format,
}: {
  readonly plan: Plan
  readonly t: Text
  readonly format: Format
}) {
  const { execution } = plan
  if (execution.kind !== 'bitcoin') return null
  const change = execution.outputs.filter(({ role }) => role === 'change')
  const btc = (units: bigint) => format.amountExact({ asset: 'BTC', decimals: 8, units })
  return (
    <>
      {change.map((output) => (
        <Row key={output.address} name={t(staysInVault(plan) ? 'review.back' : 'review.change')}>
          <strong className="num">{btc(output.value)}</strong>
          <AddressText address={output.address} />
          <span className="dim small-text">
            {t('review.changeNote', { path: output.path ?? '' })}
          </span>
        </Row>
      ))}
      <Row name={t('review.coins')}>
        <SpentCoins inputs={execution.inputs} />
      </Row>
      <Row name={t('review.rate')}>
        <span className="num">
          {t('review.rateValue', {
            rate: format.count(execution.feeRateSatPerVb, 1),
            size: format.count(execution.virtualSize),
          })}
        </span>
      </Row>
    </>
  )
}
