/** Asks for the passphrase of the data key on the terminal, without showing it. Null where nobody can be asked. */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { shortestPassphrase } from '../adapters/store/keySlots.ts'

export const passphraseVariable = 'BULKHEAD_PASSPHRASE'

interface Terminal {
  readonly input: NodeJS.ReadStream
  readonly output: NodeJS.WriteStream
}

async function askHidden(prompt: string, terminal: Terminal): Promise<string> {
  terminal.output.write(prompt)
  // readline echoes what it reads into its output: this one swallows it.
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: terminal.input, output: silent, terminal: true })
  try {
    return await lines.question('')
  } finally {
    lines.close()
    terminal.output.write('\n')
  }
}

/** @param first  true when the data key is still to be made: then it is asked twice and must be long enough. */
export async function askPassphrase(
  options: { readonly first: boolean },
  terminal: Terminal = { input: process.stdin, output: process.stderr },
): Promise<string | null> {
  if (!terminal.input.isTTY) return null
  if (!options.first) return askHidden('Passphrase: ', terminal)
  terminal.output.write(
    `Bulkhead keeps its keys and journal under a passphrase (${shortestPassphrase} characters or more; it cannot be recovered).\n`,
  )
  for (;;) {
    const passphrase = await askHidden('New passphrase: ', terminal)
    if ([...passphrase].length < shortestPassphrase) {
      terminal.output.write(`Shorter than ${shortestPassphrase} characters.\n`)
    } else if ((await askHidden('Again: ', terminal)) === passphrase) return passphrase
    else terminal.output.write('The two differ.\n')
  }
}
