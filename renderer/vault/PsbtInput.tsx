/** A PSBT on its way in: scanned as frames, as a file, or pasted. Hands on its text once it is whole. Frames that the
 *  host refuses are dropped and named; what was scanned before them stays. */
import { FileUp } from 'lucide-react'
import { useRef, useState } from 'react'
import { type Refusal, refuse } from '../../shared/errors/refusal.ts'
import { useHost } from '../data/host.ts'
import { useText } from '../language/text.ts'
import { Button } from '../ui/Button.tsx'
import { RefusalNote } from '../ui/RefusalNote.tsx'
import { QrScanner } from './QrScanner.tsx'

interface Scan {
  readonly frames: readonly string[]
  readonly received: number
  readonly expected: number
}
const nothing: Scan = { frames: [], received: 0, expected: 0 }
const mostFileBytes = 2_000_000
/** Of one question to the host. */
const mostFrames = 1_400

/** Text of a PSBT file: the bytes as base64 where they are the binary form. */
async function readPsbtFile(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  const binary = bytes[0] === 0x70 && bytes[4] === 0xff
  if (!binary) return new TextDecoder().decode(bytes)
  let letters = ''
  for (const byte of bytes) letters += String.fromCharCode(byte)
  return btoa(letters)
}

export function PsbtInput({
  onPsbt,
  action,
  busy,
}: {
  readonly onPsbt: (text: string) => void
  readonly action: string
  readonly busy: boolean
}) {
  const { t } = useText()
  const { client } = useHost()
  const [scan, setScan] = useState(nothing)
  const [refusal, setRefusal] = useState<Refusal | null>(null)
  const [pasted, setPasted] = useState('')
  const file = useRef<HTMLInputElement>(null)
  /** Frames not yet asked about; one question is under way at a time. */
  const pending = useRef<{ frames: string[]; asking: boolean; known: readonly string[] }>({
    frames: [],
    asking: false,
    known: [],
  })

  function finish(text: string) {
    pending.current = { frames: [], asking: false, known: [] }
    setScan(nothing)
    setRefusal(null)
    onPsbt(text)
  }

  async function ask(): Promise<void> {
    const { current } = pending
    if (current.asking || current.frames.length === 0) return
    current.asking = true
    const frames = [...current.known, ...current.frames.splice(0)]
    const read = await client.call('airGap.readFrames', { frames })
    if (pending.current !== current) return
    current.asking = false
    if (!read.ok) {
      // One bad frame must not cost the good ones: only what was asked for before stays.
      setRefusal(read.refusal)
      return
    }
    setRefusal(null)
    if (read.value.kind === 'complete') return finish(read.value.psbt)
    current.known = frames
    setScan({ frames, ...read.value })
    return ask()
  }

  function take(text: string) {
    if (!/^ur:/i.test(text.trim())) return finish(text)
    const { current } = pending
    const frame = text.trim().toUpperCase()
    if (current.known.includes(frame) || current.frames.includes(frame)) return
    if (current.known.length >= mostFrames) return
    current.frames.push(frame)
    void ask()
  }

  const progress =
    scan.expected === 0
      ? null
      : t('airgap.progress', { received: scan.received, expected: scan.expected })
  return (
    <div className="psbt-input">
      <QrScanner onText={take} progress={progress} />
      {scan.expected > 0 && (
        <p className="small-text">
          <progress value={scan.received} max={scan.expected} aria-label={t('airgap.scanned')} />{' '}
          {progress}{' '}
          <Button
            small
            onPress={() => {
              pending.current = { frames: [], asking: false, known: [] }
              setScan(nothing)
            }}
          >
            {t('airgap.again')}
          </Button>
        </p>
      )}
      <label className="field">
        <span>{t('airgap.paste')}</span>
        <textarea
          name="psbt"
          className="mono"
          rows={3}
          spellCheck={false}
          autoComplete="off"
          value={pasted}
          onChange={(event) => setPasted(event.target.value)}
        />
      </label>
      <div className="actions">
        <Button
          tone="primary"
          why={pasted.trim() === '' ? t('airgap.needPsbt') : null}
          busy={busy ? t('airgap.checking') : null}
          onPress={() => {
            // Frames may be pasted too, one a line.
            const lines = pasted.trim().split(/\s+/)
            for (const text of /^ur:/i.test(pasted.trim()) ? lines : [pasted.trim()]) take(text)
          }}
        >
          {action}
        </Button>
        <Button onPress={() => file.current?.click()}>
          <FileUp size={15} aria-hidden /> {t('airgap.file')}
        </Button>
        <input
          ref={file}
          type="file"
          accept=".psbt,.txt"
          className="unseen"
          tabIndex={-1}
          aria-label={t('airgap.file')}
          onChange={(event) => {
            const [chosen] = event.target.files ?? []
            event.target.value = ''
            if (chosen === undefined) return
            if (chosen.size > mostFileBytes) {
              const problem = `${chosen.size} bytes`
              setRefusal(refuse('INPUT_INVALID', { field: chosen.name, problem }).refusal)
            } else void readPsbtFile(chosen).then(finish)
          }}
        />
      </div>
      {refusal !== null && <RefusalNote refusal={refusal} tone="warn" />}
    </div>
  )
}
