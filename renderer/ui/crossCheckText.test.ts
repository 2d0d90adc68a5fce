import { createIntl } from 'react-intl'
import { expect, test } from 'vitest'
import { createFormat } from '../format/format.ts'
import { catalogues, languages } from '../language/messages.ts'
import { makeText } from '../language/text.ts'
import { crossCheckWords } from './crossCheckText.ts'

const second = 'Esplora \u202eelpmaxe'
const lied = {
  code: 'CHAIN_LIED',
  data: { chain: 'bitcoin', field: 'coins', claimed: '6', actual: '7' },
} as const
const away = { code: 'CHAIN_UNREACHABLE', data: { chain: 'bitcoin', reason: 'timeout' } } as const

test.each(languages)('each verdict has its sign, its words and its way out in %s', (language) => {
  const problems: string[] = []
  const intl = createIntl({
    locale: language,
    messages: catalogues[language],
    onError: (error) => problems.push(error.message),
  })
  const speech = makeText(intl)
  const format = createFormat(language, false, speech.t)
  const words = [
    null,
    { kind: 'not-asked', second } as const,
    { kind: 'agree', second, asOf: 1_000 } as const,
    { kind: 'one-source', second, refusal: away } as const,
    { kind: 'differ', second, refusal: lied } as const,
  ].map((check) => crossCheckWords(check, format, speech))
  expect(words.map(({ grade }) => grade)).toEqual(['off', 'off', 'good', 'warn', 'breach'])
  // Only agreement has an age, and only it is called checked.
  expect(words.map(({ asOf }) => asOf)).toEqual([null, null, 1_000, null, null])
  expect(words.map(({ wayOut }) => wayOut === null)).toEqual([false, true, true, false, false])
  expect(new Set(words.map(({ state }) => state)).size).toBe(words.length)
  expect(words[4]?.meaning).toContain('7')
  expect(words.map(({ meaning }) => meaning).join('')).not.toMatch(/\u202e|[{}]/)
  expect(problems).toEqual([])
})
