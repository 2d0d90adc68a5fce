/** Did this address sign this message? Checked here, by nobody else. */
import { useState } from 'react'
import { refusalOf, useAsk } from '../data/host.ts'
import { visibleText } from '../format/addresses.ts'
import { useText } from '../language/text.ts'
import { Button } from '../ui/Button.tsx'
import { RefusalNote } from '../ui/RefusalNote.tsx'
import { StateTag } from '../ui/StateTag.tsx'

const kinds = ['message', 'typed-data'] as const

export function VerifyMessage() {
  const { t } = useText()
  const verify = useAsk('messages.verify')
  const [address, setAddress] = useState('')
  const [message, setMessage] = useState('')
  const [signature, setSignature] = useState('')
  const [kind, setKind] = useState<(typeof kinds)[number]>('message')
  const evm = /^0x/i.test(address.trim())
  const why = address.trim() === '' || signature.trim() === '' ? t('message.needAll') : null
  const ask = () =>
    verify.mutate({ address, message, signature, kind: evm ? kind : 'message', encoding: 'text' })
  const refusal = refusalOf(verify.error)
  const { data } = verify
  /** An answer is about what was asked, not about what was typed since. */
  const edit = (set: (text: string) => void) => (text: string) => {
    set(text)
    verify.reset()
  }
  return (
    <>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (why === null) ask()
        }}
      >
        <label className="field wide">
          <span>{t('message.address')}</span>
          <input
            name="address"
            className="mono"
            autoComplete="off"
            spellCheck={false}
            maxLength={200}
            value={address}
            onChange={(event) => edit(setAddress)(event.target.value)}
          />
        </label>
        {evm && (
          <div className="field">
            <span>{t('message.format')}</span>
            <span className="segments" role="group" aria-label={t('message.format')}>
              {kinds.map((each) => (
                <button
                  key={each}
                  type="button"
                  aria-pressed={each === kind}
                  onClick={() => {
                    setKind(each)
                    verify.reset()
                  }}
                >
                  {t(each === 'message' ? 'message.format.personal' : 'message.format.typed-data')}
                </button>
              ))}
            </span>
          </div>
        )}
        <label className="field wide">
          <span>{t('message.text')}</span>
          <textarea
            name="message"
            rows={4}
            spellCheck={false}
            value={message}
            onChange={(event) => edit(setMessage)(event.target.value)}
          />
        </label>
        <label className="field wide">
          <span>{t('message.signature')}</span>
          <textarea
            name="signature"
            rows={3}
            className="mono"
            spellCheck={false}
            value={signature}
            onChange={(event) => edit(setSignature)(event.target.value)}
          />
        </label>
        <div className="actions wide">
          <Button
            tone="primary"
            why={why}
            busy={verify.isPending ? t('message.verifying') : null}
            onPress={ask}
          >
            {t('message.verify')}
          </Button>
        </div>
      </form>
      {refusal !== null && <RefusalNote refusal={refusal} />}
      {data !== undefined && (
        <div className="described" role="status" data-verdict={data.verdict}>
          <StateTag
            grade={data.verdict === 'valid' ? 'good' : 'breach'}
            text={t(data.verdict === 'valid' ? 'message.valid' : 'message.invalid')}
          />
          {data.form !== null && <p className="small-text">{t(`message.form.${data.form}`)}</p>}
          {data.verdict === 'invalid' && (
            <>
              <p className="small-text">{t('message.invalidHint')}</p>
              <ul className="plain-list small-text mono">
                {data.differences.map(({ field, approved, returned }) => (
                  <li key={field}>
                    {visibleText(field)}: {visibleText(approved)} ≠ {visibleText(returned)}
                  </li>
                ))}
              </ul>
            </>
          )}
        </div>
      )}
    </>
  )
}
