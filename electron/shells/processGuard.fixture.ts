/** Entry of the guard test's processes, by argv[2]: a shell that guards a server, or that server with
 *  a child of its own. Not part of the product. */
import { spawn } from 'node:child_process'
import { writeFileSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createProcessGuard } from './processGuard.ts'

const [, , role, manner] = process.argv

function runServer(): void {
  if (manner === 'stubborn' || manner === 'slow')
    for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => {})
  const sleeper = spawn('sleep', ['600'], { stdio: 'ignore' })
  const server = createServer()
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    process.send?.({ port: address.port, pids: [process.pid, sleeper.pid] })
  })
}

function runShell(): void {
  const guard = createProcessGuard({ graceMs: manner === 'slow' ? 60_000 : 500 })
  const directory = guard.temporaryDirectory()
  writeFileSync(join(directory, 'file'), 'x')
  guard.beforeEnd(() => void writeSync(1, 'closing\n'))
  const child = guard.fork(fileURLToPath(import.meta.url), ['server', manner ?? ''])
  child.once('message', (message) => {
    writeSync(1, `${JSON.stringify({ ...Object(message), directory, server: child.pid })}\n`)
    if (manner === 'exit') process.exit(7)
    if (manner === 'throw') throw new Error('uncaught')
    if (manner === 'peace') void guard.end()
  })
}

if (role === 'server') runServer()
else runShell()
