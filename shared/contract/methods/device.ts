/** What a person types for the device here instead of on it. Nothing of it is kept, logged or answered back. */
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { z } from 'zod'
import { defineMethod } from '../method.ts'

/** The device takes this many bytes of a passphrase. */
const maxPassphraseBytes = 50

/** Source of the pad's places: the numbers of a telephone's block turned upside down, 789 on top. */
export const deviceAnswer = defineMethod({
  name: 'device.answer',
  effect: 'write',
  input: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('pin'), positions: z.string().regex(/^[1-9]{1,50}$/) }).strict(),
    z
      .object({
        kind: z.literal('passphrase'),
        text: z
          .string()
          .refine(
            (text) => utf8ToBytes(text.normalize('NFKD')).length <= maxPassphraseBytes,
            `over ${maxPassphraseBytes} bytes`,
          ),
      })
      .strict(),
    z.object({ kind: z.literal('on-device') }).strict(),
    z.object({ kind: z.literal('cancel') }).strict(),
  ]),
  output: z.object({}).readonly(),
  refusals: ['NOTHING_ASKED'],
})

/** Of several connected devices the one that is meant from now on. */
export const deviceChoose = defineMethod({
  name: 'device.choose',
  effect: 'write',
  input: z.object({ deviceId: z.string().max(100) }).strict(),
  output: z.object({}).readonly(),
  refusals: ['NOT_FOUND'],
})
