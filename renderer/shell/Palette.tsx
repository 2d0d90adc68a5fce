/** Ctrl/⌘-K: go anywhere, by typing a part of its name. */
import { Command } from 'cmdk'
import { useRead } from '../data/host.ts'
import { type Screen, goTo, screens } from '../data/route.ts'
import { visibleText } from '../format/addresses.ts'
import { useText } from '../language/text.ts'
import { usePreferenceStore } from '../preferencesContext.ts'
import { Dialog } from '../ui/Dialog.tsx'
import { screenIcon } from './Rail.tsx'

export interface PaletteProps {
  readonly onClose: () => void
  readonly onHelp: () => void
}

export function Palette({ onClose, onHelp }: PaletteProps) {
  const { t } = useText()
  const preferences = usePreferenceStore()
  const accounts = useRead('portfolio.read', {}).data?.accounts ?? []
  const open = (screen: Screen, part?: string) => () => {
    onClose()
    goTo(screen, part)
  }
  const then = (run: () => void) => () => {
    onClose()
    run()
  }
  return (
    <Dialog title={t('palette.open')} onClose={onClose} className="palette" bare>
      <Command label={t('palette.open')} loop>
        <Command.Input placeholder={t('palette.placeholder')} autoFocus />
        <Command.List>
          <Command.Empty>{t('palette.nothing')}</Command.Empty>
          <Command.Group heading={t('palette.screens')}>
            {screens.map((screen, index) => (
              <Command.Item
                key={screen}
                value={`${screen} ${t(`screen.${screen}`)}`}
                onSelect={open(screen)}
              >
                {screenIcon(screen)} <span>{t(`screen.${screen}`)}</span>
                <kbd>{index + 1}</kbd>
              </Command.Item>
            ))}
          </Command.Group>
          {accounts.length > 0 && (
            <Command.Group heading={t('palette.accounts')}>
              {accounts.map((account) => (
                <Command.Item
                  key={account.accountId}
                  value={`account ${account.accountId} ${visibleText(account.label)}`}
                  onSelect={open('risk', account.accountId)}
                >
                  {screenIcon('risk')} <span>{visibleText(account.label)}</span>
                </Command.Item>
              ))}
            </Command.Group>
          )}
          <Command.Group heading={t('palette.actions')}>
            <Command.Item value={`send ${t('vault.send')}`} onSelect={open('vault', 'send')}>
              {screenIcon('vault')} <span>{t('vault.send')}</span>
            </Command.Item>
            <Command.Item value={`move ${t('move.title')}`} onSelect={open('transfers', 'new')}>
              {screenIcon('transfers')} <span>{t('move.title')}</span>
            </Command.Item>
            <Command.Item
              value={`receive ${t('vault.receive')}`}
              onSelect={open('vault', 'receive')}
            >
              {screenIcon('vault')} <span>{t('vault.receive')}</span>
            </Command.Item>
            <Command.Item
              value={`discreet ${t('discreet.name')}`}
              onSelect={then(() => preferences.write({ discreet: !preferences.read().discreet }))}
            >
              <span>{t('discreet.name')}</span>
              <kbd>D</kbd>
            </Command.Item>
            <Command.Item
              value={`theme dark ${t('settings.theme.dark')}`}
              onSelect={then(() => preferences.write({ theme: 'dark' }))}
            >
              <span>
                {t('settings.theme')}: {t('settings.theme.dark')}
              </span>
            </Command.Item>
            <Command.Item
              value={`theme light ${t('settings.theme.light')}`}
              onSelect={then(() => preferences.write({ theme: 'light' }))}
            >
              <span>
                {t('settings.theme')}: {t('settings.theme.light')}
              </span>
            </Command.Item>
            <Command.Item
              value="language English"
              onSelect={then(() => preferences.write({ language: 'en' }))}
            >
              <span lang="en">English</span>
            </Command.Item>
            <Command.Item
              value="language zhongwen 中文"
              onSelect={then(() => preferences.write({ language: 'zh-CN' }))}
            >
              <span lang="zh-CN">中文</span>
            </Command.Item>
            <Command.Item value={`help ${t('help.open')}`} onSelect={onHelp}>
              <span>{t('help.open')}</span>
              <kbd>?</kbd>
            </Command.Item>
          </Command.Group>
        </Command.List>
      </Command>
    </Dialog>
  )
}
