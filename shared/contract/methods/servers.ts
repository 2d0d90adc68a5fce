/** Bitcoin's servers: which are in use, changing them, and trying them. Every change is confirmed outside the
 *  renderer: whoever chooses the servers chooses who learns our addresses, and one lying server is easier than two. */
import { z } from 'zod'
import { shownServersSchema } from '../../vault/bitcoinServers.ts'
import { defineMethod } from '../method.ts'
import { chainRefusals, deviceRefusals, storeRefusals } from '../refusals.ts'

const serversSchema = z
  .object({
    servers: shownServersSchema,
    /** 'fixed': the demo's, which nobody changes. 'file': from servers.json until changed here. */
    origin: z.enum(['fixed', 'file', 'settings']),
  })
  .readonly()

export const serversRead = defineMethod({
  name: 'servers.read',
  effect: 'read',
  input: z.object({}).strict(),
  output: serversSchema,
  refusals: [...storeRefusals],
})

export const serversWrite = defineMethod({
  name: 'servers.write',
  effect: 'write',
  input: z.object({ servers: shownServersSchema }).strict(),
  output: serversSchema,
  refusals: [
    ...storeRefusals,
    ...deviceRefusals,
    ...chainRefusals,
    'CONFIRMATION_REQUIRED',
    'VAULT_NOT_PAIRED',
    'NOT_FOUND',
  ],
})

/** What a server is tried with, in this order. */
export const serverChecks = ['answer', 'headers', 'scripts'] as const
export const serverCheckSchema = z.enum(serverChecks)

/** Tries one server that is in use, on a connection of its own: only hosts that were confirmed are ever dialled. */
export const serversCheck = defineMethod({
  name: 'servers.check',
  effect: 'read',
  input: z.object({ which: z.enum(['first', 'second']), check: serverCheckSchema }).strict(),
  output: z
    .object({
      source: z.string(),
      tookMs: z.number().nonnegative(),
      /** Fee in sat/vB for 'answer'; newest block for 'headers'; null for 'scripts'. */
      figure: z.number().nullable(),
      /** For 'headers': verified up to here; equals `figure` when all are. */
      verifiedTo: z.number().nullable(),
    })
    .readonly(),
  refusals: [...chainRefusals, 'NOT_FOUND'],
})
