/** The chains that are read, by whose word, and a form for another EVM chain by a server of one's own. */
import { useState } from 'react'
import type { Contract } from '../../shared/contract/contract.ts'
import type { OutputOf } from '../../shared/contract/method.ts'
import { refusalOf, useAsk } from '../data/host.ts'
import { visibleText } from '../format/addresses.ts'
import { chainName } from '../format/chains.ts'
import { useText } from '../language/text.ts'
import { Button } from '../ui/Button.tsx'
import { Panel } from '../ui/Panel.tsx'
import { RefusalNote } from '../ui/RefusalNote.tsx'
import { StateTag } from '../ui/StateTag.tsx'

type Chain = OutputOf<Contract['settings.read']>['chains'][number]

/** The chains of this app's own token list; any other by its number. */
const known = [1, 42161, 8453, 10, 137, 56] as const

const empty = { chainId: '', rpcUrl: '', secondUrl: '', coin: '' }

function AddChain() {
  const { t } = useText()
  const add = useAsk('evm.addChain')
  const [draft, setDraft] = useState(empty)
  const refusal = refusalOf(add.error)
  const chainId = Number(draft.chainId)
  const why =
    !Number.isSafeInteger(chainId) || chainId < 1
      ? t('chains.needId')
      : !URL.canParse(draft.rpcUrl.trim())
        ? t('chains.needUrl')
        : null
  const submit = () => {
    if (why !== null) return
    const [second, coin] = [draft.secondUrl.trim(), draft.coin.trim()]
    add.mutate(
      {
        chainId,
        rpcUrl: draft.rpcUrl.trim(),
        ...(second === '' ? {} : { secondUrl: second }),
        ...(coin === '' ? {} : { coin }),
      },
      { onSuccess: () => setDraft(empty) },
    )
  }
  const fields = ['chainId', 'rpcUrl', 'secondUrl', 'coin'] as const
  return (
    <details className="wide">
      <summary>{t('chains.add')}</summary>
      <form
        className="form"
        autoComplete="off"
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        <label className="field">
          <span>{t('chains.which')}</span>
          <select
            value={known.some((id) => id === chainId) ? draft.chainId : ''}
            onChange={(event) => setDraft({ ...draft, chainId: event.target.value })}
          >
            <option value="">{t('chains.other')}</option>
            {known.map((id) => (
              <option key={id} value={id}>
                {chainName(`evm:${id}`)}
              </option>
            ))}
          </select>
        </label>
        {fields.map((name) => (
          <label key={name} className="field">
            <span>{t(`chains.${name}`)}</span>
            <input
              name={name}
              className="mono"
              spellCheck={false}
              maxLength={name.endsWith('Url') ? 500 : 20}
              value={draft[name]}
              onChange={(event) => setDraft({ ...draft, [name]: event.target.value })}
            />
          </label>
        ))}
        <p className="dim small-text wide">{t('chains.addNote')}</p>
        <div className="actions wide">
          <Button
            tone="primary"
            why={why}
            busy={add.isPending ? t('chains.adding') : null}
            onPress={submit}
          >
            {t('chains.addDo')}
          </Button>
          {add.isSuccess && (
            <StateTag
              grade="good"
              text={t('chains.added', {
                chain: chainName(add.data.chain),
                height: add.data.height,
              })}
            />
          )}
        </div>
        {refusal !== null && <RefusalNote refusal={refusal} />}
      </form>
    </details>
  )
}

function RemoveChain({ chain }: { readonly chain: string }) {
  const { t } = useText()
  const remove = useAsk('evm.removeChain')
  const refusal = refusalOf(remove.error)
  if (remove.isSuccess) return <StateTag grade="off" text={t('chains.removed')} />
  return (
    <>
      <Button small onPress={() => remove.mutate({ chainId: Number(chain.slice('evm:'.length)) })}>
        {t('chains.remove')}
      </Button>
      {refusal !== null && <RefusalNote refusal={refusal} />}
    </>
  )
}

export function Chains({ chains }: { readonly chains: readonly Chain[] }) {
  const { t } = useText()
  return (
    <Panel title={t('chains.title')} note={t('chains.note')}>
      {chains.length === 0 ? (
        <p className="empty-text">{t('chains.none')}</p>
      ) : (
        <table className="plain">
          <thead>
            <tr>
              <th>{t('chain')}</th>
              <th>{t('vault.source')}</th>
              <th aria-hidden />
            </tr>
          </thead>
          <tbody>
            {chains.map(({ chain, source, added }) => (
              <tr key={chain}>
                <td>{chainName(chain)}</td>
                <td className="mono">{visibleText(source)}</td>
                <td className="right">{added && <RemoveChain chain={chain} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <AddChain />
    </Panel>
  )
}
