export function SettingsScreen(_: {
  readonly account?: string | null
  readonly section?: string | null
  readonly id?: string | null
}) {
  return null
}
