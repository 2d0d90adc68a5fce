/** Whether the device has shown an address, and when. */
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { StateTag } from '../ui/StateTag.tsx'

export function Verified({ at }: { readonly at: number | null }) {
  const { t } = useText()
  const format = useFormat()
  return at === null ? (
    <StateTag grade="warn" text={t('addresses.notVerified')} />
  ) : (
    <StateTag grade="good" text={t('addresses.verifiedAt', { time: format.moment(at) })} />
  )
}
