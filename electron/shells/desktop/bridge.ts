/** The main process's end of the bridge: carries text between the page and the host, reads none of it.
 *  Answers only the window's own top frame while it shows our page; anyone else's call is an error. */
import { type BrowserWindow, ipcMain, type IpcMainInvokeEvent } from 'electron'
import { z } from 'zod'
import type { HostClient } from '../hostClient.ts'
import { isPageUrl } from './address.ts'
import { callChannel, eventChannel } from './channels.ts'

const methodSchema = z.string().min(1).max(100)
/** Far above any input of the contract: only a flood is refused. */
const inputSchema = z.string().max(4_000_000)

function isOurPage(event: IpcMainInvokeEvent, window: BrowserWindow): boolean {
  const frame = event.senderFrame
  if (window.isDestroyed() || frame === null) return false
  return (
    event.sender === window.webContents &&
    frame === window.webContents.mainFrame &&
    isPageUrl(frame.url)
  )
}

/** Returns the function that takes the bridge down again. */
export function connectBridge(window: BrowserWindow, host: HostClient): () => void {
  ipcMain.handle(callChannel, (event, method: unknown, input: unknown) => {
    if (!isOurPage(event, window)) throw new Error('not our page')
    return host.call(methodSchema.parse(method), inputSchema.parse(input))
  })
  const unsubscribe = host.subscribe((text) => {
    if (!window.isDestroyed()) window.webContents.send(eventChannel, text)
  })
  return () => {
    unsubscribe()
    ipcMain.removeHandler(callChannel)
  }
}
