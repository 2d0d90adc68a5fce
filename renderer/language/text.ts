/** Text of the catalogue inside React. Values go through ICU and React's own escaping, nothing else. */
import { useMemo } from 'react'
import { type IntlShape, useIntl } from 'react-intl'
import { type Language, type MessageKey, isMessageKey } from './messages.ts'

export type TextValues = Readonly<Record<string, string | number>>
export type Text = (key: MessageKey, values?: TextValues) => string

export interface Speech {
  readonly t: Text
  readonly locale: Language
  /** For keys that come from the host; `otherwise` where the catalogue has none. */
  readonly open: (key: string, values: TextValues, otherwise: string) => string
}

export function makeText(intl: IntlShape): Speech {
  const t: Text = (key, values) => intl.formatMessage({ id: key }, values)
  return {
    t,
    locale: intl.locale === 'zh-CN' ? 'zh-CN' : 'en',
    open: (key, values, otherwise) => (isMessageKey(key) ? t(key, values) : otherwise),
  }
}

export function useText(): Speech {
  const intl = useIntl()
  return useMemo(() => makeText(intl), [intl])
}
