'use client'

import { ArrowDown } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { LogLine } from '~/domain/deploy/view'
import { type AnsiColour, ansiSpans } from '~/ui/deploy-modal/follow/ansi'
import { useFollow } from '~/ui/deploy-modal/follow/use-follow'
import { Button } from '~/ui/primitives/button'
import { exactUtc } from '~/ui/time/relative-time'
import { trpc } from '~/ui/trpc/client'

interface LogTailProps {
  readonly deployId: string
  readonly tail: readonly LogLine[]
  readonly deletedAt: string | null
  readonly terminal: boolean
}

/** The log of the workflow, newest at the bottom. Not a live region: announcing every line would drown the phases. */
export function LogTail({ deployId, tail, deletedAt, terminal }: LogTailProps) {
  const { rows, loadBefore, loading, failed } = useLog(deployId, tail)
  const first = rows.find((row) => row.kind === 'line')?.line.seq ?? 0
  const { box, following, onScroll, jumpToLatest } = useFollow({ rows: rows.length, first })
  // The pressed button disappears when its lines arrive. Move the focus to the log for keyboard users.
  const loadOlder = async (before: number) => {
    await loadBefore(before)
    box.current?.focus()
  }
  if (terminal && rows.length === 0) {
    return (
      <section>
        <h3 className="mb-1.5 text-sm font-semibold">Log</h3>
        <p className="text-sm text-ink-faint">
          {deletedAt === null
            ? 'There are no log lines.'
            : `The log was deleted on ${deletedAt.slice(0, 10)} because of their age.`}
        </p>
      </section>
    )
  }
  return (
    <section className="relative flex shrink-0 flex-col sm:h-68">
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
          <p className="px-3 text-ink-faint">No log lines yet.</p>
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

interface LogLinesProps {
  readonly rows: readonly LogRow[]
  readonly onLoad: (before: number) => Promise<void>
  readonly loading: boolean
  readonly failed: boolean
}

export function LogLines({ rows, onLoad, loading, failed }: LogLinesProps) {
  return (
    <ol>
      {rows.map((row) =>
        row.kind === 'line' ? (
          <li key={row.line.seq} className="grid grid-cols-[4.25rem_minmax(0,1fr)] gap-x-2 px-3 hover:bg-panel">
            <time dateTime={row.line.at} title={exactUtc(row.line.at)} className="text-ink-faint select-none">
              {exactUtc(row.line.at).slice(11, 19)}
            </time>
            <AnsiLine line={row.line.line} />
          </li>
        ) : (
          <li key={`before ${row.before}`} className="px-3 font-sans">
            <button
              type="button"
              disabled={loading}
              onClick={() => void onLoad(row.before)}
              className="text-accent underline underline-offset-[3px] disabled:text-ink-faint disabled:no-underline"
            >
              {loading ? 'Loading…' : `Show older lines (${row.missing} not shown)`}
            </button>
            {failed && <span className="ml-2 text-ink-soft">The older lines could not be loaded. Try again.</span>}
          </li>
        ),
      )}
    </ol>
  )
}

/** The theme's colours: each is readable on the log's background, light and dark. */
const COLOURS = {
  black: 'text-ink-faint',
  red: 'text-bad',
  green: 'text-good',
  yellow: 'text-warn',
  blue: 'text-accent',
  magenta: 'text-magenta',
  cyan: 'text-cyan',
  white: 'text-ink',
} as const satisfies Record<AnsiColour, string>

/** The workflow's output in its own colours. Copying gives the text as printed. */
export function AnsiLine({ line }: { readonly line: string }) {
  const spans = ansiSpans(line)
  const shown = spans.map(({ text }) => text).join('')
  return (
    <bdi data-raw={shown === line ? undefined : line} className="break-words whitespace-pre-wrap">
      {spans.map(({ text, colour, bold, underline }, index) =>
        colour === null && !bold && !underline ? (
          text
        ) : (
          <span
            key={`${String(index)} ${text}`}
            className={`${colour === null ? '' : COLOURS[colour]} ${bold ? 'font-semibold' : ''} ${underline ? 'underline' : ''}`}
          >
            {text}
          </span>
        ),
      )}
    </bdi>
  )
}

/** All loaded lines of a deploy. The poll brings the newest; older lines are loaded on demand. */
function useLog(deployId: string, tail: readonly LogLine[]) {
  const utils = trpc.useUtils()
  const [held, setHeld] = useState<readonly LogLine[]>(tail)
  const merged = mergeLog(held, tail)
  if (merged !== held) setHeld(merged)
  const [state, setState] = useState<'idle' | 'loading' | 'failed'>('idle')

  const loadBefore = async (before: number) => {
    setState('loading')
    try {
      const older = await utils.deploys.log.fetch({ id: deployId, before })
      setHeld((lines) => mergeLog(lines, older.lines))
      setState('idle')
    } catch {
      setState('failed')
    }
  }

  const rows = useMemo(() => logRows(merged), [merged])
  return { rows, loadBefore, loading: state === 'loading', failed: state === 'failed' }
}

/** Merges two readings of one log: each line once, in order. */
export function mergeLog(held: readonly LogLine[], read: readonly LogLine[]): readonly LogLine[] {
  const known = new Set(held.map((line) => line.seq))
  const added = read.filter((line) => !known.has(line.seq))
  return added.length === 0 ? held : [...held, ...added].toSorted((a, b) => a.seq - b.seq)
}

type LogRow =
  | { readonly kind: 'line'; readonly line: LogLine }
  | { readonly kind: 'gap'; readonly before: number; readonly missing: number }

/** Lines are numbered without gaps, so lines that are not loaded yet show as a gap. */
export function logRows(lines: readonly LogLine[]): readonly LogRow[] {
  return lines.flatMap((line, index): readonly LogRow[] => {
    const missing = line.seq - (lines[index - 1]?.seq ?? 0) - 1
    const row: LogRow = { kind: 'line', line }
    return missing > 0 ? [{ kind: 'gap', before: line.seq, missing }, row] : [row]
  })
}
