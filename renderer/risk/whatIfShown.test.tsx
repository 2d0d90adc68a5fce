/** What stands on the screen while a slider moves is what the engine answers, figure by figure and point by point. */
import { Tooltip } from 'radix-ui'
import type { ReactElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { IntlProvider, createIntl } from 'react-intl'
import { expect, test } from 'vitest'
import { parseDecimal } from '../../shared/units/decimal.ts'
import { defaultPolicy } from '../../shared/risk/defaultPolicy.ts'
import type { RiskReport } from '../../shared/risk/report.ts'
import { type WhatIf, assessWhatIf } from '../../shared/risk/whatIf.ts'
import { createFormat } from '../format/format.ts'
import { makeText } from '../language/text.ts'
import { catalogues } from '../language/messages.ts'
import { OverCurve } from '../ui/Chart.tsx'
import { distancePlain } from '../ui/DistanceText.tsx'
import { ReportNotes } from '../ui/ReportNotes.tsx'
import { assessedWith, options, snapshot } from './assessed.fixture.ts'
import { WhatIfPanel } from './WhatIfPanel.tsx'
import { clipCurve, frameOf } from './slackFrame.ts'
import { overlayOf } from './SlackPanel.tsx'
import { type Knobs, noKnobs, whatIf } from './whatIf.ts'

const messages = catalogues.en
const { t } = makeText(createIntl({ locale: 'en', messages }))
const format = createFormat('en', false, t)
const account = assessedWith({ ...snapshot, marginMode: 'multi-asset' })

function markup(element: ReactElement): string {
  return renderToStaticMarkup(
    <IntlProvider locale="en" messages={messages}>
      <Tooltip.Provider>{element}</Tooltip.Provider>
    </IntlProvider>,
  )
}

const cash = parseDecimal('-2500')
if (cash === undefined) throw new Error('a decimal expected')

const drags: readonly (readonly [string, Partial<Knobs>, WhatIf])[] = [
  ['price', { shock: -0.085 }, { btc: -0.085 }],
  ['price, to the breach', { shock: -0.6 }, { btc: -0.6 }],
  ['beta', { shock: 0.1, beta: 1.5 }, { btc: 0.1, betaFactor: 1.5 }],
  ['haircut', { haircut: 0.12 }, { haircutPoints: 0.12 }],
  ['depth', { depth: 0.1 }, { depthFactor: 0.1 }],
  ['venue', { venue: 'frozen' }, { frozen: true }],
  ['withdraw', { withdrawUsd: 2_500 }, { transfer: { asset: 'USDC', delta: cash } }],
]

function figures(report: RiskReport): readonly string[] {
  const { equityUsd, requiredUsd, excessUsd, shortfallUsd, scenarios } = report
  return [
    distancePlain(report.distanceDown, format, t),
    distancePlain(report.distanceUp, format, t),
    ...[equityUsd, requiredUsd, excessUsd, shortfallUsd].map((measure) =>
      measure.kind === 'known' ? format.usd(measure.value) : 'unknown',
    ),
    t('headline.scenariosPassed', {
      passed: scenarios.filter(({ outcome }) => outcome === 'passes').length,
      all: scenarios.length,
    }),
  ]
}

/** Columns of the table, as text. */
function columns(html: string): readonly (readonly string[])[] {
  const body = /<tbody>(.*)<\/tbody>/s.exec(html)?.[1] ?? ''
  const rows = body.split('</tr>').slice(0, -1)
  const cells = rows.map((row) =>
    row.split('</td>').map((cell) => cell.replaceAll(/<[^>]*>/g, '').trim()),
  )
  return [1, 2].map((column) => cells.map((row) => row[column] ?? ''))
}

test.each(drags)('the table shows the engine’s answer to a change of %s', (_, turned, change) => {
  const knobs = { ...noKnobs, ...turned }
  const html = markup(
    <WhatIfPanel
      account={account}
      answer={whatIf(account, defaultPolicy, knobs)}
      knobs={knobs}
      onTurn={() => undefined}
    />,
  )
  const [now, then] = columns(html)
  expect(now).toEqual(figures(account.report))
  expect(then).toEqual(figures(assessWhatIf(account.snapshot, options, change)))
})

test.each(drags)('the curve drawn over the chart is the engine’s, for %s', (_, turned, change) => {
  const answer = whatIf(account, defaultPolicy, { ...noKnobs, ...turned })
  const over = overlayOf(answer)
  if (over === null) throw new Error('a curve expected')
  const frame = frameOf([account.report.slackCurve], -0.6, 0.6)
  const place = { left: 60, top: 26, width: 800, height: 400 }
  const html = markup(<OverCurve frame={frame} place={place} over={over} />)
  const path = /<path d="M([^"]*)"/.exec(html)?.[1] ?? ''
  const read = path.split('L').map((point) => {
    const [across = Number.NaN, down = Number.NaN] = point.split(' ').map(Number)
    return {
      shock: frame.from + (across / place.width) * (frame.to - frame.from),
      slackUsd: frame.most - (down / place.height) * (frame.most - frame.least),
    }
  })
  const asked = clipCurve(assessWhatIf(account.snapshot, options, change).slackCurve, -0.6, 0.6)
  expect(read.length).toBe(asked.length)
  // Drawn to a tenth of a pixel.
  const [dx, dy] = [1.2 / place.width, (frame.most - frame.least) / place.height]
  asked.forEach((point, i) => {
    expect(Math.abs((read[i]?.shock ?? Number.NaN) - point.shock)).toBeLessThan(dx / 10)
    expect(Math.abs((read[i]?.slackUsd ?? Number.NaN) - point.slackUsd)).toBeLessThan(dy / 10)
  })
})

const notes = (of: typeof snapshot) =>
  markup(<ReportNotes report={assessedWith(of).report} snapshot={of} />)

test('figures of a mode without a recorded position say that they were not checked', () => {
  const hedge = {
    ...snapshot,
    positions: snapshot.positions.map((position) => ({ ...position, leg: 'long' as const })),
  }
  const label = 'Not checked against the venue'
  expect(notes(hedge)).toContain(label)
  expect(notes(snapshot)).not.toContain(label)
})

test('the venue’s own totals are shown, as its own, where we compute none: portfolio margin', () => {
  const totals =
    'Equity 20,000\u00a0USD · Maintenance 600.00\u00a0USD · Withdrawable 8,000\u00a0USD'
  const portfolio = notes({ ...snapshot, venue: 'binance-usdm', marginMode: 'portfolio' })
  expect(portfolio).toContain(totals)
  expect(portfolio).toContain('not recomputed')
  expect(notes(snapshot)).not.toContain(totals)
})
