import { type AnsiColour, ansiSpans } from '~/ui/deploy-modal/follow/ansi'

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

interface AnsiLineProps {
  readonly line: string
  /** Breaks a long line instead of running past the edge. */
  readonly wraps?: boolean
}

/** The workflow's output in its own colours. Copying gives the text as printed. */
export function AnsiLine({ line, wraps = true }: AnsiLineProps) {
  const spans = ansiSpans(line)
  const shown = spans.map(({ text }) => text).join('')
  return (
    <bdi
      data-raw={shown === line ? undefined : line}
      className={wraps ? 'break-words whitespace-pre-wrap' : 'whitespace-pre'}
    >
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
