/** Tries a server that is in use, one question after the other, and says of each how it went. */
import { useState } from 'react'
import { serverChecks } from '../../shared/contract/methods/servers.ts'
import type { Contract } from '../../shared/contract/contract.ts'
import type { OutputOf } from '../../shared/contract/method.ts'
import type { Refusal } from '../../shared/errors/refusal.ts'
import { refusalOf, useAsk } from '../data/host.ts'
import type { Format } from '../format/format.ts'
import { useFormat } from '../format/useFormat.ts'
import { type Text, useText } from '../language/text.ts'
import { Button } from '../ui/Button.tsx'
import { RefusalNote } from '../ui/RefusalNote.tsx'
import { StateTag } from '../ui/StateTag.tsx'

type Check = (typeof serverChecks)[number]
type Found = OutputOf<Contract['servers.check']>

interface Outcome {
  readonly check: Check
  readonly found: Found | null
  readonly refusal: Refusal | null
}

function foundText(check: Check, found: Found, t: Text, format: Format): string {
  const took = format.count(Math.round(found.tookMs))
  const figure = format.count(found.figure ?? 0)
  if (check === 'answer') return t('servers.check.answer.good', { figure, took })
  if (check === 'scripts') return t('servers.check.scripts.good', { took })
  return found.verifiedTo === found.figure
    ? t('servers.check.headers.good', { figure, took })
    : t('servers.check.headers.partly', {
        figure,
        verified: format.count(found.verifiedTo ?? 0),
      })
}

export function ServerDoctor({ which }: { readonly which: 'first' | 'second' }) {
  const { t } = useText()
  const format = useFormat()
  const ask = useAsk('servers.check')
  const [outcomes, setOutcomes] = useState<readonly Outcome[]>([])
  const [running, setRunning] = useState<Check | null>(null)
  const run = async () => {
    setOutcomes([])
    for (const check of serverChecks) {
      setRunning(check)
      const outcome = await ask.mutateAsync({ which, check }).then(
        (found): Outcome => ({ check, found, refusal: null }),
        (error: unknown): Outcome => ({ check, found: null, refusal: refusalOf(error) }),
      )
      setOutcomes((before) => [...before, outcome])
      if (outcome.found === null) break
    }
    setRunning(null)
  }
  return (
    <div className="doctor" aria-live="polite">
      <Button
        small
        label={t(`servers.try.${which}`)}
        busy={running === null ? null : t(`servers.check.${running}`)}
        onPress={() => void run()}
      >
        {t('servers.try')}
      </Button>
      <span className="tags">
        {outcomes.map(({ check, found }) =>
          found === null ? (
            <StateTag key={check} grade="breach" text={t(`servers.check.${check}.bad`)} />
          ) : (
            <StateTag
              key={check}
              grade={found.verifiedTo === found.figure || check !== 'headers' ? 'good' : 'warn'}
              text={foundText(check, found, t, format)}
            />
          ),
        )}
      </span>
      {outcomes.map(
        ({ check, refusal }) =>
          refusal !== null && <RefusalNote key={check} refusal={refusal} tone="warn" />,
      )}
    </div>
  )
}
