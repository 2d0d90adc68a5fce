/** What a parser gives: the thing read, or the field and value that made the whole answer unusable. */

export type Parsed<T> =
  | { readonly kind: 'parsed'; readonly value: T }
  | { readonly kind: 'malformed'; readonly field: string; readonly value: string }

/** Names the account a snapshot belongs to. */
export interface SnapshotIdentity {
  readonly accountId: string
  readonly label: string
}
