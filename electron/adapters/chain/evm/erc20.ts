/** The part of the ERC-20 interface that is read here, the two errors every contract can revert with, and the one that
 *  sends the asker off the chain (EIP-3668). */
import { Interface } from 'ethers'

export const erc20 = new Interface([
  'function balanceOf(address owner) view returns (uint256)',
  'function decimals() view returns (uint8)',
  'function symbol() view returns (string)',
  'event Transfer(address indexed from, address indexed to, uint256 value)',
  'error Error(string reason)',
  'error Panic(uint256 code)',
  'error OffchainLookup(address sender, string[] urls, bytes callData, bytes4 callbackFunction, bytes extraData)',
])
