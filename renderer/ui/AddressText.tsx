/** A full address in groups of four. Copies and screen readers get the address itself. */
import { groupsOfFour } from '../format/addresses.ts'

export function AddressText({ address }: { readonly address: string }) {
  const groups = groupsOfFour(address)
  return (
    <span className="address" data-address={address}>
      <span className="unseen">{address}</span>
      {groups.map((group, index) => (
        // Groups repeat and never move: their place is their identity.
        <span key={index} aria-hidden className={index % 2 === 0 ? 'four' : 'four other'}>
          {group}
        </span>
      ))}
    </span>
  )
}
