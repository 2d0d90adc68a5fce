/** Sliders over the same engine: what would be, if. Answers while dragging; nothing is sent anywhere. */
import { Slider } from 'radix-ui'
import { type ReactNode, memo, useMemo } from 'react'
import type { RiskReport } from '../../shared/risk/report.ts'
import type { Format } from '../format/format.ts'
import { useFormat } from '../format/useFormat.ts'
import { type Text, useText } from '../language/text.ts'
import { Button } from '../ui/Button.tsx'
import { DistanceText } from '../ui/DistanceText.tsx'
import { MeasureText } from '../ui/MeasureText.tsx'
import { Panel } from '../ui/Panel.tsx'
import { type Assessed, type Knobs, isTurned, noKnobs } from './whatIf.ts'

type Slid = 'shock' | 'withdrawUsd' | 'beta' | 'haircut' | 'depth'

interface KnobProps {
  readonly knob: Slid
  readonly name: string
  readonly shown: string
  readonly value: number
  readonly least: number
  readonly most: number
  readonly step: number
  /** Why it cannot be turned; null when it can. */
  readonly why?: string | null
  readonly onTurn: (turned: Partial<Knobs>) => void
}

/** Drawn again only when it is the one that is turned. */
const Knob = memo(function Knob(props: KnobProps) {
  const { knob, name, shown, value, least, most, step, why = null, onTurn } = props
  return (
    <div className="knob">
      <div className="knob-head">
        <span>{name}</span>
        <strong className="num">{shown}</strong>
      </div>
      <Slider.Root
        className="slider"
        min={least}
        max={most}
        step={step}
        value={[value]}
        disabled={why !== null}
        onValueChange={([next]) => {
          if (next !== undefined) onTurn({ [knob]: next })
        }}
      >
        <Slider.Track className="slider-track">
          <Slider.Range className="slider-range" />
        </Slider.Track>
        <Slider.Thumb className="slider-thumb" aria-label={name} aria-valuetext={shown} />
      </Slider.Root>
      {why !== null && <p className="dim small-text">{why}</p>}
    </div>
  )
})

function passed(report: RiskReport): number {
  return report.scenarios.filter(({ outcome }) => outcome === 'passes').length
}

/** One column of the table: the figures of one report, in the order of `names`. */
function figuresOf(report: RiskReport, format: Format, t: Text): readonly ReactNode[] {
  const { equityUsd, requiredUsd, excessUsd, shortfallUsd, scenarios } = report
  return [
    <DistanceText key="down" distance={report.distanceDown} />,
    <DistanceText key="up" distance={report.distanceUp} />,
    ...[equityUsd, requiredUsd, excessUsd, shortfallUsd].map((measure, i) => (
      <MeasureText key={i} measure={measure} show={format.usd} />
    )),
    <span key="passed" className="num">
      {t('headline.scenariosPassed', { passed: passed(report), all: scenarios.length })}
    </span>,
  ]
}

const names = [
  'distance.down',
  'distance.up',
  'equity',
  'required',
  'excess',
  'shortfall',
  'headline.scenarios',
] as const

export interface WhatIfPanelProps {
  readonly account: Assessed
  /** Null when nothing is turned, or when it cannot be said. */
  readonly answer: RiskReport | null
  readonly knobs: Knobs
  readonly onTurn: (turned: Partial<Knobs>) => void
}

export function WhatIfPanel({ account, answer, knobs, onTurn }: WhatIfPanelProps) {
  const { report, snapshot } = account
  const turned = isTurned(knobs)
  const { t } = useText()
  const format = useFormat()
  const equity = report.equityUsd.kind === 'known' ? Math.max(0, report.equityUsd.value) : 0
  const now = useMemo(() => figuresOf(report, format, t), [report, format, t])
  const then = answer === null ? null : figuresOf(answer, format, t)
  return (
    <Panel
      title={t('whatif.title')}
      note={t('whatif.note')}
      actions={
        <Button small why={turned ? null : t('whatif.unturned')} onPress={() => onTurn(noKnobs)}>
          {t('whatif.reset')}
        </Button>
      }
    >
      <div className="knobs">
        <Knob
          knob="shock"
          name={t('whatif.shock')}
          shown={format.shock(knobs.shock)}
          value={knobs.shock}
          least={-0.6}
          most={0.6}
          step={0.005}
          onTurn={onTurn}
        />
        <Knob
          knob="withdrawUsd"
          name={t('whatif.withdraw')}
          shown={format.usd(knobs.withdrawUsd)}
          why={knobs.venue === 'frozen' ? t('whatif.frozenNoWithdraw') : null}
          value={knobs.withdrawUsd}
          least={0}
          most={Math.max(100, Math.floor(equity))}
          step={Math.max(1, Math.round(equity / 500))}
          onTurn={onTurn}
        />
        <Knob
          knob="beta"
          name={t('whatif.beta')}
          shown={`× ${format.count(knobs.beta, 2)}`}
          value={knobs.beta}
          least={0.5}
          most={2}
          step={0.05}
          onTurn={onTurn}
        />
        <Knob
          knob="haircut"
          name={t('whatif.haircut')}
          shown={t('whatif.points', {
            points: `${knobs.haircut === 0 ? '' : '− '}${format.count(knobs.haircut * 100, 0)}`,
          })}
          why={snapshot.marginMode === 'single-asset' ? t('whatif.noHaircut') : null}
          value={knobs.haircut}
          least={0}
          most={0.5}
          step={0.01}
          onTurn={onTurn}
        />
        <Knob
          knob="depth"
          name={t('whatif.depth')}
          shown={`× ${format.count(knobs.depth, 2)}`}
          value={knobs.depth}
          least={0.05}
          most={1}
          step={0.05}
          onTurn={onTurn}
        />
        <div className="knob">
          <div className="knob-head">
            <span id="whatif-venue">{t('whatif.venue')}</span>
          </div>
          <span className="segments" role="group" aria-labelledby="whatif-venue">
            {(['open', 'frozen'] as const).map((venue) => (
              <button
                key={venue}
                type="button"
                aria-pressed={knobs.venue === venue}
                onClick={() => onTurn({ venue })}
              >
                {t(`whatif.venue.${venue}`)}
              </button>
            ))}
          </span>
        </div>
      </div>
      {turned && answer === null && <p className="quiet-note">{t('whatif.noBeta')}</p>}
      <table className="plain whatif-table" aria-live="polite">
        <thead>
          <tr>
            <th />
            <th className="right">{t('whatif.now')}</th>
            <th className="right">{t('whatif.then')}</th>
          </tr>
        </thead>
        <tbody>
          {names.map((name, i) => (
            <tr key={name}>
              <td>{t(name)}</td>
              <td className="right">{now[i]}</td>
              <td className="right">
                {then === null ? <span className="dim">{t('whatif.same')}</span> : then[i]}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  )
}
