/** Exact decimal text, as venues send it: '-12.3400'. Never passes through a float.
 *  Refuses exponents, NaN, Infinity, signs without digits, and anything but a string. */
import Big from 'big.js'
import { z } from 'zod'

export const decimalSchema = z
  .string()
  .max(80)
  .regex(/^-?\d+(\.\d+)?$/)
  .brand<'Decimal'>()

/** Plain decimal text: an optional minus, digits, optionally a point and digits. */
export type Decimal = z.infer<typeof decimalSchema>

/** Reads unknown into a Decimal; undefined when it is not plain decimal text. */
export function parseDecimal(value: unknown): Decimal | undefined {
  const parsed = decimalSchema.safeParse(value)
  return parsed.success ? parsed.data : undefined
}

/** Writes a finite Big as plain decimal text, no exponent, no negative zero. */
export function decimalFromBig(value: Big): Decimal {
  const text = value.toFixed()
  return (/^-0(\.0*)?$/.test(text) ? text.slice(1) : text) as Decimal
}

/** Exact sum of decimals; '0' for none. */
export function sumDecimals(values: readonly Decimal[]): Decimal {
  return decimalFromBig(values.reduce((sum, value) => sum.plus(value), new Big(0)))
}
