/** What a bitcoin account holds: its addresses found with a gap limit, and their coins, as the chain last said.
 *  Addresses are derived here, each once; the chain is told scripts only. */
import { type Result, ok } from '../../../shared/errors/refusal.ts'
import type { BitcoinVaultAccount, Coin } from '../../../shared/vault/account.ts'
import {
  type AccountKeys,
  type Branch,
  type DerivationMath,
  openAccount,
} from '../../../shared/vault/derive.ts'
import {
  type DiscoveredAccount,
  type DiscoveredAddress,
  answerDiscovery,
  discoveredAccount,
  discoveryQuestion,
  startDiscovery,
} from '../../../shared/vault/discovery.ts'
import { type OwnAddress, ownAddress } from '../../../shared/vault/ownAddress.ts'
import type { BitcoinPort, ChainResult, Clock, ScriptCoin } from '../ports.ts'

/** BIP44: stop looking after this many unused addresses in a row. */
export const gapLimit = 20

export interface BitcoinState {
  readonly receive: readonly DiscoveredAddress[]
  readonly change: readonly DiscoveredAddress[]
  readonly coins: readonly Coin[]
  readonly asOf: number
}

/** Coins that only the server's word stands for so far: they are shown, and never spent. */
export interface ClaimedCoins {
  readonly coins: readonly ScriptCoin[]
  readonly asOf: number
}

export interface BitcoinBook {
  /** The account opened: its keys are derived once, for addresses, plans and checks alike. */
  readonly keys: AccountKeys
  /** Null before the first good answer. */
  state(): BitcoinState | null
  /** On top of `state`; null when nothing is only claimed. */
  claimed(): ClaimedCoins | null
  address(branch: Branch, index: number): OwnAddress
  read(signal: AbortSignal): Promise<ChainResult<void>>
}

/** Refuses a key that does not belong to the account's own path. */
export function openBitcoinBook(context: {
  readonly account: BitcoinVaultAccount
  readonly port: BitcoinPort
  readonly clock: Clock
  readonly math: DerivationMath
  /** Called when there is a first figure, before its proofs. */
  readonly onClaimed: () => void
}): Result<BitcoinBook, 'INPUT_INVALID'> {
  const { account, port } = context
  const opened = openAccount(account, context.math)
  if (!opened.ok) return opened
  const keys = opened.value
  const derived = new Map<string, OwnAddress>()
  let found: DiscoveredAccount | undefined
  let state: BitcoinState | null = null
  let claimed: ClaimedCoins | null = null

  function address(branch: Branch, index: number): OwnAddress {
    const step = `${branch}/${index}`
    const own = derived.get(step) ?? ownAddress(account, keys, { branch, index })
    derived.set(step, own)
    return own
  }

  async function discover(signal: AbortSignal) {
    let discovery = startDiscovery(address, gapLimit, found)
    for (;;) {
      const question = discoveryQuestion(discovery)
      if (question.length === 0) break
      const used = await port.readUsedScripts(question, signal)
      if (!used.ok) return used
      discovery = answerDiscovery(discovery, used.value)
    }
    const discovered = discoveredAccount(discovery)
    if (discovered === undefined) throw new Error('a discovery without questions that is not done')
    found = discovered
    return ok(discovered)
  }

  async function read(signal: AbortSignal): Promise<ChainResult<void>> {
    const addresses = await discover(signal)
    if (!addresses.ok) return addresses
    const { receive, change } = addresses.value
    const used = [...receive, ...change].filter((own) => own.used)
    const byScript = new Map(used.map((own) => [own.script, own]))
    const scripts = [...byScript.keys()]
    const ours = (told: readonly ScriptCoin[]) => told.filter(({ script }) => byScript.has(script))
    if (state === null) {
      const claims = await port.readClaims(scripts, signal)
      if (!claims.ok) return claims
      claimed = { coins: ours(claims.value), asOf: context.clock.now() }
      context.onClaimed()
    }
    const coins = await port.readCoins(scripts, signal)
    if (!coins.ok) return coins
    const asOf = context.clock.now()
    const unproven = ours(coins.value).filter((coin) => coin.claimedOnly === true)
    claimed = unproven.length === 0 ? null : { coins: unproven, asOf }
    state = {
      receive,
      change,
      coins: coins.value.flatMap((coin) => {
        const own = byScript.get(coin.script)
        return own === undefined || coin.claimedOnly === true
          ? []
          : [{ ...coin, address: own.address, path: own.path }]
      }),
      asOf,
    }
    return ok(undefined)
  }

  return ok({ keys, state: () => state, claimed: () => claimed, address, read })
}
