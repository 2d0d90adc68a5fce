/** An account whose keys lie elsewhere: pasted or opened as a descriptor or extended public key. */
import { FileUp } from 'lucide-react'
import { useRef, useState } from 'react'
import { refusalOf, useAsk } from '../../data/host.ts'
import { goTo } from '../../data/route.ts'
import { useText } from '../../language/text.ts'
import { Button } from '../../ui/Button.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { RefusalNote } from '../../ui/RefusalNote.tsx'
import { BackToAccounts } from './BackToAccounts.tsx'

const scriptTypes = ['p2wpkh', 'p2tr', 'p2sh-p2wpkh', 'p2pkh'] as const
type ScriptType = (typeof scriptTypes)[number]

const longestText = 1_000

/** Whether the text itself says which addresses it stands for. */
function saysItsKind(text: string): boolean {
  return text.includes('(') || /^[yzuv]pub/.test(text)
}

export function WatchAccount() {
  const { t } = useText()
  const watch = useAsk('vault.importAccount')
  const picker = useRef<HTMLInputElement>(null)
  const [text, setText] = useState('')
  const [label, setLabel] = useState('')
  const [kind, setKind] = useState<ScriptType | null>(null)
  const wanted = text.trim()
  const asksKind = wanted !== '' && !saysItsKind(wanted)
  const refusal = refusalOf(watch.error)
  const why =
    wanted === ''
      ? t('watch.needText')
      : /^[xtyzuv]prv/.test(wanted)
        ? t('watch.private')
        : wanted.length > longestText
          ? t('watch.tooLong')
          : asksKind && kind === null
            ? t('watch.needKind')
            : null
  const take = async (file: File | undefined) => {
    if (file === undefined) return
    // A descriptor file may hold several lines; the first one that says anything is taken.
    const lines = (await file.text()).split(/\r?\n/).map((line) => line.trim())
    setText(lines.find((line) => line !== '' && !line.startsWith('#')) ?? '')
  }
  const submit = () => {
    if (why !== null) return
    watch.mutate(
      {
        text: wanted,
        label: label.trim(),
        ...(asksKind && kind !== null ? { scriptType: kind } : {}),
      },
      { onSuccess: () => goTo('vault') },
    )
  }
  return (
    <>
      <BackToAccounts />
      <Panel title={t('watch.open')} note={t('watch.note')}>
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault()
            submit()
          }}
        >
          <label className="field wide">
            <span>{t('watch.text')}</span>
            <textarea
              name="descriptor"
              className="mono"
              rows={3}
              spellCheck={false}
              autoComplete="off"
              value={text}
              onChange={(event) => setText(event.target.value)}
              onDragOver={(event) => event.preventDefault()}
              onDrop={(event) => {
                const file = event.dataTransfer.files[0]
                if (file === undefined) return
                event.preventDefault()
                void take(file)
              }}
            />
            <span className="hint">{t('watch.textHint')}</span>
          </label>
          <div className="actions wide">
            <input
              ref={picker}
              type="file"
              className="unseen"
              tabIndex={-1}
              aria-label={t('watch.file')}
              accept=".txt,.json,.desc"
              onChange={(event) => {
                void take(event.target.files?.[0])
                event.target.value = ''
              }}
            />
            <Button small onPress={() => picker.current?.click()}>
              <FileUp size={13} aria-hidden /> {t('watch.file')}
            </Button>
          </div>
          {asksKind && (
            <label className="field">
              <span>{t('watch.kind')}</span>
              <select
                name="script-type"
                value={kind ?? ''}
                onChange={(event) =>
                  setKind(scriptTypes.find((each) => each === event.target.value) ?? null)
                }
              >
                <option value="">{t('watch.chooseKind')}</option>
                {scriptTypes.map((each) => (
                  <option key={each} value={each}>
                    {t(`accountKind.${each}`)}
                  </option>
                ))}
              </select>
              <span className="hint">{t('watch.kindHint')}</span>
            </label>
          )}
          <label className="field">
            <span>{t('accounts.name')}</span>
            <input
              name="account-label"
              maxLength={60}
              value={label}
              onChange={(event) => setLabel(event.target.value)}
            />
          </label>
          <div className="actions wide">
            <Button
              tone="primary"
              why={why}
              busy={watch.isPending ? t('saving') : null}
              onPress={submit}
            >
              {t('watch.do')}
            </Button>
            <span className="dim small-text">{t('watch.then')}</span>
          </div>
        </form>
        {refusal !== null && <RefusalNote refusal={refusal} />}
      </Panel>
    </>
  )
}
