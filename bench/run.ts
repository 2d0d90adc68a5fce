/** `npm run bench`: every measurement as one JSON line. Ratios to a peer of the same run are what counts. */
import { benchRisk } from './risk.ts'
import { benchStore } from './store.ts'

for (const line of [...benchRisk(), ...benchStore()]) console.log(JSON.stringify(line))
