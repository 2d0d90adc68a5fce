import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { parseEvmAddress } from '../../shared/transfer/evm/address.ts'
import { listedTokens } from '../adapters/chain/evm/chains.ts'
import { systemClock } from '../adapters/system/clock.ts'
import type { EvmPort } from '../host/ports.ts'
import { openChosenChain, openEvmChain, parseServers, readServers } from './servers.ts'
import { noServers } from '../../shared/vault/bitcoinServers.ts'

const url = 'http://127.0.0.1:1'
const ports: EvmPort[] = []
afterEach(async () => {
  await Promise.all(ports.splice(0).map((port) => port.close()))
})

function open(evm: readonly object[]): readonly EvmPort[] {
  const servers = parseServers(JSON.stringify({ evm }))
  if (!servers.ok) throw new Error(servers.refusal.data.reason)
  const opened = servers.value.evm.map((chain) => openEvmChain(chain, systemClock))
  ports.push(...opened)
  return opened
}

test.each([
  [1, 'ETH', ['USDC', 'USDT']],
  [10, 'ETH', ['USDC', 'USDC.e', 'USDT']],
  [56, 'BNB', []],
  [137, 'POL', ['USDC', 'USDC.e', 'USDT']],
  [8453, 'ETH', ['USDC']],
  [42161, 'ETH', ['USDC', 'USDC.e', 'USDT']],
])(
  'chain %i needs only a server: its coin is %s, its listed tokens %j',
  (chainId, coin, tokens) => {
    const [port] = open([{ chainId, url }])
    expect(port?.coin).toEqual({ symbol: coin, decimals: 18 })
    expect(port?.tokens.map(({ asset }) => asset.symbol)).toEqual(tokens)
  },
)

test('every listed contract carries its checksum, and no chain has one twice', () => {
  for (const chainId of [1, 10, 56, 137, 8453, 42161]) {
    const contracts = listedTokens(chainId).map(({ contract }) => contract)
    for (const contract of contracts)
      expect(parseEvmAddress(contract)).toEqual({ ok: true, value: contract })
    expect(new Set(contracts).size).toBe(contracts.length)
  }
})

test('a chain of one’s own brings its coin and tokens; two servers are checked against each other', () => {
  const [port] = open([
    {
      chainId: 999,
      url,
      second: 'http://127.0.0.1:2',
      coin: { symbol: 'HYPE', decimals: 18 },
      tokens: [
        { symbol: 'XYZ', decimals: 8, contract: `0x${'12'.repeat(20)}`, chainSymbol: 'xYz' },
      ],
    },
  ])
  expect(port?.coin.symbol).toBe('HYPE')
  expect(port?.tokens).toMatchObject([
    { asset: { symbol: 'XYZ', decimals: 8 }, chainSymbol: 'xYz' },
  ])
  expect(port?.source).toBe('127.0.0.1 + 127.0.0.1')
})

test.each([
  ['a chain we know', { chainId: 10 }, null],
  ['one we do not know, with its coin', { chainId: 999, coin: 'HYPE' }, null],
  ['one we do not know, without', { chainId: 999 }, 'chainId'],
  ['another coin than it has', { chainId: 10, coin: 'OP' }, 'coin'],
  ['a coin by the name of another asset', { chainId: 999, coin: 'USDC' }, 'coin'],
  ['a server in the clear', { chainId: 10, rpcUrl: 'http://rpc.example' }, 'rpcUrl'],
  ['a second one in the clear', { chainId: 10, secondUrl: 'http://rpc.example' }, 'secondUrl'],
])('added while running: %s', (_, chain, field) => {
  const opened = openChosenChain({ rpcUrl: 'https://rpc.example', ...chain }, systemClock)
  if (opened.ok) ports.push(opened.value)
  expect(opened.ok ? null : opened.refusal.data.field).toBe(field)
})

test('`ethereum` is chain 1', () => {
  const servers = parseServers(JSON.stringify({ ethereum: { url } }))
  expect(servers).toMatchObject({ ok: true, value: { evm: [{ chainId: 1, url }] } })
})

describe('what is refused', () => {
  const base = { chainId: 10, url }
  const contract = `0x${'12'.repeat(20)}`
  test.each([
    ['a chain named twice', { evm: [base, base] }, 'chain 10: named twice'],
    ['chain 1 under both names', { ethereum: { url }, evm: [{ chainId: 1, url }] }, 'named twice'],
    ['an unknown chain without its coin', { evm: [{ chainId: 999, url }] }, 'coin is missing'],
    [
      'another coin than the chain has',
      { evm: [{ ...base, coin: { symbol: 'OP', decimals: 18 } }] },
      'its coin is ETH',
    ],
    [
      'a coin not in wei',
      { evm: [{ chainId: 999, url, coin: { symbol: 'X', decimals: 8 } }] },
      '18 decimals',
    ],
    [
      'a dollar with other decimals',
      { evm: [{ chainId: 56, url, tokens: [{ symbol: 'USDT', decimals: 18, contract }] }] },
      'USDT has 6 decimals',
    ],
    [
      'a token that is listed already',
      { evm: [{ ...base, tokens: [{ symbol: 'USDC', decimals: 6, contract }] }] },
      'USDC named twice',
    ],
    [
      'a token by the coin’s name',
      { evm: [{ ...base, tokens: [{ symbol: 'ETH', decimals: 18, contract }] }] },
      'ETH named twice',
    ],
    [
      'a contract with a wrong checksum',
      {
        evm: [
          {
            ...base,
            tokens: [
              { symbol: 'X', decimals: 6, contract: '0xa0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48' },
            ],
          },
        ],
      },
      'checksum',
    ],
    ['a server that is no http address', { evm: [{ chainId: 10, url: 'file:///etc/passwd' }] }, ''],
    ['a misspelt field', { evm: [{ ...base, secnd: url }] }, 'secnd'],
  ])('%s', (_, servers, reason) => {
    const parsed = parseServers(JSON.stringify(servers))
    expect(parsed).toMatchObject({ ok: false, refusal: { code: 'STORE_CORRUPT' } })
    if (!parsed.ok) expect(parsed.refusal.data.reason).toContain(reason)
  })

  test('what is not JSON; no file at all is no server', () => {
    const directory = mkdtempSync(join(tmpdir(), 'bulkhead-servers-'))
    try {
      expect(readServers(directory)).toEqual({ ok: true, value: { bitcoin: noServers, evm: [] } })
      writeFileSync(join(directory, 'servers.json'), '{')
      expect(readServers(directory)).toMatchObject({
        ok: false,
        refusal: { data: { reason: 'not JSON' } },
      })
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})
