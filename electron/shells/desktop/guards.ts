/** What no page in this app may do: leave, open windows, embed, reach the network, or be granted a
 *  permission. All of it is refused by default and for every web contents there will ever be; the one
 *  exception is the demo's simulator page, inside a frame, at the origin that the host named. */
import { app, type Session, type WebContents } from 'electron'
import { isOwnBlob, isOwnUrl, isPageUrl, isUnderOrigin } from './address.ts'

/** The simulator's origin as it is known at the moment of asking; null outside the demo. */
export type SimulatorOrigin = () => string | null

function guardContents(contents: WebContents, simulator: SimulatorOrigin): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
  contents.on('will-navigate', (event) => {
    // A reload of the page is the only navigation.
    if (!isPageUrl(event.url)) event.preventDefault()
  })
  contents.on('will-frame-navigate', (event) => {
    const allowed = event.isMainFrame ? isPageUrl(event.url) : isUnderOrigin(event.url, simulator())
    if (!allowed) event.preventDefault()
  })
  contents.on('will-redirect', (event) => event.preventDefault())
  contents.on('will-attach-webview', (event) => event.preventDefault())
}

/** What our page may ask for: to copy an address, and the camera's picture, never its sound, while it scans a code.
 *  It opens the camera only on a button press and lets go of it when the scanner closes. */
function isGranted(permission: string, requestingUrl: string, media: readonly string[]): boolean {
  if (!isOwnUrl(requestingUrl)) return false
  if (permission === 'media') return media.length > 0 && media.every((kind) => kind === 'video')
  return permission === 'clipboard-sanitized-write'
}

/** The default session may exist before anyone could listen for it: guard it by name as well. */
export function guardSession(session: Session, simulator: SimulatorOrigin): void {
  session.setPermissionRequestHandler((_contents, permission, decide, details) =>
    decide(
      isGranted(
        permission,
        details.requestingUrl,
        'mediaTypes' in details ? (details.mediaTypes ?? []) : [],
      ),
    ),
  )
  session.setPermissionCheckHandler((_contents, permission, origin, details) =>
    isGranted(permission, origin, details?.mediaType === undefined ? [] : [details.mediaType]),
  )
  session.setDevicePermissionHandler(() => false)
  session.webRequest.onBeforeRequest(({ url }, decide) =>
    decide({ cancel: !isOwnUrl(url) && !isOwnBlob(url) && !isUnderOrigin(url, simulator()) }),
  )
  session.on('will-download', (event, item) => {
    // The journal's export is made by the page; nothing is ever downloaded.
    if (!isOwnBlob(item.getURL())) event.preventDefault()
  })
}

/** Before any window exists. */
export function guardEverything(simulator: SimulatorOrigin): void {
  app.enableSandbox()
  app.on('web-contents-created', (_event, contents) => guardContents(contents, simulator))
  app.on('session-created', (session) => guardSession(session, simulator))
}
