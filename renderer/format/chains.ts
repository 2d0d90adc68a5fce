/** Names of chains, from the contract's ids 'bitcoin' and 'evm:<chainId>'. */

const evmNames: Readonly<Record<string, string>> = {
  '1': 'Ethereum',
  '10': 'Optimism',
  '56': 'BNB Chain',
  '137': 'Polygon',
  '8453': 'Base',
  '42161': 'Arbitrum',
  '31337': 'Anvil (31337)',
}

export function chainName(chain: string): string {
  if (chain === 'bitcoin') return 'Bitcoin'
  const id = /^evm:(\d+)$/.exec(chain)?.[1]
  return id === undefined ? chain : (evmNames[id] ?? `EVM ${id}`)
}
