/** What was approved beside what the device must show, row by row, then everything else the digest covers. */
import { Check } from 'lucide-react'
import type { ReactNode } from 'react'
import { amountToDecimal } from '../../shared/units/amount.ts'
import { useRead } from '../data/host.ts'
import { usdOf } from '../data/portfolio.ts'
import { routeHref } from '../data/route.ts'
import { shortId, visibleText } from '../format/addresses.ts'
import { chainName } from '../format/chains.ts'
import type { Format } from '../format/format.ts'
import { useFormat } from '../format/useFormat.ts'
import { type Text, useText } from '../language/text.ts'
import { AddressText } from '../ui/AddressText.tsx'
import { StandingRows } from '../ui/StandingRows.tsx'
import { StateTag } from '../ui/StateTag.tsx'
import { Tip } from '../ui/Tip.tsx'
import { Simulated } from './Simulated.tsx'
import { findAccount, fullAccountName } from '../vault/accounts/accountName.ts'
import { useAirGapped } from '../vault/useAirGapped.ts'
import { type Plan, type Transfer, chainOf, isProved, staysInVault } from './transferText.ts'

type Line = Transfer['deviceLines'][number]

const addressKeys: ReadonlySet<Line['key']> = new Set(['to', 'address', 'token'])
const amountKeys: ReadonlySet<Line['key']> = new Set(['amount', 'fee', 'max-fee', 'total'])

/** Decimal text with a symbol in local separators; as it is where it is neither. */
function approvedAmount(text: string, format: Format): string {
  const [, number, unit] = /^(-?\d+(?:\.\d+)?)\s+(\S+)$/.exec(text) ?? []
  return number === undefined || unit === undefined
    ? visibleText(text)
    : format.quantityExact(number, visibleText(unit))
}

function underAmount(line: Line, plan: Plan, format: Format, usd: number | null): string | null {
  if (line.key !== 'amount' || usd === null || plan.alsoPays !== undefined) return null
  const quote = plan.prices.find(({ asset }) => asset === plan.amount.asset)
  return quote === undefined ? null : `≈ ${format.usd(usd)} · ${visibleText(quote.source)}`
}

function ApprovedValue({ line, plan }: { readonly line: Line; readonly plan: Plan }) {
  const { t } = useText()
  const format = useFormat()
  if (addressKeys.has(line.key)) {
    const paid = [plan.recipient, ...(plan.alsoPays ?? []).map(({ recipient }) => recipient)]
    const { origin, label } =
      paid.find(({ address }) => address === line.approved) ?? plan.recipient
    return (
      <>
        <AddressText address={visibleText(line.approved)} />
        {line.key !== 'token' && (
          <span className="dim small-text">
            {t(`origin.${origin}`)}
            {label !== '' && ` · ${visibleText(label)}`}
          </span>
        )}
      </>
    )
  }
  const under = underAmount(line, plan, format, usdOf(plan.amount, plan.prices))
  return (
    <>
      <strong className="num">
        {amountKeys.has(line.key)
          ? approvedAmount(line.approved, format)
          : visibleText(line.approved)}
      </strong>
      {under !== null && <span className="dim small-text num">{under}</span>}
    </>
  )
}

function DeviceValue({ line }: { readonly line: Line }) {
  const { discreet } = useFormat()
  if (addressKeys.has(line.key))
    return (
      <span className="device-words four-a-line">
        <AddressText address={visibleText(line.device)} />
      </span>
    )
  return (
    <span className="device-words num">
      {discreet && amountKeys.has(line.key) ? '•••••' : visibleText(line.device)}
    </span>
  )
}

function Row({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td colSpan={3}>{children}</td>
    </tr>
  )
}

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

/** Which of the vault's accounts pays, or is arrived on. Its place is kept while the name is read: a row that comes
 *  late would move the button that is being held. */
function VaultAccountRow({ plan: { vaultAccount } }: { readonly plan: Plan }) {
  const { t } = useText()
  const vault = useRead('vault.read', {}).data
  const found = vault === undefined ? undefined : findAccount(vault, vaultAccount)
  const [fingerprint, ...steps] = vaultAccount.split('/')
  return (
    <Row name={t('review.vaultAccount')}>
      <span>
        {vault === undefined || found === undefined
          ? fingerprint
          : fullAccountName(vault, found, t)}
      </span>
      <span className="dim small-text mono">{['m', ...steps].join('/')}</span>
    </Row>
  )
}

function Replaced({ plan: { replaces } }: { readonly plan: Plan }) {
  const { t } = useText()
  if (replaces === undefined) return null
  return (
    <Row name={t('review.replaces')}>
      <a href={routeHref('transfers', replaces.transferId)} className="mono">
        {shortId(replaces.txid, 8, 8)}
      </a>
      <span className="dim small-text">{t(`review.replaces.${replaces.kind}`)}</span>
    </Row>
  )
}

