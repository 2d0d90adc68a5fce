/** What lately moved in and out of the EVM accounts. Rows planted to be copied say so, and cannot be copied. */
import type { Contract } from '../../shared/contract/contract.ts'
import type { OutputOf } from '../../shared/contract/method.ts'
import { useRead } from '../data/host.ts'
import { shortId } from '../format/addresses.ts'
import { chainName } from '../format/chains.ts'
import { useFormat } from '../format/useFormat.ts'
import { type Text, useText } from '../language/text.ts'
import { AddressText } from '../ui/AddressText.tsx'
import { Panel } from '../ui/Panel.tsx'
import { RefusalNote } from '../ui/RefusalNote.tsx'
import { StateTag } from '../ui/StateTag.tsx'

type Movement = OutputOf<Contract['vault.activity']>['movements'][number]

function reasonOf({ suspicion }: Movement, t: Text): string | undefined {
  if (suspicion === null) return undefined
  return suspicion.kind === 'look-alike'
    ? t('suspicion.look-alike', { address: shortId(suspicion.address, 6, 4) })
    : t(`suspicion.${suspicion.kind}`)
}

function Row({ movement }: { readonly movement: Movement }) {
  const { t } = useText()
  const format = useFormat()
  const reason = reasonOf(movement, t)
  return (
    <tr data-suspicion={movement.suspicion?.kind}>
      <td>{t(`activityRow.${movement.direction}`)}</td>
      <td className="num">
        {movement.amount === null ? (
          <span className="dim">–</span>
        ) : (
          format.amountExact(movement.amount)
        )}
      </td>
      <td>
        <AddressText address={movement.counterparty} suspect={reason} />
        {reason !== undefined && <StateTag grade="breach" text={reason} />}
      </td>
      <td className="dim small-text">
        {chainName(movement.chain)} <span className="num">{format.count(movement.height)}</span>
      </td>
    </tr>
  )
}

export function Activity() {
  const { t } = useText()
  const read = useRead('vault.activity', {}, 30_000)
  const { movements = [], refusals = [] } = read.data ?? {}
  return (
    <Panel title={t('activityRow.title')} note={t('activityRow.note')}>
      {refusals.map((refusal, index) => (
        <RefusalNote key={`${refusal.code} ${index}`} refusal={refusal} tone="warn" />
      ))}
      {movements.length === 0 ? (
        <p className="empty-text">{t('activityRow.none')}</p>
      ) : (
        <div className="wide-table">
          <table className="plain">
            <thead>
              <tr>
                <th />
                <th>{t('amount')}</th>
                <th>{t('activityRow.counterparty')}</th>
                <th>{t('chain')}</th>
              </tr>
            </thead>
            <tbody>
              {movements.map((movement) => (
                <Row
                  key={`${movement.txid} ${movement.counterparty} ${movement.contract}`}
                  movement={movement}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}
