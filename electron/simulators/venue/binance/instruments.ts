/** The USDC-margined contracts and the coins the simulated Binance lists. Tiers resemble the
 *  published ones; cum is computed. Fees and minimums resemble published withdrawal terms. */
import { type Bracket, bracketsFrom } from './margin.ts'

export interface SimContract {
  readonly symbol: string
  readonly base: string
  readonly settle: string
  readonly tickSize: string
  readonly stepSize: string
  readonly pricePrecision: number
  readonly brackets: readonly Bracket[]
}

export const contracts: readonly SimContract[] = [
  {
    symbol: 'BTCUSDC',
    base: 'BTC',
    settle: 'USDC',
    tickSize: '0.10',
    stepSize: '0.001',
    pricePrecision: 1,
    brackets: bracketsFrom([
      [50_000, 0.004, 125],
      [600_000, 0.005, 100],
      [3_000_000, 0.0065, 75],
      [12_000_000, 0.01, 50],
      [70_000_000, 0.02, 25],
      [100_000_000, 0.025, 20],
      [230_000_000, 0.05, 10],
      [480_000_000, 0.1, 5],
    ]),
  },
  {
    symbol: 'ETHUSDC',
    base: 'ETH',
    settle: 'USDC',
    tickSize: '0.01',
    stepSize: '0.001',
    pricePrecision: 2,
    brackets: bracketsFrom([
      [50_000, 0.004, 100],
      [600_000, 0.005, 75],
      [3_000_000, 0.0065, 50],
      [12_000_000, 0.01, 40],
      [50_000_000, 0.02, 25],
      [65_000_000, 0.03, 20],
      [150_000_000, 0.05, 10],
      [320_000_000, 0.1, 5],
    ]),
  },
  {
    symbol: 'SOLUSDC',
    base: 'SOL',
    settle: 'USDC',
    tickSize: '0.0100',
    stepSize: '0.01',
    pricePrecision: 4,
    brackets: bracketsFrom([
      [10_000, 0.005, 100],
      [90_000, 0.0065, 75],
      [120_000, 0.01, 50],
      [650_000, 0.02, 25],
      [1_000_000, 0.025, 20],
      [4_000_000, 0.05, 10],
      [8_000_000, 0.1, 5],
    ]),
  },
]

export interface SimNetwork {
  readonly network: string
  readonly name: string
  readonly withdrawFee: string
  readonly withdrawMin: string
  readonly withdrawMax: string
  readonly withdrawIntegerMultiple: string
  readonly minConfirm: number
  readonly addressRegex: string
  readonly contractAddress: string
  readonly withdrawEnable: boolean
  readonly depositEnable: boolean
}

export type SimCoins = Readonly<Record<string, readonly SimNetwork[]>>

const EVM_ADDRESS = '^(0x)[0-9A-Fa-f]{40}$'
const BTC_ADDRESS = '^[13][a-km-zA-HJ-NP-Z1-9]{25,34}$|^(bc1|bcrt1)[0-9A-Za-z]{39,59}$'

function network(
  short: string,
  name: string,
  terms: readonly [fee: string, min: string, max: string, multiple: string],
  more: Partial<SimNetwork> = {},
): SimNetwork {
  const [withdrawFee, withdrawMin, withdrawMax, withdrawIntegerMultiple] = terms
  return {
    network: short,
    name,
    withdrawFee,
    withdrawMin,
    withdrawMax,
    withdrawIntegerMultiple,
    // Fewer than the real venue asks for: the demo's chain has no reorganisations to fear.
    minConfirm: 1,
    addressRegex: EVM_ADDRESS,
    contractAddress: '',
    withdrawEnable: true,
    depositEnable: true,
    ...more,
  }
}

/** `usdcContract`: the token's contract on the chain the demo runs. */
export function listCoins(usdcContract: string): SimCoins {
  return {
    BTC: [
      network('BTC', 'Bitcoin', ['0.00003', '0.00006', '7500', '0.00000001'], {
        addressRegex: BTC_ADDRESS,
      }),
    ],
    ETH: [
      network('ETH', 'Ethereum (ERC20)', ['0.0002', '0.001', '10000', '0.00000001']),
      network('ARBITRUM', 'Arbitrum One', ['0.00004', '0.0008', '5000', '0.00000001'], {
        minConfirm: 120,
      }),
    ],
    USDC: [
      network('ETH', 'Ethereum (ERC20)', ['1', '5', '10000000', '0.000001'], {
        contractAddress: usdcContract,
      }),
      network('ARBITRUM', 'Arbitrum One', ['0.1', '1', '5000000', '0.000001'], {
        minConfirm: 120,
        contractAddress: '0xaf88d065e77c8cc2239327c5edb3a432268e5831',
      }),
      network('BSC', 'BNB Smart Chain (BEP20)', ['0.01', '0.02', '9999999', '0.00000001'], {
        minConfirm: 3,
        contractAddress: '0x8ac76a51cc950d9822d68b83fe1ad97b32cd580d',
        withdrawEnable: false,
      }),
    ],
  }
}
