/** Connected accounts with what their keys may do. A right that is not needed is a warning; an unanswered one is unknown. */
import { Cable } from 'lucide-react'
import { useState } from 'react'
import type { Contract } from '../../shared/contract/contract.ts'
import type { OutputOf } from '../../shared/contract/method.ts'
import type { Grade } from '../data/device.ts'
import { refusalOf, useAsk } from '../data/host.ts'
import { visibleText } from '../format/addresses.ts'
import { useFormat } from '../format/useFormat.ts'
import { venueNames } from '../format/venues.ts'
import type { Text } from '../language/text.ts'
import { useText } from '../language/text.ts'
import { Button } from '../ui/Button.tsx'
import { Empty } from '../ui/Empty.tsx'
import { Panel } from '../ui/Panel.tsx'
import { RefusalNote } from '../ui/RefusalNote.tsx'
import { StateTag } from '../ui/StateTag.tsx'

type Connection = OutputOf<Contract['settings.read']>['connections'][number]
type Permissions = NonNullable<Connection['permissions']>

interface Audit {
  readonly key: string
  readonly grade: Grade
  readonly text: string
}

/** Each right of a key, graded: what a reader must not have is a warning. */
export function auditOf(permissions: Permissions, t: Text): readonly Audit[] {
  const dangerous = (key: 'trade' | 'withdraw' | 'internalTransfer'): Audit => {
    const allowed = permissions[key]
    if (allowed === null) return { key, grade: 'off', text: t(`audit.${key}.unknown`) }
    return allowed
      ? { key, grade: 'warn', text: t(`audit.${key}.yes`) }
      : { key, grade: 'good', text: t(`audit.${key}.no`) }
  }
  const ip = permissions.ipRestricted
  return [
    permissions.read
      ? { key: 'read', grade: 'good', text: t('audit.read.yes') }
      : { key: 'read', grade: 'breach', text: t('audit.read.no') },
    dangerous('trade'),
    dangerous('withdraw'),
    dangerous('internalTransfer'),
    ip === null
      ? { key: 'ip', grade: 'off', text: t('audit.ip.unknown') }
      : ip
        ? { key: 'ip', grade: 'good', text: t('audit.ip.yes') }
        : { key: 'ip', grade: 'warn', text: t('audit.ip.no') },
  ]
}

function Row({ connection }: { readonly connection: Connection }) {
  const { t } = useText()
  const format = useFormat()
  const remove = useAsk('venues.disconnect')
  const [asked, setAsked] = useState(false)
  const refusal = refusalOf(remove.error)
  return (
    <tr>
      <td>
        <strong>{visibleText(connection.label)}</strong>
        <div className="dim small-text">{venueNames[connection.venue]}</div>
      </td>
      <td>
        {connection.permissions === null ? (
          <StateTag grade="off" text={t('audit.unanswered')} />
        ) : (
          <span className="tags">
            {auditOf(connection.permissions, t).map((audit) => (
              <StateTag key={audit.key} grade={audit.grade} text={audit.text} />
            ))}
          </span>
        )}
        {connection.refusal !== null && <RefusalNote refusal={connection.refusal} tone="warn" />}
        {refusal !== null && <RefusalNote refusal={refusal} />}
      </td>
      <td className="dim num">
        {connection.auditedAt === null ? t('age.never') : format.moment(connection.auditedAt)}
      </td>
      <td className="right">
        {asked ? (
          <span className="actions end">
            <Button
              small
              tone="danger"
              busy={remove.isPending ? t('connections.removing') : null}
              onPress={() => remove.mutate({ accountId: connection.accountId })}
            >
              {t('connections.removeSure')}
            </Button>
            <Button small onPress={() => setAsked(false)}>
              {t('cancel')}
            </Button>
          </span>
        ) : (
          <Button small onPress={() => setAsked(true)}>
            {t('connections.remove')}
          </Button>
        )}
      </td>
    </tr>
  )
}

export function Connections({ connections }: { readonly connections: readonly Connection[] }) {
  const { t } = useText()
  return (
    <Panel title={t('connections.title')} note={t('connections.note')}>
      {connections.length === 0 ? (
        <Empty icon={<Cable size={28} aria-hidden />} text={t('connections.none')} />
      ) : (
        <div className="wide-table">
          <table className="plain">
            <thead>
              <tr>
                <th>{t('account')}</th>
                <th>{t('connections.rights')}</th>
                <th>{t('connections.audited')}</th>
                <th />
              </tr>
            </thead>
            <tbody>
              {connections.map((connection) => (
                <Row key={connection.accountId} connection={connection} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  )
}
