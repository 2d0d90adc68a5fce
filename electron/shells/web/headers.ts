/** Security headers of every answer. The page may load its own files, speak to its own WebSocket, and
 *  in the demo show the simulator that is given by origin; nothing else. */

/** The camera is for our own page alone, to scan QR codes; the browser asks its user when the scanner opens.
 *  @param frameOrigin  the demo simulator's origin; null allows no frame at all */
export function securityHeaders(
  ownHost: string,
  frameOrigin: string | null,
): Readonly<Record<string, string>> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `connect-src ws://${ownHost}`,
    "img-src 'self' data:",
    "font-src 'self'",
    `frame-src ${frameOrigin ?? "'none'"}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ]
  return {
    'Content-Security-Policy': policy.join('; '),
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy':
      'camera=(self), microphone=(), geolocation=(), usb=(), serial=(), hid=(), payment=(), clipboard-read=()',
    'Cache-Control': 'no-cache',
  }
}

/** The origin of a loopback page that may be framed. Throws on anything else: it would loosen the policy. */
export function loopbackOrigin(text: string): string {
  const url = new URL(text)
  if (url.protocol !== 'http:' || url.hostname !== '127.0.0.1' || url.port === '')
    throw new Error(`not a loopback origin: ${text}`)
  return url.origin
}
