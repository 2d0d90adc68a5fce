/** Sliders over the same engine: what would be, if. Answers while dragging; nothing is sent anywhere. */
import { Slider } from 'radix-ui'
import type { RiskReport } from '../../shared/risk/report.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { Button } from '../ui/Button.tsx'
import { DistanceText } from '../ui/DistanceText.tsx'
import { MeasureText } from '../ui/MeasureText.tsx'
import { Panel } from '../ui/Panel.tsx'
import { type Assessed, type Knobs, isTurned, noKnobs } from './whatIf.ts'

interface KnobProps {
  readonly name: string
  readonly shown: string
  readonly value: number
  readonly least: number
  readonly most: number
  readonly step: number
  /** Why it cannot be turned; null when it can. */
  readonly why?: string | null
  readonly onValue: (value: number) => void
}

function Knob({ name, shown, value, least, most, step, why = null, onValue }: KnobProps) {
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
          if (next !== undefined) onValue(next)
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
}

function passed(report: RiskReport): number {
  return report.scenarios.filter(({ outcome }) => outcome === 'passes').length
}

export interface WhatIfPanelProps {
  readonly account: Assessed
  /** Null when nothing is turned, or when it cannot be said. */
  readonly answer: RiskReport | null
  readonly knobs: Knobs
  readonly onKnobs: (knobs: Knobs) => void
}

export function WhatIfPanel({ account, answer, knobs, onKnobs }: WhatIfPanelProps) {
  const { report, snapshot } = account
  const turned = isTurned(knobs)
  const { t } = useText()
  const format = useFormat()
  const equity = report.equityUsd.kind === 'known' ? Math.max(0, report.equityUsd.value) : 0
  const rows = [
    {
      name: t('distance.down'),
      now: <DistanceText distance={report.distanceDown} />,
      then: answer && <DistanceText distance={answer.distanceDown} />,
    },
    {
      name: t('distance.up'),
      now: <DistanceText distance={report.distanceUp} />,
      then: answer && <DistanceText distance={answer.distanceUp} />,
    },
    {
      name: t('equity'),
      now: <MeasureText measure={report.equityUsd} show={format.usd} />,
      then: answer && <MeasureText measure={answer.equityUsd} show={format.usd} />,
    },
    {
      name: t('required'),
      now: <MeasureText measure={report.requiredUsd} show={format.usd} />,
      then: answer && <MeasureText measure={answer.requiredUsd} show={format.usd} />,
    },
    {
      name: t('excess'),
      now: <MeasureText measure={report.excessUsd} show={format.usd} />,
      then: answer && <MeasureText measure={answer.excessUsd} show={format.usd} />,
    },
    {
      name: t('shortfall'),
      now: <MeasureText measure={report.shortfallUsd} show={format.usd} />,
      then: answer && <MeasureText measure={answer.shortfallUsd} show={format.usd} />,
    },
    {
      name: t('headline.scenarios'),
      now: (
        <span className="num">
          {t('headline.scenariosPassed', { passed: passed(report), all: report.scenarios.length })}
        </span>
      ),
      then: answer && (
        <span className="num">
          {t('headline.scenariosPassed', { passed: passed(answer), all: answer.scenarios.length })}
        </span>
      ),
    },
  ]
  return (
    <Panel
      title={t('whatif.title')}
      note={t('whatif.note')}
      actions={
        <Button small why={turned ? null : t('whatif.unturned')} onPress={() => onKnobs(noKnobs)}>
          {t('whatif.reset')}
        </Button>
      }
    >
      <div className="knobs">
        <Knob
          name={t('whatif.shock')}
          shown={format.shock(knobs.shock)}
          value={knobs.shock}
          least={-0.6}
          most={0.6}
          step={0.005}
          onValue={(shock) => onKnobs({ ...knobs, shock })}
        />
        <Knob
          name={t('whatif.withdraw')}
          shown={format.usd(knobs.withdrawUsd)}
          why={knobs.venue === 'frozen' ? t('whatif.frozenNoWithdraw') : null}
          value={knobs.withdrawUsd}
          least={0}
          most={Math.max(100, Math.floor(equity))}
          step={Math.max(1, Math.round(equity / 500))}
          onValue={(withdrawUsd) => onKnobs({ ...knobs, withdrawUsd })}
        />
        <Knob
          name={t('whatif.beta')}
          shown={`× ${format.count(knobs.beta, 2)}`}
          value={knobs.beta}
          least={0.5}
          most={2}
          step={0.05}
          onValue={(beta) => onKnobs({ ...knobs, beta })}
        />
        <Knob
          name={t('whatif.haircut')}
          shown={t('whatif.points', {
            points: `${knobs.haircut === 0 ? '' : '− '}${format.count(knobs.haircut * 100, 0)}`,
          })}
          why={snapshot.marginMode === 'single-asset' ? t('whatif.noHaircut') : null}
          value={knobs.haircut}
          least={0}
          most={0.5}
          step={0.01}
          onValue={(haircut) => onKnobs({ ...knobs, haircut })}
        />
        <Knob
          name={t('whatif.depth')}
          shown={`× ${format.count(knobs.depth, 2)}`}
          value={knobs.depth}
          least={0.05}
          most={1}
          step={0.05}
          onValue={(depth) => onKnobs({ ...knobs, depth })}
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
                onClick={() => onKnobs({ ...knobs, venue })}
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
          {rows.map((row) => (
            <tr key={row.name}>
              <td>{row.name}</td>
              <td className="right">{row.now}</td>
              <td className="right">
                {row.then ?? <span className="dim">{t('whatif.same')}</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  )
}
