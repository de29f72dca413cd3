import Link from 'next/link'
import { inSentence } from '~/domain/foreign-text'
import type { SurfaceTile } from '~/domain/surface'
import { FreezeMark } from '~/ui/freezes/freeze-mark'
import { untilWords, windowOver } from '~/ui/freezes/freeze-words'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { useSeenTitle } from '~/ui/time/stopped-clock'

/** Below what runs, in the same panel: whether production is frozen. Always one line, so that a freeze moves nothing. */
export function FreezeStrip({ tiles }: { readonly tiles: readonly SurfaceTile[] }) {
  const seen = useSeenTitle()
  const window = windowOver('production', tiles)
  return (
    <section
      aria-label="Freeze"
      title={seen}
      data-frozen={window !== null}
      className={`flex h-9 items-center gap-x-2 rounded-b-[5px] border-t px-4 text-sm ${window === null ? 'border-line' : 'border-warn/40 bg-warn-wash'}`}
    >
      {window === null ? (
        <p className="min-w-0 flex-1 truncate text-ink-faint">No freeze of this console holds production</p>
      ) : (
        <>
          <FreezeMark kind="frozen" />
          <p
            className="min-w-0 flex-1 truncate"
            title={`${inSentence(window.reason)} (${inSentence(window.by)}), ${untilWords(window.until)}`}
          >
            <Link
              href="/freezes"
              className="font-medium underline decoration-control underline-offset-[3px] hover:decoration-current"
            >
              Production is frozen
            </Link>
            <span className="text-ink-soft">
              {' '}
              {untilWords(window.until)}: “<ForeignText text={window.reason} whole />” ·{' '}
              <ForeignText text={window.by} />
            </span>
          </p>
        </>
      )}
    </section>
  )
}
