'use client'

import { useVirtualizer, type VirtualItem } from '@tanstack/react-virtual'
import { ArrowDown, ArrowUp, Download, WrapText } from 'lucide-react'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import type { LogLine } from '~/domain/deploy/view'
import { AnsiLine } from '~/ui/deploy-modal/follow/ansi-line'
import { LogSearch } from '~/ui/deploy-modal/follow/log-search'
import { useFollow } from '~/ui/deploy-modal/follow/use-follow'
import { useLog } from '~/ui/deploy-modal/follow/use-log'
import { useIsHydrated } from '~/ui/first-view/hydration'
import { Button } from '~/ui/primitives/button'
import { exactUtc } from '~/ui/time/relative-time'

interface LogTailProps {
  readonly deployId: string
  readonly tail: readonly LogLine[]
  readonly deletedAt: string | null
  readonly terminal: boolean
}

/** The log of the workflow, newest at the bottom. */
export function LogTail({ deployId, tail, deletedAt, terminal }: LogTailProps) {
  if (terminal && tail.length === 0) {
    return (
      <section>
        <h3 className="mb-1.5 text-sm font-semibold">Log</h3>
        <p className="text-sm text-ink-faint">
          {deletedAt === null
            ? 'There are no log lines.'
            : `The log was deleted on ${deletedAt.slice(0, 10)} because of its age.`}
        </p>
      </section>
    )
  }
  return <Log deployId={deployId} tail={tail} />
}

const ROW_PX = 20

/** Only the lines in view are elements, however long the log is. Not a live region: announcing every line would drown the phases. */
function Log({ deployId, tail }: Pick<LogTailProps, 'deployId' | 'tail'>) {
  const isHydrated = useIsHydrated()
  const { lines, total, load, failed } = useLog(deployId, tail)
  const [wraps, setWraps] = useState(true)
  const [found, setFound] = useState<number | null>(null)
  const box = useRef<HTMLDivElement>(null)
  const rows = useVirtualizer({
    count: total,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 20,
    paddingStart: 8,
    paddingEnd: 8,
    initialRect: { width: 0, height: 272 },
    // The end, so that the first lines are not read before somebody goes there.
    initialOffset: () => total * ROW_PX,
  })
  const { following, setFollowing, onScroll } = useFollow(box, isHydrated ? rows.getTotalSize() : 0)
  const items = rows.getVirtualItems()
  const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? -1]
  useEffect(() => load(first + 1, last + 1), [load, first, last])

  const goTo = (index: number, align: 'start' | 'center') => {
    setFollowing(false)
    rows.scrollToIndex(index, { align })
  }
  return (
    <section className="relative flex shrink-0 flex-col">
      <div className="mb-1.5 flex flex-wrap items-center gap-x-3 gap-y-1">
        <h3 className="text-sm font-semibold">
          Log{' '}
          {total > 0 && (
            <span className="font-normal text-ink-faint tabular-nums">
              {total.toLocaleString('en')} {total === 1 ? 'line' : 'lines'}
            </span>
          )}
        </h3>
        <div className="ml-auto flex min-w-0 items-center gap-0.5 print:hidden">
          <LogSearch
            deployId={deployId}
            total={total}
            onFind={(seq) => {
              setFound(seq)
              if (seq !== null) goTo(seq - 1, 'center')
            }}
          />
          <Tool title="First line" onPress={() => goTo(0, 'start')}>
            <ArrowUp aria-hidden="true" className="size-4" />
          </Tool>
          <Tool title="Wrap long lines" pressed={wraps} onPress={() => setWraps(!wraps)}>
            <WrapText aria-hidden="true" className="size-4" />
          </Tool>
          <a href={`/api/internal/deploys/${deployId}/log/text`} download title="Download the log" className={TOOL}>
            <Download aria-hidden="true" className="size-4" />
            <span className="sr-only">Download the log</span>
          </a>
        </div>
      </div>
      <div
        ref={box}
        role="log"
        aria-live="off"
        aria-label="Log"
        onScroll={onScroll}
        data-following={following}
        className="h-56 overflow-auto overscroll-contain rounded-[5px] border border-line bg-well font-mono text-xs leading-5 sm:h-60 print:hidden"
      >
        {total === 0 && <p className="px-3 py-2 text-ink-faint">No log lines yet.</p>}
        {/* The content policy refuses the style of HTML, so the server renders no lines. */}
        {total > 0 && isHydrated && (
          <ol className="relative" style={{ height: rows.getTotalSize() }}>
            {items.map((item) => (
              <LogRow
                // A line that wraps is as high as its text.
                key={`${item.key} ${wraps}`}
                ref={rows.measureElement}
                item={item}
                total={total}
                line={lines.get(item.index + 1) ?? null}
                wraps={wraps}
                isFound={found === item.index + 1}
              />
            ))}
          </ol>
        )}
      </div>
      <PrintedLog tail={tail} total={total} />
      {failed && (
        <p role="alert" className="mt-1 text-xs text-ink-soft">
          Some lines could not be loaded. Scroll to try again.
        </p>
      )}
      {!following && (
        <Button onClick={() => setFollowing(true)} className="absolute right-4 bottom-3 print:hidden">
          <ArrowDown aria-hidden="true" className="size-4" />
          Jump to latest
        </Button>
      )}
    </section>
  )
}

