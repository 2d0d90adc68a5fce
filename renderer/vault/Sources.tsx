/** Who says what the vault holds, chain by chain, and whether a second, independent server says the same. */
import { useRead } from '../data/host.ts'
import { visibleText } from '../format/addresses.ts'
import { chainName } from '../format/chains.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { Age } from '../ui/Age.tsx'
import { Panel } from '../ui/Panel.tsx'
import { StateTag } from '../ui/StateTag.tsx'
import { crossCheckWords } from '../ui/crossCheckText.ts'

const staleAfterMs = 10 * 60_000

export function Sources() {
  const speech = useText()
  const { t } = speech
  const format = useFormat()
  const chains = useRead('status.read', {}, 5_000).data?.chains ?? []
  if (chains.length === 0) return null
  return (
    <Panel title={t('sources.title')} note={t('sources.note')}>
      <ul className="source-rows">
        {[...chains]
          .sort((a, b) => a.chain.localeCompare(b.chain))
          .map((chain) => {
            const words = crossCheckWords(chain.crossCheck, format, speech)
            return (
              <li key={chain.chain} data-chain={chain.chain} data-cross-check={words.kind}>
                <span>
                  <strong>{chainName(chain.chain)}</strong>
                  <span className="dim small-text">{visibleText(chain.source)}</span>
                </span>
                <span>
                  <span className="tags">
                    <StateTag grade={words.grade} text={words.state} />
                    {words.asOf !== null && <Age asOf={words.asOf} staleAfterMs={staleAfterMs} />}
                  </span>
                  <span className="small-text">{words.meaning}</span>
                  {words.wayOut !== null && (
                    <span className="small-text">
                      <strong>{words.wayOut}</strong>
                    </span>
                  )}
                </span>
                <span className="dim num right">
                  {chain.height !== null && (
                    <span>{t('status.block', { height: format.count(chain.height) })}</span>
                  )}
                  <Age asOf={chain.asOf} staleAfterMs={staleAfterMs} />
                </span>
              </li>
            )
          })}
      </ul>
    </Panel>
  )
}
