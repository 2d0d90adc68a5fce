/** Plants one violation per rule in a small tree of its own and expects each to be found, and nothing
 *  to be found in the tree as it was before. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { owners, zones } from './layerRules.ts'
import { judgeSource, judgeTree } from './layers.ts'

const sound: Readonly<Record<string, string>> = {
  'shared/units/amount.ts': "import { z } from 'zod'\nimport Big from 'big.js'\n",
  'shared/errors/refusal.ts': "import type { Amount } from '../units/amount.ts'\n",
  'shared/market/quote.ts': "import '../errors/refusal.ts'\nimport '../units/amount.ts'\n",
  'shared/collateral/snapshot.ts': "import '../market/quote.ts'\n",
  'shared/margin/slack.ts': "import '../collateral/snapshot.ts'\nimport '../units/amount.ts'\n",
  'shared/risk/assess.ts': "import '../margin/slack.ts'\n",
  'shared/fragility/band.ts': "import '../market/quote.ts'\n",
  'shared/suggestion/sweep.ts': "import '../risk/assess.ts'\n",
  'shared/vault/account.ts': "import '../units/amount.ts'\nimport '@scure/base'\n",
  'shared/transfer/verify/verified.ts': 'export function markVerified() {}\n',
  'shared/transfer/verify/bitcoin.ts':
    "import { markVerified } from './verified.ts'\nimport '@noble/hashes/sha2.js'\nimport '../../vault/account.ts'\nimport '../../suggestion/sweep.ts'\n",
  'shared/journal/entry.ts': "import '../transfer/verify/bitcoin.ts'\n",
  'shared/alert/rules.ts': "import '../risk/assess.ts'\nimport '../fragility/band.ts'\n",
  'shared/contract/methods.ts': "import '../journal/entry.ts'\nimport '../alert/rules.ts'\n",
  'electron/host/ports.ts':
    "import type { VerifiedTransaction } from '../../shared/transfer/verify/verified.ts'\n",
  'electron/host/createHost.ts':
    "import './ports.ts'\nimport '../../shared/contract/methods.ts'\nimport { createHash } from 'node:crypto'\n",
  'electron/adapters/venue/binance/parse.ts':
    "import type ccxt from 'ccxt'\nimport '../../../host/ports.ts'\nimport '../../../../shared/margin/slack.ts'\n",
  'electron/adapters/chain/bitcoin/electrum.ts': "import 'bitcoinjs-lib'\nimport net from 'net'\n",
  'electron/adapters/chain/evm/rpc.ts': "import { JsonRpcProvider } from 'ethers'\n",
  'electron/adapters/device/onekey/child.ts':
    "import core from '@onekeyfe/hd-core'\nimport 'usb'\n",
  'electron/adapters/store/database.ts': "import { DatabaseSync } from 'node:sqlite'\n",
  'electron/simulators/main.ts':
    "import type { Clock } from '../host/ports.ts'\nimport '@scure/btc-signer'\nimport 'bitcoinjs-lib'\nimport '@onekeyfe/hd-core/src/data/messages/messages.json'\n",
  'electron/shells/host/main.ts':
    "import '../../adapters/venue/binance/parse.ts'\nimport '../../host/createHost.ts'\n",
  'electron/shells/web/main.ts': "import '../host/main.ts'\nimport { createServer } from 'http'\n",
  'electron/shells/desktop/main.ts': "import { app } from 'electron'\n",
  'renderer/main.tsx':
    "import { createRoot } from 'react-dom/client'\nimport '../shared/contract/methods.ts'\nimport '../shared/suggestion/sweep.ts'\nimport './main.css'\n",
}

const planted: readonly (readonly [rule: string, file: string, line: string])[] = [
  // shared: each folder against the one above it
  ['units reach nothing', 'shared/units/amount.ts', "import '../errors/refusal.ts'"],
  ['errors reach only units', 'shared/errors/refusal.ts', "import '../market/quote.ts'"],
  [
    'market stands below collateral',
    'shared/market/quote.ts',
    "import '../collateral/snapshot.ts'",
  ],
  [
    'collateral stands below margin',
    'shared/collateral/snapshot.ts',
    "import '../margin/slack.ts'",
  ],
  ['margin stands below risk', 'shared/margin/slack.ts', "import '../risk/assess.ts'"],
  ['risk stands below suggestion', 'shared/risk/assess.ts', "import '../suggestion/sweep.ts'"],
  [
    'suggestion stands below transfer',
    'shared/suggestion/sweep.ts',
    "import '../transfer/plan.ts'",
  ],
  [
    'fragility knows only the market',
    'shared/fragility/band.ts',
    "import '../collateral/snapshot.ts'",
  ],
  ['risk does not know fragility', 'shared/risk/assess.ts', "import '../fragility/band.ts'"],
  ['vault does not know risk', 'shared/vault/account.ts', "import '../risk/assess.ts'"],
  ['vault stands below transfer', 'shared/vault/account.ts', "import '../transfer/plan.ts'"],
  ['transfer stands below journal', 'shared/transfer/plan.ts', "import '../journal/entry.ts'"],
  ['journal does not know alerts', 'shared/journal/entry.ts', "import '../alert/rules.ts'"],
  ['alert does not know transfers', 'shared/alert/rules.ts', "import '../transfer/plan.ts'"],
  [
    'the domain does not know the contract',
    'shared/alert/rules.ts',
    "import '../contract/methods.ts'",
  ],
  [
    'journal does not know the contract',
    'shared/journal/entry.ts',
    "import '../contract/methods.ts'",
  ],
  // shared is pure
  ['shared has no Node', 'shared/risk/assess.ts', "import { readFileSync } from 'node:fs'"],
  ['shared has no Node by its old name', 'shared/risk/assess.ts', "import 'fs/promises'"],
  ['shared has no foreign package', 'shared/units/amount.ts', "import _ from 'lodash'"],
  [
    'shared has no host',
    'shared/contract/methods.ts',
    "import type {} from '../../electron/host/ports.ts'",
  ],
  // electron
  [
    'host never imports adapters',
    'electron/host/createHost.ts',
    "import '../adapters/store/database.ts'",
  ],
  [
    'host never imports simulators',
    'electron/host/createHost.ts',
    "import '../simulators/main.ts'",
  ],
  ['host never imports shells', 'electron/host/createHost.ts', "import '../shells/host/main.ts'"],
  ['host never opens files', 'electron/host/createHost.ts', "import 'node:fs'"],
  ['host never opens sockets', 'electron/host/createHost.ts', "import 'ws'"],
  ['ports do not know the host', 'electron/host/ports.ts', "import './createHost.ts'"],
  [
    'adapters know only the ports of the host',
    'electron/adapters/store/database.ts',
    "import '../../host/createHost.ts'",
  ],
  [
    'adapters do not know shells',
    'electron/adapters/store/database.ts',
    "import '../../shells/web/main.ts'",
  ],
  [
    'adapters do not know simulators',
    'electron/adapters/store/database.ts',
    "import '../../simulators/main.ts'",
  ],
  [
    'adapters do not know each other',
    'electron/adapters/store/database.ts',
    "import '../chain/evm/rpc.ts'",
  ],
  [
    'simulators import no domain code',
    'electron/simulators/main.ts',
    "import '../../shared/units/amount.ts'",
  ],
  [
    'simulators import no domain types',
    'electron/simulators/main.ts',
    "import type { A } from '../../shared/units/amount.ts'",
  ],
  [
    'simulators import no adapters',
    'electron/simulators/main.ts',
    "import '../adapters/chain/evm/rpc.ts'",
  ],
  [
    'simulators import no host code',
    'electron/simulators/main.ts',
    "import '../host/createHost.ts'",
  ],
  [
    'shells do not know the renderer',
    'electron/shells/web/main.ts',
    "import '../../../renderer/main.tsx'",
  ],
  ['web does not know desktop', 'electron/shells/web/main.ts', "import '../desktop/main.ts'"],
  ['shells do not know tools', 'electron/shells/web/main.ts', "import '../../../tools/build.ts'"],
  [
    'venues do not know chains',
    'electron/adapters/venue/binance/parse.ts',
    "import '../../chain/evm/rpc.ts'",
  ],
  ['chains do not know venues', 'electron/adapters/chain/evm/rpc.ts', "import '../../venue/a.ts'"],
  [
    'system does not know chains',
    'electron/adapters/system/clock.ts',
    "import '../chain/evm/rpc.ts'",
  ],
  ['frames do not know chains', 'electron/adapters/ur/frames.ts', "import '../chain/evm/rpc.ts'"],
  ['desktop does not know web', 'electron/shells/desktop/main.ts', "import '../web/main.ts'"],
  ['cli does not know desktop', 'electron/shells/cli/main.ts', "import '../desktop/main.ts'"],
  // renderer
  ['renderer knows no vault', 'renderer/main.tsx', "import '../shared/vault/account.ts'"],
  ['renderer knows no transfer', 'renderer/main.tsx', "import '../shared/transfer/plan.ts'"],
  ['renderer knows no journal', 'renderer/main.tsx', "import '../shared/journal/entry.ts'"],
  ['renderer knows no electron folder', 'renderer/main.tsx', "import '../electron/host/ports.ts'"],
  ['renderer has no Node', 'renderer/main.tsx', "import path from 'node:path'"],
  // one home a package
  [
    'electron outside the desktop shell',
    'electron/shells/web/main.ts',
    "import { app } from 'electron'",
  ],
  ['electron in the renderer', 'renderer/main.tsx', "import { ipcRenderer } from 'electron'"],
  [
    'bitcoinjs-lib outside chain',
    'electron/adapters/device/onekey/child.ts',
    "import 'bitcoinjs-lib'",
  ],
  ['ethers outside chain', 'electron/simulators/main.ts', "import 'ethers'"],
  ['ccxt outside venue', 'electron/adapters/market/depth.ts', "import 'ccxt'"],
  ['hd-core outside device', 'electron/simulators/main.ts', "import '@onekeyfe/hd-core'"],
  [
    'hd-transport outside device',
    'electron/shells/host/main.ts',
    "import '@onekeyfe/hd-transport/x.js'",
  ],
  ['usb outside device', 'electron/shells/host/main.ts', "import 'usb'"],
  ['bc-ur outside ur', 'electron/host/airGap.ts', "import '@ngraveio/bc-ur'"],
  ['sqlite outside store', 'electron/shells/host/main.ts', "import 'node:sqlite'"],
  // markVerified
  [
    'markVerified in host',
    'electron/host/createHost.ts',
    "import { markVerified } from '../../shared/transfer/verify/verified.ts'",
  ],
  [
    'markVerified in transfer',
    'shared/transfer/plan.ts',
    "import { markVerified as m } from './verify/verified.ts'",
  ],
  [
    'its whole module',
    'electron/host/createHost.ts',
    "import * as v from '../../shared/transfer/verify/verified.ts'",
  ],
  [
    'its module at run time',
    'electron/host/createHost.ts',
    "await import('../../shared/transfer/verify/verified.ts')",
  ],
  [
    'markVerified handed on',
    'shared/transfer/verify/bitcoin.ts',
    "export { markVerified } from './verified.ts'",
  ],
  [
    'markVerified by another name',
    'shared/transfer/verify/bitcoin.ts',
    'export { markVerified as x }',
  ],
  ['the module handed on', 'shared/transfer/verify/bitcoin.ts', "export * from './verified.ts'"],
  // however it is written
  ['dynamic import', 'shared/risk/assess.ts', "await import('node:fs')"],
  ['computed import', 'shared/risk/assess.ts', "await import('node:' + 'fs')"],
  ['template import', 'shared/risk/assess.ts', 'await import(`node:fs`)'],
  ['require', 'electron/shells/web/main.ts', "require('electron')"],
  ['import type', 'electron/host/createHost.ts', "type A = import('electron').App"],
  ['import equals', 'electron/shells/web/main.ts', "import e = require('electron')"],
  ['re-export', 'electron/shells/web/main.ts', "export * from 'electron'"],
  [
    'worker entry',
    'electron/host/createHost.ts',
    "new URL('../simulators/main.ts', import.meta.url)",
  ],
  [
    'import with a query',
    'renderer/main.tsx',
    "import W from '../electron/simulators/main.ts?worker'",
  ],
  ['import from the root', 'renderer/main.tsx', "import '/electron/host/ports.ts'"],
  ['import without extension', 'shared/risk/assess.ts', "import '../margin/slack'"],
  ['import of a test', 'shared/risk/assess.ts', "import './assess.test.ts'"],
  // no file outside the map
  ['an unknown shared folder', 'shared/utils/misc.ts', 'export {}'],
  ['an unknown adapter', 'electron/adapters/misc/a.ts', 'export {}'],
]

let root = ''

function plant(file: string, text: string): void {
  const path = join(root, file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bulkhead-layers-'))
  for (const [file, text] of Object.entries(sound)) plant(file, text)
})

afterEach(() => rmSync(root, { recursive: true, force: true }))

describe('layers', () => {
  it('finds nothing in a tree that keeps every rule', () => {
    expect(judgeTree(root)).toEqual([])
  })

  it.each(planted)('finds a planted violation: %s', (_rule, file, line) => {
    plant(file, `${sound[file] ?? ''}${line}\n`)
    const found = judgeTree(root)
    expect(found.map((violation) => violation.file)).toEqual([file])
  })

  it('names the line and the walls', () => {
    plant('shared/units/amount.ts', "import { z } from 'zod'\n\nimport '../errors/refusal.ts'\n")
    expect(judgeTree(root)).toEqual([
      {
        file: 'shared/units/amount.ts',
        line: 3,
        problem: 'shared/units may not import from shared/errors',
      },
    ])
  })

  it('every zone has a planted violation', () => {
    const uncovered = zones.filter(
      (zone) => !planted.some(([, file]) => file.startsWith(zone.path)),
    )
    expect(uncovered.map((zone) => zone.path)).toEqual([])
  })

  it('every owned package has a planted violation', () => {
    for (const owner of owners) {
      const name = owner.package.replace('/*', '/')
      expect(planted.some(([, , line]) => line.includes(`'${name}`))).toBe(true)
    }
  })

  it('a tree without sources and a file that does not parse are failures, not passes', () => {
    expect(() => judgeTree(join(root, 'nowhere'))).toThrow('no sources')
    expect(() => judgeSource('shared/risk/a.ts', 'import {')).toThrow()
  })

  it('tests may cross walls', () => {
    plant('shared/risk/assess.test.ts', "import '../../electron/simulators/main.ts'\n")
    expect(judgeTree(root)).toEqual([])
  })
})
