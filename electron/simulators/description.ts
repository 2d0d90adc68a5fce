/** Where the demo's world listens, as text between processes. Apart from the world itself, so that whoever only
 *  reads it carries no simulator. */
import { z } from 'zod'

const port = z.int().min(1).max(65_535)

/** Where the world listens. Text between processes; holds keys of the simulated venues only. */
export const worldSchema = z
  .object({
    binance: z
      .object({ origin: z.string(), label: z.string(), apiKey: z.string(), secret: z.string() })
      .readonly(),
    hyperliquid: z.object({ origin: z.string(), label: z.string(), user: z.string() }).readonly(),
    venueControl: z.object({ url: z.string(), token: z.string() }).readonly(),
    bitcoin: z.object({ port, esploraUrl: z.string() }).readonly(),
    /** Two lines to the same chain, so that each may lie or fail alone. */
    evm: z
      .object({ url: z.string(), secondUrl: z.string(), chainId: z.int(), usdc: z.string() })
      .readonly(),
    device: z.object({ port, pageUrl: z.string(), pageOrigin: z.string() }).readonly(),
  })
  .readonly()
export type WorldDescription = z.infer<typeof worldSchema>
