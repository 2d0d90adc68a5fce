/** Labels and freezes to and from other wallets, as BIP329 files. */
import { Download, Upload } from 'lucide-react'
import { useRef } from 'react'
import { refusalOf, useAsk } from '../../data/host.ts'
import { useFormat } from '../../format/useFormat.ts'
import { useText } from '../../language/text.ts'
import { Button } from '../../ui/Button.tsx'
import { RefusalNote } from '../../ui/RefusalNote.tsx'
import { Tip } from '../../ui/Tip.tsx'
import { saveFile } from '../../ui/saveFile.ts'

export function useLabelFiles() {
  const { t } = useText()
  const format = useFormat()
  const picker = useRef<HTMLInputElement>(null)
  const importing = useAsk('vault.importLabels')
  const exporting = useAsk('vault.exportLabels')
  const refusal = refusalOf(importing.error) ?? refusalOf(exporting.error)
  const take = async (file: File | undefined) => {
    if (file === undefined) return
    exporting.reset()
    importing.mutate({ text: await file.text() })
  }
  const buttons = (
    <>
      <input
        ref={picker}
        type="file"
        className="unseen"
        tabIndex={-1}
        aria-label={t('labels.file')}
        accept=".jsonl,.json,.txt"
        onChange={(event) => {
          void take(event.target.files?.[0])
          // The same file may be chosen again after it was mended.
          event.target.value = ''
        }}
      />
      <Tip text={t('labels.about')}>
        <span>
          <Button
            small
            busy={importing.isPending ? t('labels.importing') : null}
            onPress={() => picker.current?.click()}
          >
            <Upload size={13} aria-hidden /> {t('labels.import')}
          </Button>
        </span>
      </Tip>
      <Button
        small
        why={format.discreet ? t('journal.exportHidden') : null}
        busy={exporting.isPending ? t('journal.exporting') : null}
        onPress={() => {
          importing.reset()
          exporting.mutate({}, { onSuccess: ({ filename, text }) => saveFile(filename, text) })
        }}
      >
        <Download size={13} aria-hidden /> {t('labels.export')}
      </Button>
    </>
  )
  const outcome = (
    <>
      {refusal !== null && <RefusalNote refusal={refusal} />}
      {importing.data !== undefined && refusal === null && (
        <p className="quiet-note" role="status">
          {t('labels.imported', { ...importing.data })}
        </p>
      )}
    </>
  )
  return { buttons, outcome }
}
