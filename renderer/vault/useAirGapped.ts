import { useRead } from '../data/host.ts'
import { findAccount } from './accounts/accountName.ts'

/** True where no device of ours signs for the account: a PSBT does. */
export function useAirGapped(vaultAccount: string): boolean {
  const vault = useRead('vault.read', {}, 5_000).data
  return (
    vault !== undefined && findAccount(vault, vaultAccount)?.wallet.signer.kind === 'air-gapped'
  )
}
