import { Unplug } from 'lucide-react'
import { LostSentence } from '~/ui/status/lost-sentence'

/** The same words as on the grid, at the foot of the deploy that is open. */
export function LostConnection({ error, updatedAt }: { readonly error: unknown; readonly updatedAt: number }) {
  return (
    <p role="status" className="flex items-start gap-1.5 text-ink">
      <Unplug aria-hidden="true" className="mt-px size-4 shrink-0 text-warn" />
      <span>
        <LostSentence error={error} updatedAt={updatedAt} />
      </span>
    </p>
  )
}
