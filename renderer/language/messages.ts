/** One catalogue per language, one type for its keys. A key that is missing, unused or has other placeholders
 *  in another language fails catalogue.test.ts. */
import en from '../../resources/locales/en.json'
import zhCN from '../../resources/locales/zh-CN.json'

export type MessageKey = keyof typeof en
export type Language = 'en' | 'zh-CN'

export const languages: readonly Language[] = ['en', 'zh-CN']

export const catalogues: Readonly<Record<Language, Readonly<Record<MessageKey, string>>>> = {
  en,
  'zh-CN': zhCN,
}

export function isMessageKey(text: string): text is MessageKey {
  return Object.hasOwn(en, text)
}

/** The language to start with: the chosen one, else what the system speaks. */
export function pickLanguage(chosen: string | null, system: readonly string[]): Language {
  const known = languages.find((language) => language === chosen)
  if (known !== undefined) return known
  const first = system.find((tag) => /^(en|zh)\b/i.test(tag))
  return first !== undefined && /^zh/i.test(first) ? 'zh-CN' : 'en'
}
