/** Who may import whom: the one source of truth for the layers of docs and design.
 *  A zone is a folder (or one file); the longest matching path wins. `reaches` lists the zones it may
 *  import besides itself; `packages` the npm packages and Node modules, where '*' is "any that nobody
 *  else owns". A file outside every zone is refused, so a new folder needs a decision here. */

export interface Zone {
  readonly path: string
  readonly reaches: readonly string[]
  readonly packages: readonly string[]
}

/** Where 'a' → 'b' is written in the design, 'a' also reaches all that 'b' reaches. */
const sharedOrder: Readonly<Record<string, readonly string[]>> = {
  units: [],
  errors: ['units'],
  market: ['errors'],
  collateral: ['market'],
  margin: ['collateral'],
  risk: ['margin'],
  suggestion: ['risk'],
  fragility: ['market'],
  vault: ['errors'],
  transfer: ['vault', 'suggestion'],
  journal: ['transfer'],
  alert: ['risk', 'fragility'],
  contract: ['journal', 'alert'],
}

function closure(folder: string): readonly string[] {
  const direct = sharedOrder[folder] ?? []
  return [...new Set(direct.flatMap((next) => [next, ...closure(next)]))]
}

const pure = ['zod', 'big.js', '@noble/*', '@scure/base']
const shared = Object.keys(sharedOrder).map((folder) => `shared/${folder}`)
const rendererShared = [
  'contract',
  'units',
  'errors',
  'market',
  'collateral',
  'margin',
  'risk',
  'suggestion',
].map((folder) => `shared/${folder}`)
/** One per outside thing; they know nothing of each other. */
const adapters = ['venue', 'chain', 'device', 'market', 'store', 'system', 'ur'].map(
  (thing) => `electron/adapters/${thing}`,
)
const ports = 'electron/host/ports.ts'
const composed = [...adapters, 'electron/simulators', 'electron/host', ports, ...shared]
/** Shells that the others may build on; desktop and web are ends of the line. */
const commonShells = ['electron/shells', 'electron/shells/host']

export const zones: readonly Zone[] = [
  ...Object.keys(sharedOrder).map((folder) => ({
    path: `shared/${folder}`,
    reaches: closure(folder).map((each) => `shared/${each}`),
    packages: pure,
  })),
  { path: ports, reaches: shared, packages: pure },
  // The outside world comes through ports: no files, sockets or processes of its own.
  {
    path: 'electron/host',
    reaches: [ports, ...shared],
    packages: [...pure, 'node:crypto', 'node:events', 'node:worker_threads'],
  },
  ...adapters.map((path) => ({ path, reaches: [ports, ...shared, 'resources'], packages: ['*'] })),
  { path: 'electron/simulators', reaches: [ports, 'resources'], packages: ['*'] },
  ...['electron/shells', 'electron/shells/host', 'electron/shells/cli'].map((path) => ({
    path,
    reaches: [...commonShells, ...composed, 'resources'],
    packages: ['*'],
  })),
  // Desktop and browser are started from a terminal too, and print what the terminal shell prints.
  {
    path: 'electron/shells/web',
    reaches: [...commonShells, 'electron/shells/cli', ...composed, 'resources'],
    packages: ['*'],
  },
  {
    path: 'electron/shells/desktop',
    reaches: [...commonShells, 'electron/shells/cli', ...composed, 'resources'],
    packages: ['*'],
  },
  { path: 'renderer', reaches: [...rendererShared, 'resources'], packages: ['*'] },
]

/** Packages that live in one place only. */
export const owners: readonly {
  readonly package: string
  readonly zones: readonly string[]
}[] = [
  { package: 'electron', zones: ['electron/shells/desktop'] },
  // The chain simulator judges with it too: another implementation than the product's own verifier.
  { package: 'bitcoinjs-lib', zones: ['electron/adapters/chain', 'electron/simulators'] },
  { package: 'ethers', zones: ['electron/adapters/chain'] },
  { package: 'ccxt', zones: ['electron/adapters/venue'] },
  { package: '@onekeyfe/*', zones: ['electron/adapters/device'] },
  { package: 'usb', zones: ['electron/adapters/device'] },
  { package: '@ngraveio/bc-ur', zones: ['electron/adapters/ur'] },
  { package: 'node:sqlite', zones: ['electron/adapters/store'] },
]

/** Data without code inside an owned package: the wire format that the simulated device speaks. */
export const openData: readonly string[] = ['@onekeyfe/hd-core/src/data/messages/messages.json']

/** Zones whose code may not use Node's own modules at all. */
export const withoutNode: readonly string[] = ['renderer']

/** A name that only its own folder may import: what makes a VerifiedTransaction. */
export const guardedNames: readonly {
  readonly name: string
  readonly file: string
  readonly folder: string
}[] = [
  {
    name: 'markVerified',
    file: 'shared/transfer/verify/verified.ts',
    folder: 'shared/transfer/verify',
  },
]
