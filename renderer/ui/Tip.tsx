/** A hint on hover and focus. Text only. */
import { Tooltip } from 'radix-ui'
import type { ReactElement } from 'react'

export function Tip({
  text,
  children,
}: {
  readonly text: string
  readonly children: ReactElement
}) {
  return (
    <Tooltip.Root delayDuration={250}>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content className="tip" sideOffset={6} collisionPadding={8}>
          {text}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  )
}
