/** What a PSBT would do, before anyone agrees to it: coins in, outputs out, the fee; what is ours and what is not. */
import type { Contract } from '../../shared/contract/contract.ts'
import type { OutputOf } from '../../shared/contract/method.ts'
import type { VaultView } from '../data/vault.ts'
import { shortId } from '../format/addresses.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { AddressText } from '../ui/AddressText.tsx'
import { StateTag } from '../ui/StateTag.tsx'
import { findAccount, fullAccountName } from './accounts/accountName.ts'

type Described = OutputOf<Contract['airGap.describe']>

export function PsbtRows({ psbt, vault }: { readonly psbt: Described; readonly vault: VaultView }) {
  const { t } = useText()
  const format = useFormat()
  const btc = (units: bigint) => format.amountExact({ asset: 'BTC', decimals: 8, units })
  const found = findAccount(vault, psbt.accountId ?? '')
  return (
    <div className="psbt-rows">
      <p className="small-text">
        {found === undefined
          ? t('airgap.notOurs')
          : t('airgap.spends', { account: fullAccountName(vault, found, t) })}{' '}
        <span className="dim">
          {t('airgap.signed', { signed: psbt.signedInputs, inputs: psbt.inputs.length })}
        </span>
      </p>
      <div className="wide-table">
        <table className="plain">
          <thead>
            <tr>
              <th>{t('airgap.in')}</th>
              <th>{t('airgap.whose')}</th>
              <th className="right">{t('amount')}</th>
            </tr>
          </thead>
          <tbody>
            {psbt.inputs.map(({ outpoint, value, own }) => (
              <tr key={outpoint}>
                <td className="mono" title={outpoint}>
                  {shortId(outpoint, 10, 6)}
                </td>
                <td>
                  <StateTag
                    grade={own ? 'good' : 'breach'}
                    text={t(own ? 'airgap.ours' : 'airgap.others')}
                  />
                </td>
                <td className="right num">{value === null ? t('airgap.unproved') : btc(value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <table className="plain">
          <thead>
            <tr>
              <th>{t('airgap.pays')}</th>
              <th>{t('airgap.whose')}</th>
              <th className="right">{t('amount')}</th>
            </tr>
          </thead>
          <tbody>
            {psbt.outputs.map(({ address, script, value, own }, index) => (
              // Two outputs may pay the same script the same amount: their place is their identity.
              <tr key={index}>
                <td>
                  {address === null ? (
                    <span className="mono">{shortId(script, 16, 8)}</span>
                  ) : (
                    <AddressText address={address} />
                  )}
                </td>
                <td>
                  {own === null ? (
                    <span className="dim">{t('airgap.recipient')}</span>
                  ) : (
                    <StateTag grade="good" text={t(`airgap.own.${own}`)} />
                  )}
                </td>
                <td className="right num">{btc(value)}</td>
              </tr>
            ))}
            <tr>
              <td>{t('airgap.fee')}</td>
              <td />
              <td className="right num">
                {psbt.fee === null ? t('airgap.unproved') : btc(psbt.fee)}
              </td>
            </tr>
          </tbody>
        </table>
      </div>
    </div>
  )
}
