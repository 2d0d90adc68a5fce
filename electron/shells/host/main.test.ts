import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

test('the host process takes its door away before it ends', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-main-'))
  const child = fork(
    fileURLToPath(new URL('./main.ts', import.meta.url)),
    [`--data=${directory}`],
    { env: { ...process.env, BULKHEAD_PASSPHRASE: 'a passphrase for this test' }, silent: true },
  )
  const exited = once(child, 'exit')
  try {
    const attach = join(directory, 'attach.json')
    const end = Date.now() + 30_000
    while (!existsSync(attach) && Date.now() < end)
      await new Promise((resolve) => setTimeout(resolve, 50))
    expect(existsSync(attach)).toBe(true)
    child.send({ stop: true })
    expect((await exited)[0]).toBe(0)
    expect(existsSync(attach)).toBe(false)
    expect(existsSync(join(directory, 'host.sock'))).toBe(false)
  } finally {
    child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
}, 60_000)
