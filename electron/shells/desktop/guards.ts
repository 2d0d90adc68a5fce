/** What no page in this app may do: leave, open windows, embed, reach the network, or be granted a
 *  permission. All of it is refused by default and for every web contents there will ever be. */
import { app, type Session, type WebContents } from 'electron'
import { isOwnUrl, isPageUrl, pageOrigin } from './address.ts'

function guardContents(contents: WebContents): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
  contents.on('will-navigate', (event) => {
    // A reload of the page is the only navigation.
    if (!isPageUrl(event.url)) event.preventDefault()
  })
  contents.on('will-frame-navigate', (event) => {
    if (!event.isMainFrame || !isPageUrl(event.url)) event.preventDefault()
  })
  contents.on('will-redirect', (event) => event.preventDefault())
  contents.on('will-attach-webview', (event) => event.preventDefault())
}

/** Copying an address is the one thing that the page may ask for. */
function isGranted(permission: string, requestingUrl: string): boolean {
  return permission === 'clipboard-sanitized-write' && isOwnUrl(requestingUrl)
}

/** The default session may exist before anyone could listen for it: guard it by name as well. */
export function guardSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, decide, details) =>
    decide(isGranted(permission, details.requestingUrl)),
  )
  session.setPermissionCheckHandler((_contents, permission, origin) =>
    isGranted(permission, origin),
  )
  session.setDevicePermissionHandler(() => false)
  session.webRequest.onBeforeRequest((details, decide) =>
    decide({
      cancel: !isOwnUrl(details.url) && !details.url.startsWith(`blob:${pageOrigin}/`),
    }),
  )
  session.on('will-download', (event, item) => {
    // The journal's export is made by the page; nothing is ever downloaded.
    if (!item.getURL().startsWith(`blob:${pageOrigin}/`)) event.preventDefault()
  })
}

/** Before any window exists. */
export function guardEverything(): void {
  app.enableSandbox()
  app.on('web-contents-created', (_event, contents) => guardContents(contents))
  app.on('session-created', guardSession)
}
