/** The part of the ERC-20 interface that is read here, and the two errors every contract can revert with. */
import { Interface } from 'ethers'

export const erc20 = new Interface([
  'function balanceOf(address owner) view returns (uint256)',
  'function decimals() view returns (uint8)',
  'function symbol() view returns (string)',
  'event Transfer(address indexed from, address indexed to, uint256 value)',
  'error Error(string reason)',
  'error Panic(uint256 code)',
])
