/** `npm run bench`: every measurement as one JSON line. Ratios to a peer of the same run are what counts. */
import { benchBalance } from './balance.ts'
import { benchBitcoin } from './bitcoin.ts'
import { benchRisk } from './risk.ts'
import { benchSelection } from './selection.ts'
import { benchStore } from './store.ts'
import { benchWhatIfPage } from './whatIfPage.ts'

for (const line of [
  ...benchRisk(),
  ...benchStore(),
  ...benchSelection(),
  ...(await benchBalance()),
  ...benchBitcoin(),
  ...(await benchWhatIfPage()),
])
  console.log(JSON.stringify(line))
