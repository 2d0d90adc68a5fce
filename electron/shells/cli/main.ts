/** Bulkhead in a terminal: `npm run --silent cli -- COMMAND [--json] [--demo] [--data DIR]`.
 *  Attaches to the running app's host when there is one; opens the data directory itself otherwise. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Client, createClient } from '../../../shared/contract/client.ts'
import type { Refusal, Result } from '../../../shared/errors/refusal.ts'
import { encodeCanonical } from '../../../shared/units/canonical.ts'
import { createCurve } from '../../adapters/chain/bitcoin/curve.ts'
import { checkMessage } from './messageVerify.ts'
import { checkPositions } from './positionsCheck.ts'
import { commands } from './commands.ts'
import { openSession } from './session.ts'
import { verifyTransfer } from './transferVerify.ts'

const usage = `Usage: npm run --silent cli -- COMMAND [--json] [--demo] [--data DIR]

  risk                    accounts, distance both ways, required, excess, suggestions
  accounts                one line an account
  vault                   balances and addresses of the vault
  coins                   the vault's coins: labels, frozen ones, warnings
  labels export           labels and freezes as BIP329, on standard output
  labels import FILE      take in a BIP329 file
  transfers               what is under way and what is done
  transfers export ID     a plan as a file, on standard output
  transfer verify --plan FILE --tx HEX
                          check signed bytes against an exported plan; needs no data directory
  transfer psbt ID        the PSBT of an approved transfer that waits for its signatures, in base64
  transfer psbt-import ID FILE
                          hand in what an air-gapped wallet signed; checked like any device's answer
  message verify --address A --message TEXT --signature S [--typed-data]
                          did this address sign this message; needs no data directory
  journal verify          recompute the journal's hash chain and check its seal
  positions check FILE    recompute recorded liquidation prices

  --json   one JSON document instead of text
  --demo   on the embedded demo, in this process
  --data   data directory
  --plan   file written by transfers export
  --tx     signed transaction in hex
  --typed-data  the message is EIP-712 typed data as JSON
`

const say = (text: string) => process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)

function refused(refusal: Refusal): number {
  process.stderr.write(`bulkhead: ${refusal.code} ${encodeCanonical(refusal.data)}\n`)
  return 1
}

/** Undefined when it cannot be read, which was then said. */
function readInput(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    process.stderr.write(
      `bulkhead: cannot read ${file}: ${error instanceof Error ? error.message : String(error)}\n`,
    )
    return undefined
  }
}

function verify(options: {
  readonly plan?: string | undefined
  readonly tx?: string | undefined
  readonly json: boolean
}): number {
  if (options.plan === undefined || options.tx === undefined) {
    process.stderr.write(usage)
    return 64
  }
  const text = readInput(options.plan)
  if (text === undefined) return 2
  const verified = verifyTransfer(text, options.tx, createCurve())
  if (options.json) say(verified.json)
  if (verified.exitCode === 2) process.stderr.write(`bulkhead: ${verified.text}\n`)
  else if (!options.json) say(verified.text)
  return verified.exitCode
}

function verifyOne(options: {
  readonly address?: string | undefined
  readonly message?: string | undefined
  readonly signature?: string | undefined
  readonly 'typed-data': boolean
  readonly json: boolean
}): number {
  const { address, message, signature } = options
  if (address === undefined || message === undefined || signature === undefined) {
    process.stderr.write(usage)
    return 64
  }
  const kind = options['typed-data'] ? 'typed-data' : 'message'
  const checked = checkMessage(
    { address, message, signature, kind, encoding: 'text' },
    createCurve(),
  )
  if (options.json) say(checked.json)
  if (checked.exitCode === 2) process.stderr.write(`bulkhead: ${checked.text}\n`)
  else if (!options.json) say(checked.text)
  return checked.exitCode
}

function positions(file: string | undefined): number {
  if (file === undefined) {
    process.stderr.write(usage)
    return 64
  }
  const text = readInput(file)
  if (text === undefined) return 66
  const checked = checkPositions(text)
  for (const line of checked.lines) say(line)
  say(checked.summary)
  return checked.exitCode
}

function readArguments() {
  return parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      demo: { type: 'boolean', default: false },
      data: { type: 'string' },
      plan: { type: 'string' },
      tx: { type: 'string' },
      address: { type: 'string' },
      message: { type: 'string' },
      signature: { type: 'string' },
      'typed-data': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
}

function misused(problem: string): number {
  process.stderr.write(`bulkhead: ${problem}\n\n${usage}`)
  return 64
}

async function main(): Promise<number> {
  let read: ReturnType<typeof readArguments>
  try {
    read = readArguments()
  } catch (error) {
    return misused(error instanceof Error ? error.message : String(error))
  }
  const { values, positionals } = read
  const [first = '', second] = positionals
  if (values.help || first === '') {
    say(usage)
    return values.help ? 0 : 64
  }
  if (first === 'positions' && second === 'check') return positions(positionals[2])
  if (first === 'transfer' && second === 'verify') return verify(values)
  if (first === 'message' && second === 'verify') return verifyOne(values)
  const command = commands[second === undefined ? first : `${first} ${second}`]
  if (command === undefined) return misused(`no such command: ${positionals.join(' ')}`)
  const temporary = values.demo ? mkdtempSync(join(tmpdir(), 'bulkhead-demo-')) : null
  try {
    const session = await openSession({ demo: values.demo, directory: temporary ?? values.data })
    if (!session.ok) return refused(session.refusal)
    try {
      return await runCommand(
        (client) => command(client, positionals.slice(2)),
        createClient(session.value.wire),
        values.json,
      )
    } finally {
      await session.value.close()
    }
  } finally {
    if (temporary !== null) rmSync(temporary, { recursive: true, force: true })
  }
}

async function runCommand(
  command: (client: Client) => Promise<Result<{ readonly value: unknown; readonly text: string }>>,
  client: Client,
  json: boolean,
): Promise<number> {
  const answer = await command(client)
  if (!answer.ok) {
    if (json) say(encodeCanonical(answer))
    return refused(answer.refusal)
  }
  say(json ? encodeCanonical(answer.value.value) : answer.value.text)
  return 0
}

process.exitCode = await main()
