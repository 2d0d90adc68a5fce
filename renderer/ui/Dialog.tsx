/** The browser's own modal dialog: it traps focus, closes with Escape, and injects no style. It stands outside of
 *  what opened it, so that no cell's alignment reaches into it. */
import { X } from 'lucide-react'
import { type ReactNode, useLayoutEffect, useRef } from 'react'
import { createPortal } from 'react-dom'
import { useText } from '../language/text.ts'

export interface DialogProps {
  readonly title: string
  readonly onClose: () => void
  readonly children: ReactNode
  readonly className?: string
  readonly bare?: true
}

export function Dialog({ title, onClose, children, className, bare }: DialogProps) {
  const { t } = useText()
  const element = useRef<HTMLDialogElement>(null)
  // Before the element leaves the page, so that closing gives the focus back to where it was.
  useLayoutEffect(() => {
    const dialog = element.current
    if (dialog !== null && !dialog.open) {
      dialog.showModal()
      dialog.querySelector('input')?.focus()
    }
    return () => dialog?.close()
  }, [])
  return createPortal(
    <dialog
      ref={element}
      className={`dialog ${className ?? ''}`}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClick={(event) => {
        if (event.target === element.current) onClose()
      }}
    >
      <div className="dialog-body">
        {bare !== true && (
          <header className="dialog-head">
            <h2>{title}</h2>
            <button type="button" className="copy" aria-label={t('close')} onClick={onClose}>
              <X size={16} aria-hidden />
            </button>
          </header>
        )}
        {children}
      </div>
    </dialog>,
    document.body,
  )
}
