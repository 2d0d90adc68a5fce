/** A message as it would be signed: who signs, every field or the whole text, what hides in it, and the digest that the
 *  device may show instead. */
import { TriangleAlert } from 'lucide-react'
import type { Contract } from '../../shared/contract/contract.ts'
import type { OutputOf } from '../../shared/contract/method.ts'
import { visibleText } from '../format/addresses.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { AddressText } from '../ui/AddressText.tsx'

type Description = OutputOf<Contract['messages.describe']>['description']
type Row = Extract<Description, { kind: 'typed-data' }>['fields'][number]

function Fields({ title, rows }: { readonly title: string; readonly rows: readonly Row[] }) {
  const { t } = useText()
  const format = useFormat()
  return (
    <table className="plain message-fields">
      <caption>{title}</caption>
      <tbody>
        {rows.map(({ name, type, depth, value, note }, index) => (
          // Fields repeat in lists; their place in the text is their identity.
          <tr key={index}>
            <th scope="row" data-depth={Math.min(depth, 6)}>
              {visibleText(name)} <span className="dim small-text mono">{visibleText(type)}</span>
            </th>
            <td className="mono">
              {value === null ? '' : visibleText(value)}
              {note?.kind === 'unlimited' && (
                <strong className="breach-text"> {t('message.unlimited')}</strong>
              )}
              {note?.kind === 'time' && <span className="dim"> {format.moment(note.at)}</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

export function MessageRows({
  description,
  address,
}: {
  readonly description: Description
  readonly address: string
}) {
  const { t } = useText()
  return (
    <div className="message-rows">
      <p>
        <span className="dim">{t('message.signer')}</span> <AddressText address={address} />
      </p>
      {description.warnings.map(({ key, values }) => (
        <p key={key} className="refusal warn" role="note" data-warning={key}>
          <TriangleAlert size={16} aria-hidden />
          <span>
            {t(
              `warning.${key}`,
              Object.fromEntries(
                Object.entries(values).map(([name, value]) => [name, visibleText(value)]),
              ),
            )}
          </span>
        </p>
      ))}
      {description.kind === 'typed-data' ? (
        <>
          <Fields title={t('message.domain')} rows={description.domain} />
          <Fields title={visibleText(description.primaryType)} rows={description.fields} />
          <p className="small-text">
            <span className="dim">{t('message.domainHash')}</span>{' '}
            <code className="mono">{description.domainHash}</code>
          </p>
          <p className="small-text">
            <span className="dim">{t('message.messageHash')}</span>{' '}
            <code className="mono">{description.messageHash}</code>
          </p>
        </>
      ) : (
        <blockquote className="message-text">{description.text}</blockquote>
      )}
      {description.kind === 'personal' && description.signIn !== null && (
        <p>{t('message.signIn', { domain: visibleText(description.signIn.domain) })}</p>
      )}
      <p className="small-text">
        <span className="dim">{t('message.digest')}</span>{' '}
        <code className="mono">{description.digest}</code>
      </p>
    </div>
  )
}
