/** Serves the built page as app://bulkhead, and nothing else under that scheme.
 *  A file: page would have no origin to check; a loopback server would be open to every local program. */
import { protocol } from 'electron'
import { pageHeaders, readPageFile } from '../page.ts'
import { isOwnUrl, scheme } from './address.ts'

/** Before the app is ready: Electron fixes the privileges of schemes at start. */
export function registerPageScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ])
}

async function answer(
  folder: string,
  headers: Readonly<Record<string, string>>,
  request: Request,
): Promise<Response> {
  const refused = (status: number) => new Response(null, { status, headers })
  if (request.method !== 'GET') return refused(405)
  if (!isOwnUrl(request.url)) return refused(404)
  const file = await readPageFile(folder, new URL(request.url).pathname)
  if (file === null) return refused(404)
  return new Response(file.body, { headers: { ...headers, 'content-type': file.type } })
}

/** After the app is ready. `folder` holds index.html; the simulator's page may be framed, null: none may. */
export function servePage(folder: string, simulatorOrigin: string | null): void {
  const headers = pageHeaders(simulatorOrigin)
  protocol.handle(scheme, (request) => answer(folder, headers, request))
}
