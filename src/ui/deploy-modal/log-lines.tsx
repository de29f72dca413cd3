import type { LogRow } from '~/ui/deploy-modal/log-rows'
import { exactUtc } from '~/ui/time/relative-time'

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
            <span className="break-words whitespace-pre-wrap">{row.line.line}</span>
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
            {failed && <span className="ml-2 text-ink-soft">They could not be loaded; try again.</span>}
          </li>
        ),
      )}
    </ol>
  )
}