const TOOL =
  'inline-flex size-7 shrink-0 items-center justify-center rounded-[5px] text-ink-soft hover:bg-well hover:text-ink aria-pressed:bg-well aria-pressed:text-ink'

interface ToolProps {
  readonly title: string
  readonly pressed?: boolean
  readonly onPress: () => void
  readonly children: ReactNode
}

function Tool({ title, pressed, onPress, children }: ToolProps) {
  return (
    <button type="button" title={title} aria-pressed={pressed} onClick={onPress} className={TOOL}>
      {children}
      <span className="sr-only">{title}</span>
    </button>
  )
}

interface LogRowProps {
  readonly ref: (element: HTMLElement | null) => void
  readonly item: Pick<VirtualItem, 'index' | 'start'>
  readonly total: number
  /** Null while it is being read. */
  readonly line: LogLine | null
  readonly wraps: boolean
  readonly isFound: boolean
}

export function LogRow({ ref, item, total, line, wraps, isFound }: LogRowProps) {
  return (
    <li
      ref={ref}
      data-index={item.index}
      data-found={isFound || undefined}
      aria-posinset={item.index + 1}
      aria-setsize={total}
      style={{ transform: `translateY(${item.start}px)` }}
      className={`absolute top-0 left-0 grid min-h-5 min-w-full gap-x-2 px-3 hover:bg-panel data-found:bg-warn-wash ${wraps ? 'w-full grid-cols-[4.25rem_minmax(0,1fr)]' : 'w-max grid-cols-[4.25rem_auto]'}`}
    >
      {line === null ? (
        <span className="col-span-2 text-ink-faint">…</span>
      ) : (
        <>
          <time dateTime={line.at} title={exactUtc(line.at)} className="text-ink-faint select-none">
            {exactUtc(line.at).slice(11, 19)}
          </time>
          <AnsiLine line={line.line} wraps={wraps} />
        </>
      )}
    </li>
  )
}

/** Paper does not scroll: the newest lines, and where the others are. */
function PrintedLog({ tail, total }: { readonly tail: readonly LogLine[]; readonly total: number }) {
  return (
    <div aria-hidden="true" className="hidden font-mono text-xs leading-5 print:block">
      {tail.length < total && (
        <p className="font-sans">
          The newest {tail.length} of {total} lines. The evidence file and the downloaded log have the others.
        </p>
      )}
      {tail.map(({ seq, at, line }) => (
        <p key={seq}>
          {exactUtc(at).slice(11, 19)} <AnsiLine line={line} />
        </p>
      ))}
    </div>
  )
}