function BitcoinRows({
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
        <Row key={output.address} name={t('review.change')}>
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

function EvmRows({
  plan,
  t,
  format,
}: {
  readonly plan: Plan
  readonly t: Text
  readonly format: Format
}) {
  const { execution } = plan
  if (execution.kind !== 'evm') return null
  return (
    <>
      <Row name={t('review.from')}>
        <AddressText address={execution.from} />
        <span className="dim small-text mono">{execution.path}</span>
      </Row>
      <Row name={t('review.gas')}>
        <span className="num">
          {t('review.gasValue', {
            limit: format.count(Number(execution.gasLimit)),
            most: format.count(Number(execution.maxFeePerGas) / 1e9, 2),
            tip: format.count(Number(execution.maxPriorityFeePerGas) / 1e9, 2),
          })}
        </span>
        <span className="dim small-text num">
          {t('review.nonce', { nonce: String(execution.nonce) })}
        </span>
      </Row>
      {execution.dataFeeEstimate !== undefined && (
        <Row name={t('review.dataFee')}>
          <span className="tags">
            <span className="num">
              {format.amountExact({
                ...plan.networkFee,
                units: execution.dataFeeEstimate,
              })}
            </span>
            <StateTag grade="warn" text={t('estimated')} />
          </span>
          <span className="dim small-text">{t('review.dataFeeNote')}</span>
        </Row>
      )}
      {execution.data !== '' && (
        <Row name={t('review.data')}>
          <details>
            <summary>
              {t('review.dataBytes', { count: format.count(execution.data.length / 2) })}
            </summary>
            <code className="hex">{execution.data}</code>
          </details>
        </Row>
      )}
    </>
  )
}

function VenueRows({
  plan,
  t,
  format,
}: {
  readonly plan: Plan
  readonly t: Text
  readonly format: Format
}) {
  const { execution } = plan
  if (execution.kind !== 'venue') return null
  return (
    <>
      <Row name={t('review.amountLeaves')}>
        <strong className="num">{format.amountExact(execution.amount)}</strong>
      </Row>
      <Row name={t('review.route')}>
        <ol className="route">
          {execution.internal !== null && (
            <li>
              {t('review.internal', {
                amount: format.amount(execution.internal.amount),
                from: visibleText(execution.internal.from),
                to: visibleText(execution.internal.to),
              })}
            </li>
          )}
          <li>{t('review.withdrawal', { network: visibleText(execution.network) })}</li>
          <li>{t('review.arrival', { chain: chainName(execution.chain) })}</li>
        </ol>
      </Row>
      <Row name={t('review.venueFee')}>
        <span className="num">{format.amountExact(execution.venueFee)}</span>
      </Row>
      <Row name={t('review.arrives')}>
        <strong className="num">{format.amountExact(execution.arrives)}</strong>
        <span className="dim small-text mono">{execution.addressPath}</span>
      </Row>
    </>
  )
}

/** What the vault holds afterwards; once it was sent the balance already says so itself. */
function VaultAfter({ transfer: { plan, state } }: { readonly transfer: Transfer }) {
  const { t } = useText()
  const format = useFormat()
  const balances = useRead('portfolio.read', {}).data?.vaultBalances ?? []
  const held = balances.find(
    ({ amount, chain }) => amount.asset === plan.amount.asset && chain === chainOf(plan),
  )
  const ahead = state === 'planned' || state === 'confirming' || state === 'signing'
  // What a replacement takes the place of has left the balance already.
  if (!ahead || plan.purpose === 'sweep' || plan.replaces !== undefined || held === undefined)
    return null
  const fee = plan.networkFee.asset === plan.amount.asset ? plan.networkFee.units : 0n
  const moved = staysInVault(plan) ? 0n : plan.amount.units
  return (
    <Row name={t('review.after')}>
      <span className="num">
        {t('review.vaultAfter', {
          before: format.amount(held.amount),
          after: format.amount({
            ...held.amount,
            units: held.amount.units - moved - fee,
          }),
        })}
      </span>
    </Row>
  )
}

export function PlanRows({ transfer }: { readonly transfer: Transfer }) {
  const { t } = useText()
  const format = useFormat()
  const { plan } = transfer
  const airGapped = useAirGapped(plan.vaultAccount)
  return (
    <div className="wide-table">
      <table className="compare">
        <thead>
          <tr>
            <th className="unseen">{t('mismatch.field')}</th>
            <th>{t(transfer.state === 'planned' ? 'review.toApprove' : 'review.approved')}</th>
            <th>{t(airGapped ? 'airgap.shows' : 'review.device')}</th>
            <th>
              <span className="unseen">{t('review.proved')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {transfer.deviceLines.map((line, index) => (
            <tr key={`${line.key} ${index}`} data-line={line.key}>
              <th scope="row">{t(`deviceLine.${line.key}`)}</th>
              <td>
                <ApprovedValue line={line} plan={plan} />
              </td>
              <td>
                <DeviceValue line={line} />
              </td>
              <td className="proof">
                {isProved(transfer, line.key) && (
                  <Tip text={t('review.provedHint')}>
                    <span className="good-text" tabIndex={0}>
                      <Check size={16} aria-label={t('review.proved')} />
                    </span>
                  </Tip>
                )}
              </td>
            </tr>
          ))}
          <VaultAccountRow plan={plan} />
          <Replaced plan={plan} />
          <BitcoinRows plan={plan} t={t} format={format} />
          <EvmRows plan={plan} t={t} format={format} />
          <Simulated plan={plan} />
          <VenueRows plan={plan} t={t} format={format} />
          {plan.before !== null && plan.after !== null && (
            <Row name={t('review.standing')}>
              <StandingRows before={plan.before} after={plan.after} />
            </Row>
          )}
          <VaultAfter transfer={transfer} />
          <Row name={t('review.prices')}>
            <span className="num">
              {plan.prices
                .filter(
                  ({ asset }, index) =>
                    plan.prices.findIndex((each) => each.asset === asset) === index,
                )
                .map(({ asset, usd }) => `${asset} ${format.priceExact(usd)}`)
                .join(' · ')}
            </span>
            <span className="dim small-text">
              {t('review.priceLimit', { limit: format.percent(plan.priceLimitBps / 10_000) })}
            </span>
          </Row>
        </tbody>
      </table>
    </div>
  )
}

/** Exact text of what is moved, for the label of the approving button. */
export function exactAmount(plan: Plan, format: Format): string {
  return format.quantity(amountToDecimal(plan.amount), plan.amount.asset)
}
