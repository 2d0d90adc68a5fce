/** One transfer: what is to happen, beside the device; approve by holding, cancel on both, resolve what is unknown. */
import { ArrowLeft, CircleCheck, Eye } from 'lucide-react'
import { type ReactNode, useContext, useState } from 'react'
import { useNow } from '../data/clock.ts'
import { refusalOf, useAsk, useLink, useRead } from '../data/host.ts'
import { routeHref } from '../data/route.ts'
import { shortId } from '../format/addresses.ts'
import { Discreet, useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { Button } from '../ui/Button.tsx'
import { CopyButton } from '../ui/CopyButton.tsx'
import { HoldButton } from '../ui/HoldButton.tsx'
import { ReadView } from '../ui/ReadView.tsx'
import { RefusalNote } from '../ui/RefusalNote.tsx'
import { StateTag } from '../ui/StateTag.tsx'
import { SignerPanel } from '../vault/AirGapSigner.tsx'
import { useAirGapped } from '../vault/useAirGapped.ts'
import { Further } from './Further.tsx'
import { PlanRows, exactAmount } from './PlanRows.tsx'
import { Warnings } from './Warnings.tsx'
import { Steps } from './Steps.tsx'
import { type Transfer, againInput, stateGrade, transferTitle } from './transferText.ts'
import { usePlanning } from './usePlanning.ts'

function Approval({ transfer }: { readonly transfer: Transfer }) {
  const { t } = useText()
  const format = useFormat()
  const link = useLink()
  const approve = useAsk('transfers.approve')
  const refusal = refusalOf(approve.error)
  const amount = exactAmount(transfer.plan, format)
  return (
    <>
      {transfer.canApprove && (
        <HoldButton
          disabled={approve.isPending || link.kind !== 'connected' || format.discreet}
          hint={format.discreet ? t('approve.discreet') : t('approve.hint')}
          onHeld={() => approve.mutate({ id: transfer.id, digest: transfer.digest })}
        >
          {approve.isPending ? t('approve.busy') : t('approve.do', { amount })}
        </HoldButton>
      )}
      {refusal !== null && <RefusalNote refusal={refusal} />}
    </>
  )
}

function Resolution({ transfer }: { readonly transfer: Transfer }) {
  const { t } = useText()
  const resolve = useAsk('transfers.resolve')
  const [sure, setSure] = useState(false)
  const refusal = refusalOf(resolve.error)
  return (
    <section className="resolution" aria-label={t('resolve.title')}>
      <h3>{t('resolve.title')}</h3>
      <p>{t('resolve.text')}</p>
      <div className="actions">
        <Button
          tone="primary"
          busy={resolve.isPending ? t('resolve.looking') : null}
          onPress={() => resolve.mutate({ id: transfer.id, decision: 'look-again' })}
        >
          {t('resolve.look')}
        </Button>
        <label className="check">
          <input
            type="checkbox"
            checked={sure}
            onChange={(event) => setSure(event.target.checked)}
          />
          {t('resolve.sure')}
        </label>
        <Button
          tone="danger"
          why={sure ? null : t('resolve.first')}
          onPress={() => resolve.mutate({ id: transfer.id, decision: 'did-not-happen' })}
        >
          {t('resolve.close')}
        </Button>
      </div>
      {refusal !== null && <RefusalNote refusal={refusal} />}
    </section>
  )
}

function Again({ transfer }: { readonly transfer: Transfer }) {
  const { t } = useText()
  const planning = usePlanning()
  const input = againInput(transfer.plan)
  if (input === null) return null
  return (
    <>
      <Button
        busy={planning.busy ? t('plan.making') : null}
        onPress={() => planning.plan(input, transfer.id)}
      >
        {t('plan.again')}
      </Button>
      {planning.refusal !== null && <RefusalNote refusal={planning.refusal} />}
    </>
  )
}

function Validity({ transfer }: { readonly transfer: Transfer }) {
  const { t } = useText()
  const format = useFormat()
  const now = useNow()
  if (transfer.state !== 'planned') return null
  const left = transfer.plan.expiresAt - now
  return left > 0 ? (
    <span> · {t('review.validFor', { left: format.duration(left) })}</span>
  ) : (
    <strong className="breach-text"> · {t('review.expired')}</strong>
  )
}

function Actions({ transfer }: { readonly transfer: Transfer }) {
  const { t } = useText()
  const cancel = useAsk('transfers.cancel')
  const now = useNow()
  const expired = transfer.state === 'planned' && transfer.plan.expiresAt <= now
  // After a mismatch the way out says not to sign again here: no button may invite to it.
  const warned =
    transfer.refusal?.code === 'SIGNED_MISMATCH' ||
    transfer.refusal?.code === 'DEVICE_ADDRESS_MISMATCH'
  const over =
    !warned && (transfer.state === 'refused' || transfer.state === 'cancelled' || expired)
  const refusal = refusalOf(cancel.error)
  return (
    <div className="review-actions">
      {!expired && <Approval transfer={transfer} />}
      {transfer.canCancel && (
        <Button
          busy={cancel.isPending ? t('cancel.busy') : null}
          onPress={() => cancel.mutate({ id: transfer.id })}
        >
          {transfer.state === 'planned' ? t('cancel.plan') : t('cancel.both')}
        </Button>
      )}
      {over && <Again transfer={transfer} />}
      {refusal !== null && <RefusalNote refusal={refusal} />}
    </div>
  )
}

/** In discreet mode nothing can be compared: the amounts of this page are shown on request only. */
function Revealed({ children }: { readonly children: ReactNode }) {
  const { t } = useText()
  const discreet = useContext(Discreet)
  const [shown, setShown] = useState(false)
  return (
    <>
      {discreet && !shown && (
        <div className="banner">
          <Eye size={16} aria-hidden />
          <span>{t('review.hidden')}</span>
          <Button small onPress={() => setShown(true)}>
            {t('review.reveal')}
          </Button>
        </div>
      )}
      <Discreet value={discreet && !shown}>{children}</Discreet>
    </>
  )
}

function Body({ transfer }: { readonly transfer: Transfer }) {
  const { t } = useText()
  const format = useFormat()
  const elsewhere = useAirGapped(transfer.plan.vaultAccount) && transfer.state === 'signing'
  const deviceHint =
    transfer.state === 'confirming' || transfer.state === 'signing'
      ? t('device.compareNow')
      : transfer.state === 'planned'
        ? t('device.compareLater')
        : null
  return (
    <>
      <header className="screen-head review-head" data-state={transfer.state}>
        <div>
          <a href={routeHref('transfers')} className="back">
            <ArrowLeft size={14} aria-hidden /> {t('screen.transfers')}
          </a>
          <h1>{transferTitle(transfer.plan, format, t)}</h1>
          <p className="dim small-text">
            {t('review.plan')} <span className="mono">{shortId(transfer.id, 6, 4)}</span> ·{' '}
            {t('review.digest')}{' '}
            <span className="mono" title={transfer.digest}>
              {shortId(transfer.digest, 8, 8)}
            </span>
            <Validity transfer={transfer} />
          </p>
        </div>
        <StateTag
          grade={stateGrade(transfer.state)}
          text={t(elsewhere ? 'airgap.state' : `transferState.${transfer.state}`)}
        />
      </header>
      <Steps transfer={transfer} />
      <Warnings plan={transfer.plan} />
      {transfer.refusal !== null && <RefusalNote refusal={transfer.refusal} />}
      {transfer.canResolve && <Resolution transfer={transfer} />}
      {transfer.state === 'done' && (
        <p className="done-note">
          <CircleCheck size={16} aria-hidden /> {t(`transferDone.${transfer.plan.purpose}`)}
        </p>
      )}
      <div className="review">
        <section className="panel" aria-label={t('review.title')}>
          <PlanRows transfer={transfer} />
          {transfer.txid !== null && (
            <p className="txid">
              <span className="dim">{t('review.txid')}</span>{' '}
              <code data-testid="txid">{transfer.txid}</code> <CopyButton text={transfer.txid} />
            </p>
          )}
          <Actions transfer={transfer} />
          <Further transfer={transfer} />
        </section>
        <SignerPanel transfer={transfer} hint={deviceHint} />
      </div>
    </>
  )
}

export function Review({ id }: { readonly id: string }) {
  const read = useRead('transfers.read', { id }, 2_000)
  return (
    <div className="screen">
      <Revealed>
        <ReadView read={read} rows={7}>
          {(transfer) => <Body transfer={transfer} />}
        </ReadView>
      </Revealed>
    </div>
  )
}
