/** Real or demo, decided once at start: where this run keeps its data and what the host is told.
 *  The two share nothing. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { app } from 'electron'

/** A browser profile for this run only, so that the demo neither meets nor locks out the real app.
 *  Before the single-instance lock, which lies in the profile. */
export function useDemoProfile(): void {
  const profile = mkdtempSync(join(tmpdir(), 'bulkhead-profile-'))
  app.setPath('userData', profile)
  app.on('quit', () => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }))
}

/** What a run of the app needs of where it lives; the real one has no simulator. */
export interface Mode {
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly simulatorOrigin: string | null
  end(): Promise<void>
}

/** @param directory  where the terminal shell looks too: one writer, the others attach */
export function realMode(directory: string): Mode {
  return {
    args: [`--data=${directory}`],
    environment: {},
    simulatorOrigin: null,
    end: () => Promise.resolve(),
  }
}
