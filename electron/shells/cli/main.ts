/** Bulkhead in a terminal: `npm run --silent cli -- COMMAND [--json] [--demo] [--data DIR]`.
 *  Attaches to the running app's host when there is one; opens the data directory itself otherwise. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Client, createClient } from '../../../shared/contract/client.ts'
import type { Refusal, Result } from '../../../shared/errors/refusal.ts'
import { encodeCanonical } from '../../../shared/units/canonical.ts'
import { checkPositions } from './positionsCheck.ts'
import { commands } from './commands.ts'
import { openSession } from './session.ts'

const usage = `Usage: npm run --silent cli -- COMMAND [--json] [--demo] [--data DIR]

  risk                    accounts, distance both ways, required, excess, suggestions
  accounts                one line an account
  vault                   balances and addresses of the vault
  transfers               what is under way and what is done
  journal verify          recompute the journal's hash chain and check its seal
  positions check FILE    recompute recorded liquidation prices

  --json   one JSON document instead of text
  --demo   on the embedded demo, in this process
  --data   data directory
`

const say = (text: string) => process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)

function refused(refusal: Refusal): number {
  process.stderr.write(`bulkhead: ${refusal.code} ${encodeCanonical(refusal.data)}\n`)
  return 1
}

function positions(file: string | undefined): number {
  if (file === undefined) {
    process.stderr.write(usage)
    return 64
  }
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    process.stderr.write(
      `bulkhead: cannot read ${file}: ${error instanceof Error ? error.message : String(error)}\n`,
    )
    return 66
  }
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
  const command = commands[second === undefined ? first : `${first} ${second}`]
  if (command === undefined) return misused(`no such command: ${positionals.join(' ')}`)
  const temporary = values.demo ? mkdtempSync(join(tmpdir(), 'bulkhead-demo-')) : null
  try {
    const session = await openSession({ demo: values.demo, directory: temporary ?? values.data })
    if (!session.ok) return refused(session.refusal)
    try {
      return await runCommand(command, createClient(session.value.wire), values.json)
    } finally {
      await session.value.close()
    }
  } finally {
    if (temporary !== null) rmSync(temporary, { recursive: true, force: true })
  }
}

async function runCommand(
  command: NonNullable<(typeof commands)[string]>,
  client: Client,
  json: boolean,
): Promise<number> {
  const answer: Result<{ readonly value: unknown; readonly text: string }> = await command(client)
  if (!answer.ok) {
    if (json) say(encodeCanonical(answer))
    return refused(answer.refusal)
  }
  say(json ? encodeCanonical(answer.value.value) : answer.value.text)
  return 0
}

process.exitCode = await main()
