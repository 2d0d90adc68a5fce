/** Asks the user in a native dialog, which no page can draw over, press or read.
 *  One at a time; declining is the default, the Escape key, and what closing the dialog means. */
import { app, type BrowserWindow, dialog } from 'electron'
import type { Answer, Ask } from '../hostProtocol.ts'

type Confirmation = Extract<Ask, { kind: 'confirm' }>

/** The dialog's own buttons; its text comes from the host, which has the catalogue. */
const words = {
  en: { confirm: 'Confirm', cancel: 'Cancel', digest: 'Plan' },
  zh: { confirm: '确认', cancel: '取消', digest: '方案' },
}

/** The same grouping as on the review screen, so that the two can be compared. */
function groupDigest(digest: string): string {
  return (digest.slice(0, 16).match(/.{1,4}/g) ?? []).join(' ')
}

async function ask(
  window: BrowserWindow,
  request: Confirmation,
  signal: AbortSignal,
): Promise<Answer> {
  if (signal.aborted || window.isDestroyed()) return 'unavailable'
  const { confirm, cancel, digest } = app.getLocale().startsWith('zh') ? words.zh : words.en
  const { response } = await dialog.showMessageBox(window, {
    type: 'warning',
    title: 'Bulkhead',
    message: request.title,
    detail: [...request.lines, '', `${digest} ${groupDigest(request.digest)}`].join('\n'),
    buttons: [cancel, confirm],
    defaultId: 0,
    cancelId: 0,
    noLink: true,
    signal,
  })
  return response === 1 && !signal.aborted ? 'confirmed' : 'declined'
}

/** Confirmations over `window`, in the order in which they were asked for. */
export function createConfirmation(
  window: () => BrowserWindow | null,
): (request: Confirmation, signal: AbortSignal) => Promise<Answer> {
  let last: Promise<unknown> = Promise.resolve()
  return (request, signal) => {
    const next = last.then(() => {
      const over = window()
      return over === null ? 'unavailable' : ask(over, request, signal)
    })
    last = next.catch(() => undefined)
    return next
  }
}
