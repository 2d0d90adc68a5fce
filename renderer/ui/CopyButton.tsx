/** Copies exactly what is given. Discreet parts must not render one for amounts. */
import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useText } from '../language/text.ts'

export function CopyButton({ text, label }: { readonly text: string; readonly label?: string }) {
  const { t } = useText()
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = window.setTimeout(() => setCopied(false), 1_600)
    return () => window.clearTimeout(timer)
  }, [copied])
  const name = copied ? t('copy.done') : (label ?? t('copy.do'))
  return (
    <button
      type="button"
      className="copy"
      aria-label={name}
      title={name}
      onClick={() => {
        navigator.clipboard.writeText(text).then(
          () => setCopied(true),
          () => setCopied(false),
        )
      }}
    >
      {copied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
      {label !== undefined && <span>{name}</span>}
    </button>
  )
}
