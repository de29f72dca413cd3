import { Notice } from '~/ui/primitives/notice'
import { TimeAgo } from '~/ui/time/time-ago'
import { readWireError } from '~/ui/trpc/wire-error'

/** A poll failed: say so, say how old the picture is, and that nothing else follows from it. */
export function ConnectionNotice({ error, updatedAt }: { readonly error: unknown; readonly updatedAt: number }) {
  const wire = readWireError(error)
  return (
    <Notice tone="warn" role="status">
      {wire.kind === 'unreachable' ? 'Connection to the console lost.' : wire.message}{' '}
      {updatedAt > 0 && (
        <>
          This is what was known <TimeAgo at={new Date(updatedAt).toISOString()} />.{' '}
        </>
      )}
      Still trying.
    </Notice>
  )
}
