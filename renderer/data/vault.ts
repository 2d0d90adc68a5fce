/** The vault as the contract answers it. */
import type { Contract } from '../../shared/contract/contract.ts'
import type { OutputOf } from '../../shared/contract/method.ts'

export type VaultView = OutputOf<Contract['vault.read']>
