/** Reads a QR code out of a picture file, on this machine. */
import decodeQR from 'qr/decode.js'

/** Larger pictures are drawn smaller first: a photograph of a code needs no more. */
const longestSidePx = 1_400

/** The text of the first code found; null where there is none or the file is no picture. */
export async function readQrPicture(file: Blob): Promise<string | null> {
  try {
    const picture = await createImageBitmap(file)
    const scale = Math.min(1, longestSidePx / Math.max(picture.width, picture.height))
    const width = Math.max(1, Math.round(picture.width * scale))
    const height = Math.max(1, Math.round(picture.height * scale))
    const canvas = new OffscreenCanvas(width, height)
    const context = canvas.getContext('2d')
    if (context === null) return null
    context.drawImage(picture, 0, 0, width, height)
    picture.close()
    const { data } = context.getImageData(0, 0, width, height)
    return decodeQR({ width, height, data })
  } catch {
    // The decoder throws where it finds no code, the browser where it is no picture.
    return null
  }
}
