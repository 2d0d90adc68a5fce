/** Entry of the crash test's child process: opens the store in argv[2] and appends until killed,
 *  printing each sequence number only after the append returned. Not part of the product. */
import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { openStore } from './store.ts'

const opened = openStore({
  directory: process.argv[2] ?? '',
  dataKey: new Uint8Array(32).fill(7),
  clock: { now: () => Date.now() },
  random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
})
if (!opened.ok) {
  writeSync(2, `${JSON.stringify(opened.refusal)}\n`)
  process.exit(3)
}
const store = opened.value
for (let round = 0; ; round += 1) {
  const appended = store.append({ at: Date.now(), kind: 'loop', body: `{"round":${round}}` })
  if (!appended.ok) process.exit(4)
  const noted = store.writeDocument('last', `{"seq":${appended.value.seq}}`)
  if (!noted.ok) process.exit(5)
  writeSync(1, `${appended.value.seq}\n`)
}
