'use client'

import { ArrowDown } from 'lucide-react'
import type { LogLine } from '~/domain/deploy/view'
import { LogLines } from '~/ui/deploy-modal/follow/log-lines'
import { useFollow } from '~/ui/deploy-modal/follow/use-follow'
import { useLog } from '~/ui/deploy-modal/follow/use-log'
import { Button } from '~/ui/primitives/button'

interface LogTailProps {
  readonly deployId: string
  readonly tail: readonly LogLine[]
  readonly terminal: boolean
}

/** What the workflow said, newest at the bottom. Not a live region: phases are announced, every line would drown them. */
export function LogTail({ deployId, tail, terminal }: LogTailProps) {
  const { rows, loadBefore, loading, failed } = useLog(deployId, tail)
  const first = rows.find((row) => row.kind === 'line')?.line.seq ?? 0
  const { box, following, onScroll, jumpToLatest } = useFollow({ rows: rows.length, first })
  // The pressed button goes when its lines come; the log takes the focus, so that reading on with the keyboard works.
  const loadOlder = async (before: number) => {
    await loadBefore(before)
    box.current?.focus()
  }
  return (
    <section className="relative flex min-h-0 flex-1 flex-col">
      <h3 className="mb-1.5 text-sm font-semibold">Log</h3>
      <div
        ref={box}
        role="log"
        aria-live="off"
        aria-label="Log"
        onScroll={onScroll}
        data-following={following}
        className="h-56 overflow-y-auto sm:h-auto sm:min-h-0 sm:flex-1 overscroll-contain rounded-[5px] border border-line bg-well py-2 font-mono text-xs leading-5"
      >
        {rows.length === 0 ? (
          <p className="px-3 text-ink-faint">{terminal ? 'The workflow sent no log lines.' : 'No log lines yet.'}</p>
        ) : (
          <LogLines rows={rows} onLoad={loadOlder} loading={loading} failed={failed} />
        )}
      </div>
      {!following && (
        <Button onClick={jumpToLatest} className="absolute right-4 bottom-3">
          <ArrowDown aria-hidden="true" className="size-4" />
          Jump to latest
        </Button>
      )}
    </section>
  )
}
