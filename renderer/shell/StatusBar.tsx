/** Who answers and how old it is: each venue and chain, the device, the clocks, and whether all of it is a demo. */
import { Clock3, UsbIcon } from 'lucide-react'
import { useNow } from '../data/clock.ts'
import { type DeviceState, type Grade, type Status, deviceWords } from '../data/device.ts'
import { useLink, useRead } from '../data/host.ts'
import { visibleText } from '../format/addresses.ts'
import { chainName } from '../format/chains.ts'
import type { Format } from '../format/format.ts'
import { useFormat } from '../format/useFormat.ts'
import { venueNames } from '../format/venues.ts'
import { type Speech, type Text, useText } from '../language/text.ts'
import { GradeIcon } from '../ui/GradeIcon.tsx'
import { crossCheckWords } from '../ui/crossCheckText.ts'
import { refusalWords } from '../ui/refusalText.ts'
import { Tip } from '../ui/Tip.tsx'

const chainStaleMs = 10 * 60_000

interface Source {
  readonly key: string
  readonly name: string
  readonly age: string
  readonly grade: Grade
  readonly hint: string
}

const gravity: readonly Grade[] = ['good', 'off', 'warn', 'breach']

/** The worse of two signs; that nothing compares is no worse than good. */
function worse(a: Grade, b: Grade): Grade {
  return b !== 'off' && gravity.indexOf(b) > gravity.indexOf(a) ? b : a
}

function gradeOf(failed: boolean, ageMs: number | null, limitMs: number): Grade {
  if (ageMs === null) return failed ? 'breach' : 'off'
  if (ageMs > limitMs) return 'breach'
  return failed ? 'warn' : 'good'
}

export function venueSource(
  venue: Status['venues'][number],
  now: number,
  format: Format,
  speech: Speech,
): Source {
  const { t } = speech
  const ageMs = venue.asOf === null ? null : now - venue.asOf
  const failure = venue.refusal === null ? null : refusalWords(venue.refusal, format, speech)
  return {
    key: venue.accountId,
    name: visibleText(venue.label),
    age: ageMs === null ? t('age.never') : format.duration(ageMs),
    grade: gradeOf(failure !== null, ageMs, venue.staleAfterMs),
    hint: [
      venueNames[venue.venue],
      ageMs === null ? t('age.never') : t('age.ago', { age: format.duration(ageMs) }),
      t('age.limit', { limit: format.duration(venue.staleAfterMs) }),
      ...(failure === null ? [] : [failure.message, failure.wayOut]),
    ].join(' · '),
  }
}

export function chainSource(
  chain: Status['chains'][number],
  now: number,
  format: Format,
  speech: Speech,
): Source {
  const { t } = speech
  const ageMs = chain.asOf === null ? null : now - chain.asOf
  const failure = chain.refusal === null ? null : refusalWords(chain.refusal, format, speech)
  const check = crossCheckWords(chain.crossCheck, format, speech)
  const height =
    chain.height === null ? null : t('status.block', { height: format.count(chain.height) })
  return {
    key: chain.chain,
    name: chainName(chain.chain),
    age: [
      height,
      ageMs === null ? t('age.never') : format.duration(ageMs),
      // A word only where two servers were set up: it is what they agree on that may be acted on.
      check.short,
    ]
      .filter((part) => part !== null)
      .join(' · '),
    grade: worse(gradeOf(failure !== null, ageMs, chainStaleMs), check.grade),
    hint: [
      visibleText(chain.source),
      check.meaning,
      ...(check.wayOut === null ? [] : [check.wayOut]),
      ...(failure === null ? [] : [failure.message, failure.wayOut]),
    ].join(' · '),
  }
}

function SourceItem({ source }: { readonly source: Source }) {
  return (
    <Tip text={source.hint}>
      <span className="status-item" tabIndex={0} data-grade={source.grade}>
        <GradeIcon grade={source.grade} />
        <span className="status-name">{source.name}</span>
        <span className="num">{source.age}</span>
      </span>
    </Tip>
  )
}

function DeviceItem({ device }: { readonly device: DeviceState }) {
  const { t } = useText()
  const words = deviceWords(device, t)
  return (
    <Tip text={words.wayOut ?? words.state}>
      <span className="status-item" tabIndex={0} data-grade={words.grade}>
        <UsbIcon size={12} aria-hidden className={`grade-${words.grade}`} />
        <span className="status-name">{words.name}</span>
        <span>{words.state}</span>
      </span>
    </Tip>
  )
}

function skewText(status: Status, format: Format, t: Text): string | null {
  const skews = status.venues.map((venue) => venue.clockSkewMs).filter((skew) => skew !== null)
  if (skews.length === 0) return null
  const worst = skews.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0)
  const seconds = format.count(worst / 1000, 2)
  return t('status.skew', { seconds: worst > 0 ? `+${seconds}` : seconds })
}

export function StatusBar() {
  const speech = useText()
  const { t } = speech
  const format = useFormat()
  const now = useNow()
  const link = useLink()
  const status = useRead('status.read', {}, 5_000).data
  const skew = status === undefined ? null : skewText(status, format, t)
  return (
    <footer className="status" aria-label={t('status.label')}>
      <div className={`status-items${link.kind === 'disconnected' ? ' aged' : ''}`}>
        {status === undefined && <span className="status-item">{t('state.loading')}</span>}
        {status?.venues.map((venue) => (
          <SourceItem key={venue.accountId} source={venueSource(venue, now, format, speech)} />
        ))}
        {[...(status?.chains ?? [])]
          .sort((a, b) => a.chain.localeCompare(b.chain))
          .map((chain) => (
            <SourceItem key={chain.chain} source={chainSource(chain, now, format, speech)} />
          ))}
        {status !== undefined && <DeviceItem device={status.device} />}
        {skew !== null && (
          <Tip text={t('status.skew.hint')}>
            <span className="status-item" tabIndex={0}>
              <Clock3 size={12} aria-hidden /> {skew}
            </span>
          </Tip>
        )}
      </div>
      {status?.mode === 'demo' && (
        <Tip text={t('demo.hint')}>
          <span className="demo" tabIndex={0}>
            {t('demo')}
          </span>
        </Tip>
      )}
    </footer>
  )
}
