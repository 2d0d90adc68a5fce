/** One row of a plan that the device does not show: its name and what stands across. */
import type { ReactNode } from 'react'

export function Row({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td colSpan={3}>{children}</td>
    </tr>
  )
}
