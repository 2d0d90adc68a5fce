/** Why the device cannot be used yet, and what to do: which of several is meant, who else holds it, and on Linux
 *  the rule that lets the person at the machine talk to it. */
import rule from '../../resources/udev/70-onekey.rules?raw'
import type { DeviceState } from '../data/device.ts'
import { refusalOf, useAsk } from '../data/host.ts'
import { visibleText } from '../format/addresses.ts'
import { useText } from '../language/text.ts'
import { Button } from './Button.tsx'
import { CopyButton } from './CopyButton.tsx'
import { RefusalNote } from './RefusalNote.tsx'

const commands = 'sudo udevadm control --reload-rules && sudo udevadm trigger'

function UdevHelp() {
  const { t } = useText()
  return (
    <div className="stack small-text">
      <p>{t('device.udev')}</p>
      <details>
        <summary>{t('device.udev.rule')}</summary>
        <pre className="mono device-rule">{rule}</pre>
      </details>
      <pre className="mono device-rule">{commands}</pre>
      <div className="actions">
        <CopyButton text={rule} label={t('device.udev.copyRule')} />
        <CopyButton text={commands} label={t('device.udev.copyCommands')} />
      </div>
    </div>
  )
}

function Chooser({ device }: { readonly device: Extract<DeviceState, { kind: 'several' }> }) {
  const { t } = useText()
  const choose = useAsk('device.choose')
  const refusal = refusalOf(choose.error)
  const unnamed = device.count - device.devices.length
  return (
    <>
      <ul className="device-choice">
        {device.devices.map(({ deviceId, label, model }) => (
          <li key={deviceId}>
            <span>
              <strong>{visibleText(label) || model}</strong>{' '}
              <span className="dim small-text">
                {model} · <span className="mono">{visibleText(deviceId)}</span>
              </span>
            </span>
            <Button small onPress={() => choose.mutate({ deviceId })}>
              {t('device.choose')}
            </Button>
          </li>
        ))}
        {unnamed > 0 && (
          <li className="dim small-text">
            {unnamed} · {t('device.unnamed')}
          </li>
        )}
      </ul>
      {refusal !== null && <RefusalNote refusal={refusal} />}
    </>
  )
}

export function DeviceTrouble({ device }: { readonly device: DeviceState }) {
  if (device.kind === 'several') return <Chooser device={device} />
  if (device.kind === 'absent' && device.reason === 'no-permission') return <UdevHelp />
  return null
}
