/** A QR code out of a picture or a video frame; null where there is none to read. */
import { decodeQR } from 'qr/decode.js'

/** Wide enough for the densest code we show, small enough to be looked at many times a second. */
const longestSide = 1_280

/** @param canvas  reused between frames; its content is overwritten */
export function readQr(
  source: CanvasImageSource,
  width: number,
  height: number,
  canvas: HTMLCanvasElement,
): string | null {
  const scale = Math.min(1, longestSide / Math.max(width, height))
  canvas.width = Math.round(width * scale)
  canvas.height = Math.round(height * scale)
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (context === null) return null
  context.drawImage(source, 0, 0, canvas.width, canvas.height)
  try {
    return decodeQR(context.getImageData(0, 0, canvas.width, canvas.height))
  } catch {
    // The reader says by throwing that it found no code.
    return null
  }
}

export async function readQrFile(file: File): Promise<string | null> {
  try {
    const bitmap = await createImageBitmap(file)
    const text = readQr(bitmap, bitmap.width, bitmap.height, document.createElement('canvas'))
    bitmap.close()
    return text
  } catch {
    return null
  }
}
