import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { askPassphrase } from './passphrase.ts'

/** A terminal that types these lines, one after each prompt, and remembers what was shown. */
function terminalTyping(lines: readonly string[]) {
  const input = new PassThrough()
  const output = new PassThrough()
  let shown = ''
  let next = 0
  output.on('data', (chunk: Buffer) => {
    shown += chunk.toString()
    if (/(: )$/.test(shown) && next < lines.length) {
      const line = lines[next++]
      setImmediate(() => input.write(`${line}\n`))
    }
  })
  return {
    terminal: {
      input: Object.assign(input, {
        isTTY: true,
        setRawMode: () => input,
      }) as unknown as NodeJS.ReadStream,
      output: output as unknown as NodeJS.WriteStream,
    },
    shown: () => shown,
  }
}

test('what is typed is returned and never shown', async () => {
  const { terminal, shown } = terminalTyping(['correct horse'])
  expect(await askPassphrase({ first: false }, terminal)).toBe('correct horse')
  expect(shown()).not.toContain('horse')
})

test('a first passphrase is asked again until it is long enough and twice the same', async () => {
  const { terminal, shown } = terminalTyping([
    'short',
    'battery staple',
    'battery stable',
    'battery staple',
    'battery staple',
  ])
  expect(await askPassphrase({ first: true }, terminal)).toBe('battery staple')
  expect(shown()).toContain('Shorter than')
  expect(shown()).toContain('differ')
})

test('without a terminal nobody is asked', async () => {
  const input = new PassThrough() as unknown as NodeJS.ReadStream
  const output = new PassThrough() as unknown as NodeJS.WriteStream
  expect(await askPassphrase({ first: true }, { input, output })).toBeNull()
})
