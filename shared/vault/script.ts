/** The scripts this app pays to and spends from, as templates: kind ↔ bytes. Nothing else is spoken. */
import { equalBytes, hash160 } from './hash.ts'

/** Kinds a vault account can own and the verifier can check. */
export type AccountScriptType = 'p2pkh' | 'p2sh-p2wpkh' | 'p2wpkh' | 'p2tr'

/** Kinds a recipient's address can name. */
export type OutputScriptKind = 'p2pkh' | 'p2sh' | 'p2wpkh' | 'p2wsh' | 'p2tr'

export interface OutputScript {
  readonly kind: OutputScriptKind
  /** Hash or witness program: 20 or 32 bytes. */
  readonly program: Uint8Array
}

interface Template {
  readonly kind: OutputScriptKind
  readonly prefix: Uint8Array
  readonly programLength: number
  readonly suffix: Uint8Array
}

const NONE = new Uint8Array(0)

const TEMPLATES: readonly Template[] = [
  { kind: 'p2wpkh', prefix: Uint8Array.of(0x00, 0x14), programLength: 20, suffix: NONE },
  { kind: 'p2tr', prefix: Uint8Array.of(0x51, 0x20), programLength: 32, suffix: NONE },
  { kind: 'p2wsh', prefix: Uint8Array.of(0x00, 0x20), programLength: 32, suffix: NONE },
  {
    kind: 'p2sh',
    prefix: Uint8Array.of(0xa9, 0x14),
    programLength: 20,
    suffix: Uint8Array.of(0x87),
  },
  {
    kind: 'p2pkh',
    prefix: Uint8Array.of(0x76, 0xa9, 0x14),
    programLength: 20,
    suffix: Uint8Array.of(0x88, 0xac),
  },
]

/** Which template a scriptPubKey follows; undefined for anything else. */
export function readOutputScript(script: Uint8Array): OutputScript | undefined {
  for (const { kind, prefix, programLength, suffix } of TEMPLATES) {
    const end = prefix.length + programLength
    if (script.length !== end + suffix.length) continue
    if (!equalBytes(script.subarray(0, prefix.length), prefix)) continue
    if (!equalBytes(script.subarray(end), suffix)) continue
    return { kind, program: script.slice(prefix.length, end) }
  }
  return undefined
}

/** The scriptPubKey of a template. Throws when the program has the wrong length. */
export function writeOutputScript(kind: OutputScriptKind, program: Uint8Array): Uint8Array {
  const template = TEMPLATES.find((row) => row.kind === kind)
  if (template === undefined || program.length !== template.programLength) {
    throw new TypeError(`${kind} does not take ${program.length} bytes`)
  }
  const { prefix, suffix, programLength } = template
  const script = new Uint8Array(prefix.length + programLength + suffix.length)
  script.set(prefix)
  script.set(program, prefix.length)
  script.set(suffix, prefix.length + programLength)
  return script
}

/** OP_0 and the key hash: the script of a P2WPKH output, and the redeem script of P2SH-P2WPKH. */
export function p2wpkhScript(publicKey: Uint8Array): Uint8Array {
  return writeOutputScript('p2wpkh', hash160(publicKey))
}
