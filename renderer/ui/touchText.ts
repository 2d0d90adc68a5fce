/** The probability of liquidation within a day, in words: a range, never one number. What is under one in a thousand
 *  is said to be just that: thirty days of candles cannot tell it from less. */
import type { AccountTouch } from '../../shared/risk/touch.ts'
import type { Format } from '../format/format.ts'
import type { Text } from '../language/text.ts'

type Known = Extract<AccountTouch, { kind: 'known' }>

const least = 0.001

function part(p: number, format: Format, t: Text): string {
  return p < least ? t('touch.under', { p: format.percent(least) }) : format.percent(p)
}

export function touchRange({ low, high }: Known, format: Format, t: Text): string {
  const [from, to] = [part(low, format, t), part(high, format, t)]
  return from === to ? from : t('touch.range', { from, to })
}

/** Each model, the record of past days, and how it is made. */
export function touchHint(touch: Known, now: number, format: Format, t: Text): string {
  const { record } = touch
  return [
    ...touch.models.map(({ name, p }) => `${t(`touch.model.${name}`)} ${part(p, format, t)}`),
    t('touch.record', {
      p: format.percent(record.p),
      starts: record.starts,
      episodes: record.episodes,
    }),
    ...(touch.baseRate === null
      ? []
      : [t('touch.baseRate', { p: part(touch.baseRate, format, t) })]),
    t('touch.how', { hours: touch.samples, age: format.duration(Math.max(0, now - touch.asOf)) }),
  ].join(' · ')
}
