import { Notice } from '~/ui/primitives/notice'
import { consoleNow, consoleTime } from '~/ui/time/clock'
import { asOf } from '~/ui/time/relative-time'
import { readWireError } from '~/ui/trpc/wire-error'

/** Says that a poll failed, and when the last answer came. */
export function ConnectionNotice({ error, updatedAt }: { readonly error: unknown; readonly updatedAt: number }) {
  return (
    <Notice tone="warn" role="status">
      <LostSentence error={error} updatedAt={updatedAt} />
    </Notice>
  )
}

interface LostSentenceProps {
  readonly error: unknown
  /** When the last good answer came; 0 when there was none yet. */
  readonly updatedAt: number
}

/** A failed poll says nothing about any deploy: the page, including its clocks, keeps the last known state. */
export function LostSentence({ error, updatedAt }: LostSentenceProps) {
  const wire = readWireError(error)
  return (
    <>
      {wire.kind === 'unreachable' ? 'Connection to the console lost.' : wire.message}{' '}
      {updatedAt > 0 && (
        <>
          Everything here, clocks included, is as of{' '}
          <span className="whitespace-nowrap tabular-nums">{asOf(consoleTime(updatedAt), consoleNow())}</span>.{' '}
        </>
      )}
      Still trying.
    </>
  )
}
