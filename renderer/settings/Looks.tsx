/** Language, theme, discreet mode. */
import { Switch } from 'radix-ui'
import { languages } from '../language/messages.ts'
import { useText } from '../language/text.ts'
import type { ThemeChoice } from '../preferences.ts'
import { usePreferenceStore, usePreferences } from '../preferencesContext.ts'
import { Panel } from '../ui/Panel.tsx'

const themes: readonly ThemeChoice[] = ['system', 'dark', 'light']
const languageNames = { en: 'English', 'zh-CN': '中文' } as const

export function Looks() {
  const { t } = useText()
  const preferences = usePreferences()
  const store = usePreferenceStore()
  return (
    <Panel title={t('settings.looks')}>
      <dl className="pairs">
        <div>
          <dt>{t('settings.language')}</dt>
          <dd>
            <span className="segments" role="group" aria-label={t('settings.language')}>
              {languages.map((language) => (
                <button
                  key={language}
                  type="button"
                  lang={language}
                  aria-pressed={preferences.language === language}
                  onClick={() => store.write({ language })}
                >
                  {languageNames[language]}
                </button>
              ))}
            </span>
          </dd>
        </div>
        <div>
          <dt>{t('settings.theme')}</dt>
          <dd>
            <span className="segments" role="group" aria-label={t('settings.theme')}>
              {themes.map((theme) => (
                <button
                  key={theme}
                  type="button"
                  aria-pressed={preferences.theme === theme}
                  onClick={() => store.write({ theme })}
                >
                  {t(`settings.theme.${theme}`)}
                </button>
              ))}
            </span>
          </dd>
        </div>
        <div>
          <dt id="discreet-name">{t('discreet.name')}</dt>
          <dd className="switch-line">
            <Switch.Root
              className="switch"
              checked={preferences.discreet}
              aria-labelledby="discreet-name"
              onCheckedChange={(discreet) => store.write({ discreet })}
            >
              <Switch.Thumb className="switch-thumb" />
            </Switch.Root>
            <span className="dim small-text">{t('settings.discreetHint')}</span>
          </dd>
        </div>
      </dl>
    </Panel>
  )
}
