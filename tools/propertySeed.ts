/** Loaded before every test file. Property tests draw the same cases on each run of a commit, so that what is red stays
 *  red and what is green says the same tomorrow; the deep tier draws fresh ones (fast-check prints the seed of a failure). */
import fc from 'fast-check'

if (process.env['BULKHEAD_DEEP'] !== '1') fc.configureGlobal({ seed: 20_251_010 })
