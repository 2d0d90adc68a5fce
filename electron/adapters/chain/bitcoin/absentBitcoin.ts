/** Stands where no bitcoin server is configured: every question is answered with that, none with a zero. */
import { refuse } from '../../../../shared/errors/refusal.ts'
import type { BitcoinPort } from '../../../host/ports.ts'

export function createAbsentBitcoin(): BitcoinPort {
  const absent = () =>
    Promise.resolve(
      refuse('CHAIN_UNREACHABLE', { chain: 'bitcoin', reason: 'no server configured' }),
    )
  return {
    source: 'not configured',
    readTip: absent,
    readUsedScripts: absent,
    readClaims: absent,
    readCoins: absent,
    readTransaction: absent,
    readFeeRate: absent,
    readConfirmation: absent,
    broadcast: absent,
    close: () => Promise.resolve(),
  }
}
