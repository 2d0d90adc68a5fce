/** How far to liquidation in one direction, in words that never make unknown look safe. */
import { TriangleAlert } from 'lucide-react'
import type { Distance } from '../../shared/risk/report.ts'
import { visibleText } from '../format/addresses.ts'
import type { Format } from '../format/format.ts'
import { useFormat } from '../format/useFormat.ts'
import { type Text, useText } from '../language/text.ts'
import { UnknownText } from './MeasureText.tsx'
import { Tip } from './Tip.tsx'

/** Nearer than this is drawn as a breach about to come: the rule of the 10 % day. */
export const nearShock = 0.1

export function isNear(distance: Distance): boolean {
  return (
    distance.kind === 'breached' ||
    (distance.kind === 'finite' && Math.abs(distance.shock) <= nearShock)
  )
}

export function distancePlain(distance: Distance, format: Format, t: Text): string {
  switch (distance.kind) {
    case 'finite':
      return format.shock(distance.shock)
    case 'none':
      return t('distance.none')
    case 'breached':
      return t('distance.breached')
    case 'unknown':
      return t('unknown')
  }
}

/** What moves on the nearest way to the breach. */
function alongText(distance: Extract<Distance, { kind: 'finite' }>, t: Text): string {
  const { along } = distance
  if (along?.kind === 'single') return t('along.single', { asset: visibleText(along.asset) })
  if (along?.kind === 'ratio')
    return t('along.ratio', {
      asset: visibleText(along.asset),
      against: visibleText(along.against),
    })
  return t('along.joint')
}

/** Prices at the breach, σ, and how far was searched: what a hint says. */
export function distanceHint(distance: Distance, format: Format, t: Text): string {
  switch (distance.kind) {
    case 'finite': {
      const prices = distance.prices
        .map(({ symbol, price }) => `${visibleText(symbol)} ${format.price(price)}`)
        .join(' · ')
      const sigmas =
        distance.sigmas === null
          ? t('distance.sigmasUnknown')
          : t('distance.sigmas', { count: format.count(Math.abs(distance.sigmas), 1) })
      const atrs =
        distance.atrs === null || distance.atrs === undefined
          ? t('distance.atrsUnknown')
          : t('distance.atrs', { count: format.count(distance.atrs, 1) })
      const at = t('distance.atPrices', { prices })
      return [alongText(distance, t), at, sigmas, atrs].join(' · ')
    }
    case 'none':
      return t('distance.noneTo', { shock: format.shock(distance.searchedTo) })
    case 'breached':
      return t('distance.breachedHint')
    case 'unknown':
      return t('unknown')
  }
}

export function DistanceText({ distance }: { readonly distance: Distance }) {
  const { t } = useText()
  const format = useFormat()
  if (distance.kind === 'unknown') return <UnknownText missing={distance.missing} />
  return (
    <Tip text={() => distanceHint(distance, format, t)}>
      <span className={`num distance${isNear(distance) ? ' near' : ''}`} tabIndex={0}>
        {isNear(distance) && <TriangleAlert size={12} aria-label={t('distance.near')} />}
        {distancePlain(distance, format, t)}
      </span>
    </Tip>
  )
}
