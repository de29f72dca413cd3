interface BarChartProps {
  /** What the bars are, for screen readers. The table below the chart has the values. */
  readonly label: string
  /** Null: no value, shown as a short mark. */
  readonly bars: readonly { readonly words: string; readonly value: number | null }[]
  readonly tone: keyof typeof TONES
  /** The value of the tallest bar, in words. */
  readonly highest: string
}

const TONES = { accent: 'fill-accent', bad: 'fill-bad' } as const

const [HEIGHT, STEP, GAP, LEAST, MARK] = [64, 10, 2, 1.5, 1]

/** Bars from zero, with the first and the last label. */
export function BarChart({ label, bars, tone, highest }: BarChartProps) {
  const most = Math.max(...bars.map(({ value }) => value ?? 0))
  return (
    <figure className="mt-3">
      <p aria-hidden="true" className="min-h-4 text-right text-xs text-ink-faint tabular-nums">
        {most > 0 && highest}
      </p>
      <svg
        role="img"
        aria-label={label}
        viewBox={`0 0 ${bars.length * STEP - GAP} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="h-16 w-full border-b border-line"
      >
        {bars.map(({ words, value }, index) => {
          const height = value === null || most === 0 ? MARK : Math.max(LEAST, (value / most) * HEIGHT)
          return (
            <rect
              key={words}
              x={index * STEP}
              y={HEIGHT - height}
              width={STEP - GAP}
              height={height}
              className={value === null || value === 0 ? 'fill-control' : TONES[tone]}
            >
              <title>{words}</title>
            </rect>
          )
        })}
      </svg>
    </figure>
  )
}
