import { type AnsiColour, ansiSpans } from '~/ui/deploy-modal/follow/ansi'
import type { LogRow } from '~/ui/deploy-modal/follow/log-rows'
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
            <Line line={row.line.line} />
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

/** In the theme's own colours: each is readable on the log's ground, light and dark. */
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

/** What the workflow printed, coloured as it asked for; copied as it was printed. */
function Line({ line }: { readonly line: string }) {
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
