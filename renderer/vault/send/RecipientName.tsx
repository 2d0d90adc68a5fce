/** A name typed for an address: looked up when asked, and put in as the whole address, which is what is planned. */
import { refusalOf, useAsk } from '../../data/host.ts'
import { visibleText } from '../../format/addresses.ts'
import { useText } from '../../language/text.ts'
import { Button } from '../../ui/Button.tsx'
import { RefusalNote } from '../../ui/RefusalNote.tsx'
import { StateTag } from '../../ui/StateTag.tsx'
import { isName } from './paymentRequest.ts'

export function RecipientName(props: {
  readonly text: string
  readonly onFound: (found: { readonly name: string; readonly address: string }) => void
}) {
  const { text, onFound } = props
  const { t } = useText()
  const resolve = useAsk('names.resolve')
  const found = resolve.data
  const refusal = refusalOf(resolve.error)
  if (isName(text)) {
    return (
      <div className="field wide">
        <div className="actions">
          <Button
            small
            busy={resolve.isPending ? t('names.looking') : null}
            onPress={() => resolve.mutate({ name: text }, { onSuccess: onFound })}
          >
            {t('names.look')}
          </Button>
          <span className="hint">{t('names.hint')}</span>
        </div>
        {refusal !== null && <RefusalNote refusal={refusal} />}
      </div>
    )
  }
  if (found === undefined || found.address !== text) return null
  return (
    <div className="field wide" data-testid="resolved-name">
      <span className="tags">
        <span className="mono">{visibleText(found.name)}</span>
        {!found.ascii && <StateTag grade="warn" text={t('names.letters')} />}
        {found.reverse !== null && found.reverse !== found.name && (
          <StateTag grade="off" text={t('names.reverse', { name: visibleText(found.reverse) })} />
        )}
      </span>
      <span className="hint">{t('names.found', { source: visibleText(found.source) })}</span>
    </div>
  )
}
