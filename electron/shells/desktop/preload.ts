/** Runs sandboxed beside the page and gives it two functions, and no other way out.
 *  Copies strings only: no Electron object ever reaches the page. */
import { contextBridge, ipcRenderer } from 'electron'
import { callChannel, eventChannel } from './channels.ts'

contextBridge.exposeInMainWorld('bulkhead', {
  call: async (method: unknown, input: unknown): Promise<string> =>
    String(await ipcRenderer.invoke(callChannel, String(method), String(input))),
  subscribe: (listener: (event: string) => void): (() => void) => {
    const pass = (_event: unknown, text: unknown) => listener(String(text))
    ipcRenderer.on(eventChannel, pass)
    return () => {
      ipcRenderer.off(eventChannel, pass)
    }
  },
})
