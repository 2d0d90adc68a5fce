/** What the device asks to be typed here: its PIN by places on a pad, or the passphrase of a hidden wallet.
 *  Passed straight to the host and held by nothing: not by a cache, not by this part once it was sent. */
import { CornerDownLeft, Delete } from 'lucide-react'
import { type FormEvent, type KeyboardEvent, useState } from 'react'
import type { DeviceState } from '../data/device.ts'
import { useHost } from '../data/host.ts'
import type { InputOf } from '../../shared/contract/method.ts'
import type { Contract } from '../../shared/contract/contract.ts'
import type { Refusal } from '../../shared/errors/refusal.ts'
import { useText } from '../language/text.ts'
import { Button } from './Button.tsx'
import { RefusalNote } from './RefusalNote.tsx'

type Asks = Extract<DeviceState, { kind: 'asks' }>
type Answer = InputOf<Contract['device.answer']>
type Send = (answer: Answer) => void

/** The places as the device draws them: 789 on top. */
const pad = ['7', '8', '9', '4', '5', '6', '1', '2', '3'] as const
const longestPin = 50

function PinPad({ wrongPins, send }: { readonly wrongPins: number; readonly send: Send }) {
  const { t } = useText()
  const [positions, setPositions] = useState('')
  const press = (place: string) => setPositions((before) => (before + place).slice(0, longestPin))
  const back = () => setPositions((before) => before.slice(0, -1))
  const unlock = () => {
    if (positions === '') return
    setPositions('')
    send({ kind: 'pin', positions })
  }
  const onKey = (event: KeyboardEvent) => {
    if (/^[1-9]$/.test(event.key)) press(event.key)
    else if (event.key === 'Backspace') back()
    else if (event.key === 'Enter' && event.target === event.currentTarget) unlock()
    else return
    event.preventDefault()
  }
  return (
    <div
      className="device-asks"
      role="group"
      aria-label={t('pin.title')}
      onKeyDown={onKey}
      tabIndex={0}
    >
      <p className="small-text">{t('pin.hint')}</p>
      {wrongPins > 0 && (
        <p className="small-text breach-text" role="status">
          {t('pin.wrong', { count: wrongPins })}
        </p>
      )}
      <p
        className="pin-typed"
        role="status"
        aria-label={t('pin.typed', { count: positions.length })}
      >
        {'●'.repeat(positions.length)}
      </p>
      <div className="pin-pad" role="group" aria-label={t('pin.pad')}>
        {pad.map((place, index) => (
          <button
            key={place}
            type="button"
            className="pin-dot"
            aria-label={t('pin.place', {
              row: Math.floor(index / 3) + 1,
              column: (index % 3) + 1,
            })}
            onClick={() => press(place)}
          />
        ))}
      </div>
      <div className="actions">
        <Button onPress={back} label={t('pin.back')}>
          <Delete size={15} aria-hidden />
        </Button>
        <Button onPress={() => send({ kind: 'cancel' })}>{t('device.cancelAsk')}</Button>
        <Button tone="primary" onPress={unlock}>
          <CornerDownLeft size={15} aria-hidden /> {t('pin.do')}
        </Button>
      </div>
    </div>
  )
}

function PassphraseForm({ onDevice, send }: { readonly onDevice: boolean; readonly send: Send }) {
  const { t } = useText()
  const [text, setText] = useState('')
  const [shown, setShown] = useState(false)
  const open = (event: FormEvent) => {
    event.preventDefault()
    setText('')
    send({ kind: 'passphrase', text })
  }
  return (
    <form className="device-asks" onSubmit={open}>
      <label className="field">
        <span>{t('passphrase.label')}</span>
        <input
          type={shown ? 'text' : 'password'}
          value={text}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      <label className="small-text check">
        <input type="checkbox" checked={shown} onChange={() => setShown(!shown)} />{' '}
        {t('passphrase.show')}
      </label>
      <p className="dim small-text">{t('passphrase.note')}</p>
      <div className="actions">
        <Button onPress={() => send({ kind: 'cancel' })}>{t('device.cancelAsk')}</Button>
        {onDevice && (
          <Button onPress={() => send({ kind: 'on-device' })}>{t('passphrase.onDevice')}</Button>
        )}
        <button type="submit" className="button primary">
          {t('passphrase.send')}
        </button>
      </div>
    </form>
  )
}

export function DeviceAsks({ device }: { readonly device: Asks }) {
  const { client } = useHost()
  const [refusal, setRefusal] = useState<Refusal | null>(null)
  // Not through the cache of calls: it keeps what was sent.
  const send: Send = (answer) => {
    client.call('device.answer', answer).then(
      (taken) => setRefusal(taken.ok ? null : taken.refusal),
      () => setRefusal(null),
    )
  }
  return (
    <>
      {device.what === 'pin-matrix' ? (
        <PinPad wrongPins={device.wrongPins} send={send} />
      ) : (
        <PassphraseForm onDevice={device.onDevice} send={send} />
      )}
      {refusal !== null && <RefusalNote refusal={refusal} />}
    </>
  )
}
