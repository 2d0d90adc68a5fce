/** A scenario's name in words, with the values of its own placeholders. */
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
