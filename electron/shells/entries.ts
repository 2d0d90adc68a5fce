/** Where the programs that a shell starts lie: as sources beside each other when run from source,
 *  in dist/ when built. tools/entries.ts names the same places for the build. */
const programs = {
  host: { source: './host/main.ts', built: '../host/main.js' },
  device: { source: '../adapters/device/onekey/child.ts', built: '../host/device.js' },
  world: { source: '../simulators/main.ts', built: '../demo/main.js' },
} as const

/** @param from  import.meta.url of a program of ours: any file under electron/shells, or a built program in dist/<name>/. */
export function bundledEntry(from: string, program: keyof typeof programs): URL {
  if (!from.endsWith('.ts')) return new URL(programs[program].built, from)
  // This file itself runs from source then, whoever asks.
  return new URL(programs[program].source, import.meta.url)
}
