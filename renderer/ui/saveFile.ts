/** Hands a text, or bytes as they are, to the browser as a file. */
export function saveFile(filename: string, content: string | Uint8Array<ArrayBuffer>): void {
  const link = document.createElement('a')
  const type = typeof content === 'string' ? 'text/plain;charset=utf-8' : 'application/octet-stream'
  const url = URL.createObjectURL(new Blob([content], { type }))
  link.href = url
  link.download = filename
  link.click()
  window.setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
