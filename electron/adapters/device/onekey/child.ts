/** Entry of the SDK's process. Ends when its parent does. */
import { runOneKeyChild } from './runChild.ts'

process.on('disconnect', () => process.exit(0))
runOneKeyChild({
  send: (message) => process.send?.(message),
  onMessage: (listener) => process.on('message', listener),
  end: () => process.exit(1),
  loadUsb: async () => (await import('usb')).usb,
})
