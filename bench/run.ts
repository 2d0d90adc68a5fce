/** `npm run bench`: every measurement as one JSON line. Ratios to a peer of the same run are what counts. */
import { benchStore } from './store.ts'

for (const line of benchStore()) console.log(JSON.stringify(line))
