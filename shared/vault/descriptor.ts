/** Output descriptors (BIP380 to 386) of single-key accounts, with origin and checksum: what another
 *  wallet needs to watch or recover the vault without this app. Both branches in one: /<0;1>/*. */
import { type Result, ok, refuse } from '../errors/refusal.ts'
import type { BitcoinNetwork, PinnedBitcoinAccount } from './account.ts'
import { openAccount } from './derive.ts'
import { parseExtendedKey, writeExtendedKey } from './extendedKey.ts'
import type { AccountScriptType } from './script.ts'

const WRAPPERS: readonly {
  readonly scriptType: AccountScriptType
  readonly open: string
  readonly close: string
}[] = [
  { scriptType: 'p2wpkh', open: 'wpkh(', close: ')' },
  { scriptType: 'p2sh-p2wpkh', open: 'sh(wpkh(', close: '))' },
  { scriptType: 'p2tr', open: 'tr(', close: ')' },
  { scriptType: 'p2pkh', open: 'pkh(', close: ')' },
]

// ── checksum (BIP380) ─────────────────────────────────────────────────────────

const INPUT_CHARSET =
  '0123456789()[],\'/*abcdefgh@:$%{}IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~ijklmnopqrstuvwxyzABCDEFGH`#"\\ '
const CHECKSUM_CHARSET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const GENERATOR = [0xf5dee51989n, 0xa9fdca3312n, 0x1bab10e32dn, 0x3706b1677an, 0x644d626ffdn]

function step(checksum: bigint, value: number): bigint {
  const top = checksum >> 35n
  const next = ((checksum & 0x7ffffffffn) << 5n) ^ BigInt(value)
  return GENERATOR.reduce(
    (sum, factor, bit) => ((top >> BigInt(bit)) & 1n ? sum ^ factor : sum),
    next,
  )
}

/** The eight characters after '#'; undefined when the text has characters no descriptor has. */
export function descriptorChecksum(text: string): string | undefined {
  let checksum = 1n
  let group = 0
  let grouped = 0
  for (const character of text) {
    const position = INPUT_CHARSET.indexOf(character)
    if (position < 0) return undefined
    checksum = step(checksum, position & 31)
    group = group * 3 + (position >> 5)
    grouped += 1
    if (grouped < 3) continue
    checksum = step(checksum, group)
    group = 0
    grouped = 0
  }
  if (grouped > 0) checksum = step(checksum, group)
  for (let i = 0; i < 8; i++) checksum = step(checksum, 0)
  checksum ^= 1n
  return Array.from(
    { length: 8 },
    (_, i) => CHECKSUM_CHARSET[Number((checksum >> BigInt(5 * (7 - i))) & 31n)],
  ).join('')
}

// ── writing and reading ───────────────────────────────────────────────────────

/**
 * The account as a descriptor with checksum, key in xpub/tpub form, hardened steps written h.
 * Throws when the account's key is none: a pinned account was opened before.
 */
export function writeDescriptor(account: PinnedBitcoinAccount, fingerprint: string): string {
  const wrapper = WRAPPERS.find((row) => row.scriptType === account.scriptType)
  const key = parseExtendedKey(account.xpub)
  if (wrapper === undefined || !key.ok) throw new Error('not an account')
  const origin = account.path.replace(/^m/, fingerprint).replaceAll("'", 'h')
  const xpub = writeExtendedKey(key.value, 'any')
  const text = `${wrapper.open}[${origin}]${xpub}/<0;1>/*${wrapper.close}`
  const checksum = descriptorChecksum(text)
  if (checksum === undefined) throw new Error('a character outside the descriptor alphabet')
  return `${text}#${checksum}`
}

export interface DescribedAccount {
  readonly account: PinnedBitcoinAccount
  readonly fingerprint: string
}

function refuseDescriptor(problem: string): Result<never, 'INPUT_INVALID'> {
  return refuse('INPUT_INVALID', { field: 'descriptor', problem })
}

/**
 * Reads a descriptor of one single-key account for watching. It must carry its origin, and its checksum
 * when it has one must match. Steps after the key: <0;1>/*, 0/* or none (taken as both branches).
 */
export function parseDescriptor(
  text: string,
  network: BitcoinNetwork,
  id: string,
): Result<DescribedAccount, 'INPUT_INVALID'> {
  const [body = '', checksum, ...more] = text.trim().split('#')
  if (more.length > 0) return refuseDescriptor('more than one checksum')
  if (checksum !== undefined && checksum !== descriptorChecksum(body)) {
    return refuseDescriptor('the checksum does not match')
  }
  const wrapper = WRAPPERS.find((row) => body.startsWith(row.open) && body.endsWith(row.close))
  if (wrapper === undefined) return refuseDescriptor('not one key under pkh, wpkh, sh(wpkh) or tr')
  const inner = body.slice(wrapper.open.length, body.length - wrapper.close.length)
  const match =
    /^\[([0-9a-fA-F]{8})((?:\/\d{1,10}['hH])+)\]([1-9A-HJ-NP-Za-km-z]{80,120})(?:\/(?:<0;1>|0)\/\*)?$/.exec(
      inner,
    )
  const [, fingerprint, steps, xpub] = match ?? []
  if (fingerprint === undefined || steps === undefined || xpub === undefined) {
    return refuseDescriptor('not [origin]key/<0;1>/*')
  }
  const account: PinnedBitcoinAccount = {
    chain: 'bitcoin',
    id,
    network,
    path: `m${steps.replace(/[hH]/g, "'")}`,
    xpub,
    scriptType: wrapper.scriptType,
  }
  const opened = openAccount(account)
  return opened.ok ? ok({ account, fingerprint: fingerprint.toLowerCase() }) : opened
}
