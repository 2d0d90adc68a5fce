/** A scenario's name in words, with the values of its own placeholders; or from its id alone. */
import { visibleText } from '../format/addresses.ts'
import type { Format } from '../format/format.ts'
import type { Speech } from '../language/text.ts'

export interface NamedScenario {
  readonly name: string
  readonly values?: Readonly<Record<string, string | number>> | undefined
}

export function scenarioName(scenario: NamedScenario, format: Format, speech: Speech): string {
  const values = Object.fromEntries(
    Object.entries(scenario.values ?? {}).map(([name, value]) => [
      name,
      typeof value === 'number' ? format.percent(Math.abs(value), 0) : visibleText(value),
    ]),
  )
  const key = scenario.name.startsWith('scenario.') ? scenario.name : `scenario.${scenario.name}`
  return speech.open(key, values, visibleText(scenario.name.replace(/^scenario\./, '')))
}

const fixedNames: Readonly<Record<string, string>> = {
  'ten-down': 'tenDown',
  'ten-up': 'tenUp',
}

/** Reports and reasons name a scenario by its id: 'past:2025-10-10', 'single:ETH:-0.1', 'ratio:ETH/BTC:0.1',
 *  'adl:ETHUSDT:both:0.1'. */
export function scenarioById(id: string, format: Format, speech: Speech): string {
  const fixed = fixedNames[id]
  if (fixed !== undefined) return scenarioName({ name: fixed }, format, speech)
  const [kind, what = '', change] = id.split(':')
  const move = Number(change)
  if (kind === 'past') return scenarioName({ name: `past.${what}` }, format, speech)
  if (kind === 'single' && Number.isFinite(move))
    return scenarioName(
      { name: move < 0 ? 'singleDown' : 'singleUp', values: { asset: what, move } },
      format,
      speech,
    )
  if (kind === 'ratio' && Number.isFinite(move)) {
    const [asset = '', against = ''] = what.split('/')
    return scenarioName(
      { name: move < 0 ? 'ratioDown' : 'ratioUp', values: { asset, against, move } },
      format,
      speech,
    )
  }
  const [, symbol = '', leg = '', after] = id.split(':')
  const afterwards = Number(after)
  if (kind === 'adl' && Number.isFinite(afterwards))
    return scenarioName(
      {
        name: afterwards < 0 ? 'deleveragedDown' : 'deleveragedUp',
        values: { position: leg === 'both' ? symbol : `${symbol} ${leg}`, move: afterwards },
      },
      format,
      speech,
    )
  if (kind === 'adl') {
    const last = Number(id.slice(id.lastIndexOf(':') + 1))
    const leg = change === 'both' ? '' : ` ${change ?? ''}`
    return scenarioName(
      {
        name: last < 0 ? 'deleveragedDown' : 'deleveragedUp',
        values: { position: `${what}${leg}`, move: last },
      },
      format,
      speech,
    )
  }
  return scenarioName({ name: id }, format, speech)
}
