import { Unplug } from 'lucide-react'
import { TimeAgo } from '~/ui/time/time-ago'
import { readWireError } from '~/ui/trpc/wire-error'

/** A poll failed. That says nothing about the deploy: the last known state stays, and the next poll comes. */
export function LostConnection({ error, updatedAt }: { readonly error: unknown; readonly updatedAt: number }) {
  const wire = readWireError(error)
  return (
    <p role="status" className="flex items-start gap-1.5 text-ink">
      <Unplug aria-hidden="true" className="mt-px size-4 shrink-0 text-warn" />
      <span>
        {wire.kind === 'unreachable' ? 'Connection lost.' : wire.message} Last known state, from{' '}
        <TimeAgo at={new Date(updatedAt).toISOString()} />; still trying.
      </span>
    </p>
  )
}
