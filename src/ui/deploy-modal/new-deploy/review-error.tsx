'use client'

import { useFocusOnArrival } from '~/ui/deploy-modal/frame/use-focus-on-arrival'
import { Button } from '~/ui/primitives/button'
import { Notice } from '~/ui/primitives/notice'
import { readWireError } from '~/ui/trpc/wire-error'

interface ReviewErrorProps {
  readonly error: unknown
  readonly onRetry: () => void
  readonly onChooseAnother: () => void
}

/** Why there is nothing to review. Asking again only helps where another answer is possible. */
export function ReviewError({ error, onRetry, onChooseAnother }: ReviewErrorProps) {
  const { appCode, message } = readWireError(error)
  const badRef = appCode === 'ref_unknown' || appCode === 'invalid_input'
  return (
    <Notice
      tone="bad"
      role="alert"
      action={badRef ? <ChooseAnother onPress={onChooseAnother} /> : <Button onClick={onRetry}>Try again</Button>}
    >
      {appCode === 'invalid_input' ? 'That is no name git accepts for a ref.' : message} Nothing was dispatched.
    </Notice>
  )
}

/** The only way on takes the focus from the button that cannot be pressed. */
function ChooseAnother({ onPress }: { readonly onPress: () => void }) {
  const button = useFocusOnArrival<HTMLButtonElement>()
  return (
    <Button ref={button} onClick={onPress}>
      Choose another ref
    </Button>
  )
}
