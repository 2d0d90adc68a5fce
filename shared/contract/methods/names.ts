/** Names of Ethereum's name service (ENS) for addresses. Beside an address, never instead of it. */
import { z } from 'zod'
import { defineMethod } from '../method.ts'
import { chainRefusals } from '../refusals.ts'

/** The address that a name leads to, in full: what is planned and shown on the device. NAME_REFUSED for a name that is
 *  not in its normal form, mixes letters that look alike, or is resolved off the chain; NOT_FOUND where nobody has it. */
export const namesResolve = defineMethod({
  name: 'names.resolve',
  effect: 'read',
  input: z.object({ name: z.string().min(1).max(255) }).strict(),
  output: z
    .object({
      name: z.string(),
      address: z.string(),
      /** The name that the address itself claims; null where it claims none that leads back. */
      reverse: z.string().nullable(),
      /** False where it holds letters beyond a–z, 0–9, hyphen and dot: look at it twice. */
      ascii: z.boolean(),
      source: z.string(),
    })
    .readonly(),
  refusals: [...chainRefusals, 'NAME_REFUSED', 'NOT_FOUND'],
})

/** The name that an address claims and that leads back to it; null where there is none. */
export const namesLookup = defineMethod({
  name: 'names.lookup',
  effect: 'read',
  input: z.object({ address: z.string().max(60) }).strict(),
  output: z.object({ name: z.string().nullable(), source: z.string() }).readonly(),
  refusals: [...chainRefusals, 'ADDRESS_INVALID', 'NOT_FOUND'],
})
