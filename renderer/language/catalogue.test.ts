import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createIntl } from 'react-intl'
import { describe, expect, test } from 'vitest'
import { defaultScenarios } from '../../shared/risk/scenarios.ts'
import { refusalRetryable } from '../../shared/errors/refusal.ts'
import { refusalSamples } from '../fixtures/refusals.ts'
import { createFormat } from '../format/format.ts'
import { refusalWords } from '../ui/refusalText.ts'
import { scenarioById } from '../ui/scenarioName.ts'
import { catalogues, languages, pickLanguage } from './messages.ts'
import { makeText } from './text.ts'

const folder = fileURLToPath(new URL('..', import.meta.url))
const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter(
    (name) => /\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name) && !name.includes('fixtures'),
  )
  .map((name) => readFileSync(join(folder, name), 'utf8'))
  .join('\n')

/** Names of the arguments of an ICU message; plural and select branches included. */
function placeholders(message: string): readonly string[] {
  const found = new Set<string>()
  let at = 0
  const text = (depth: number): void => {
    for (; at < message.length; at++) {
      if (message[at] === '{') argument()
      else if (message[at] === '}' && depth > 0) return
    }
  }
  const argument = (): void => {
    const [, name = '', kind] = /^\{\s*(\w+)\s*(?:,\s*(\w+)\s*,)?/.exec(message.slice(at)) ?? []
    found.add(name)
    if (kind === undefined) {
      at = message.indexOf('}', at)
      return
    }
    for (at = message.indexOf(',', message.indexOf(',', at) + 1) + 1; message[at] !== '}'; at++) {
      if (message[at] !== '{') continue
      at++
      text(1)
    }
  }
  text(0)
  return [...found].sort()
}

function speak(language: (typeof languages)[number]) {
  const problems: string[] = []
  const intl = createIntl({
    locale: language,
    messages: catalogues[language],
    onError: (error) => problems.push(error.message),
  })
  const speech = makeText(intl)
  return { speech, problems, format: createFormat(language, false, speech.t) }
}

test('the reader of placeholders sees plurals and nested arguments', () => {
  expect(placeholders('{a} of {count, plural, one {# {thing}} other {# things}} {b}')).toEqual([
    'a',
    'b',
    'count',
    'thing',
  ])
})

test('both languages have the same keys', () => {
  expect(Object.keys(catalogues['zh-CN']).sort()).toEqual(Object.keys(catalogues.en).sort())
})

test.each(Object.keys(catalogues.en))('%s has the same placeholders in both languages', (key) => {
  const [en, zh] = languages.map(
    (language) => Object.entries(catalogues[language]).find(([k]) => k === key)?.[1],
  )
  expect(placeholders(zh ?? '')).toEqual(placeholders(en ?? ''))
  if (key !== 'list.separator') expect(en?.trim()).toBe(en)
  expect(en).not.toBe('')
})

/** Keys that the engines and the host name, not the page. */
const namedElsewhere = ['word.', 'scenario.', 'reason.', 'note.', 'missing.', 'entry.', 'error.']

test('no key is left that nothing uses', () => {
  const prefixes = [...sources.matchAll(/`([\w.-]+\.)\$\{/g)].map(([, prefix]) => prefix ?? '')
  const unused = Object.keys(catalogues.en).filter(
    (key) =>
      !sources.includes(`'${key}'`) &&
      !namedElsewhere.some((prefix) => key.startsWith(prefix)) &&
      !prefixes.some((prefix) => key.startsWith(prefix)),
  )
  expect(unused).toEqual([])
})

describe.each(languages)('refusals in %s', (language) => {
  test.each(Object.keys(refusalRetryable))(
    '%s has a message with its numbers and a way out',
    (code) => {
      const { speech, problems, format } = speak(language)
      const sample = refusalSamples.find((refusal) => refusal.code === code)
      if (sample === undefined) throw new Error(`no sample for ${code}`)
      const words = refusalWords(sample, format, speech)
      expect(problems).toEqual([])
      expect(words.message).not.toMatch(/[{}]|error\./)
      expect(words.wayOut).not.toMatch(/[{}]|error\./)
      expect(words.message).not.toBe(words.wayOut)
    },
  )
})

test('every scenario that ships has a name in both languages', () => {
  for (const language of languages) {
    const { speech, format, problems } = speak(language)
    for (const { id } of [
      ...defaultScenarios,
      { id: 'single:ETH:-0.1' },
      { id: 'ratio:ETH/BTC:0.1' },
      { id: 'adl:ETHUSDT:both:0.1' },
    ])
      expect(scenarioById(id, format, speech)).not.toMatch(/[:{}]|past\./)
    expect(problems).toEqual([])
  }
})

test.each([
  [null, ['fr-FR', 'zh-TW', 'en'], 'zh-CN'],
  [null, ['en-GB', 'zh'], 'en'],
  [null, ['fr'], 'en'],
  ['zh-CN', ['en'], 'zh-CN'],
  ['klingon', ['zh-Hans'], 'zh-CN'],
] as const)('chosen %s and system %j speak %s', (chosen, system, expected) => {
  expect(pickLanguage(chosen, system)).toBe(expected)
})
