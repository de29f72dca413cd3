import Link from 'next/link'
import type { SurfaceTile } from '~/domain/surface'
import { FreezeMark } from '~/ui/freezes/freeze-mark'
import { untilWords, windowOver } from '~/ui/freezes/freeze-words'

/** Above the grid: whether production is frozen. Always one line, so that a freeze moves nothing. */
export function FreezeStrip({ tiles }: { readonly tiles: readonly SurfaceTile[] }) {
  const window = windowOver('production', tiles)
  return (
    <section
      aria-label="Freeze"
      data-frozen={window !== null}
      className={`mt-2 flex h-11 items-center gap-x-2 rounded-md border px-4 text-sm ${window === null ? 'border-line bg-panel' : 'border-warn/40 bg-warn-wash'}`}
    >
      {window === null ? (
        <p className="min-w-0 flex-1 truncate text-ink-faint">Production is not frozen</p>
      ) : (
        <>
          <FreezeMark kind="frozen" />
          <p className="min-w-0 flex-1 truncate" title={`${window.reason} (${window.by}), ${untilWords(window.until)}`}>
            <span className="font-medium">Production is frozen</span>
            <span className="text-ink-soft">
              {' '}
              {untilWords(window.until)}: “{window.reason}” · {window.by}
            </span>
          </p>
        </>
      )}
      <Link
        href="/freezes"
        className="shrink-0 text-ink-soft underline decoration-line underline-offset-[3px] hover:decoration-current"
      >
        Freezes
      </Link>
    </section>
  )
}
