/** The device beside any screen that has no place for it, while it waits for its button or for what is typed here: a change of the policy,
 *  or a call made from elsewhere. Screens that show the device themselves keep it where it is. */
import { useRead } from '../data/host.ts'
import { type Route, routeHref } from '../data/route.ts'
import { useText } from '../language/text.ts'
import { DevicePanel } from '../ui/DevicePanel.tsx'

function showsDevice(route: Route, paired: boolean): boolean {
  if (route.screen === 'transfers') return route.part !== null && route.part !== 'new'
  return (
    route.screen === 'vault' &&
    (!paired || /^(receive|passphrase|messages)(\/|$)/.test(route.part ?? ''))
  )
}

export function DeviceDrawer({ route }: { readonly route: Route }) {
  const { t } = useText()
  const device = useRead('status.read', {}, 5_000).data?.device
  const paired = useRead('portfolio.read', {}).data?.vaultPaired ?? false
  const transfers = useRead('transfers.list', {}).data?.transfers ?? []
  const waits = device?.kind === 'waiting' || device?.kind === 'asks'
  if (!waits || showsDevice(route, paired)) return null
  const asked = transfers.find(({ state }) => state === 'confirming' || state === 'signing')
  return (
    <div className="device-drawer">
      {asked !== undefined && (
        <a className="button primary" href={routeHref('transfers', asked.id)}>
          {t('device.toReview')}
        </a>
      )}
      <DevicePanel hint={asked === undefined ? t('device.unasked') : t('device.compareNow')} />
    </div>
  )
}
