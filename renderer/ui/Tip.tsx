/** A hint on hover and focus. Text only; a long one is given as a function and made when it is shown. */
import { Tooltip } from 'radix-ui'
import type { ReactElement } from 'react'

export function Tip({
  text,
  children,
}: {
  readonly text: string | (() => string)
  readonly children: ReactElement
}) {
  return (
    <Tooltip.Root delayDuration={250}>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content className="tip" sideOffset={6} collisionPadding={8}>
          <TipText text={text} />
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  )
}

function TipText({ text }: { readonly text: string | (() => string) }) {
  return typeof text === 'string' ? text : text()
}
