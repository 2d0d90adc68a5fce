/** A full address in groups of four. Copies and screen readers get the address itself; of one that was planted to be
 *  copied they get nothing. */
import { groupsOfFour } from '../format/addresses.ts'

export function AddressText({
  address,
  suspect,
}: {
  readonly address: string
  /** Why it must not be copied from here; its words are the reader's. */
  readonly suspect?: string | undefined
}) {
  const groups = groupsOfFour(address)
  const shown = groups.map((group, index) => (
    // Groups repeat and never move: their place is their identity.
    <span key={index} aria-hidden className={index % 2 === 0 ? 'four' : 'four other'}>
      {group}
    </span>
  ))
  if (suspect !== undefined) {
    return (
      <span
        className="address suspect"
        title={suspect}
        data-suspect
        onCopy={(event) => event.preventDefault()}
      >
        <span className="unseen">{suspect}</span>
        {shown}
      </span>
    )
  }
  return (
    <span className="address" data-address={address}>
      <span className="unseen">{address}</span>
      {shown}
    </span>
  )
}
