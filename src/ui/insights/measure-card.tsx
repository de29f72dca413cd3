import type { ReactNode } from 'react'
import type { Insights, Measure, MeasureSums, Part, Period } from '~/domain/insights'
import { BarChart } from '~/ui/insights/bar-chart'
import { deploysAddress, nounCount, partWords, type Scope } from '~/ui/insights/insight-words'
import { Disclosure } from '~/ui/primitives/disclosure'
import { LINK, PageLink } from '~/ui/primitives/links'

/** How one of the four measures is read from sums and said. */
export interface MeasureLook {
  readonly id: string
  readonly heading: string
  /** What one deploy of `counted` is called. */
  readonly noun: string
  readonly counted: Measure
  /** A second count: of which those of `counted` are a part. */
  readonly of?: { readonly measure: Measure; readonly noun: string }
  readonly tone: 'accent' | 'bad'
  /** The name of the value in a table; null: the count is the value. */
  readonly column: string | null
  /** The value of a part; null without one. */
  readonly value: (sums: MeasureSums) => number | null
  /** The value in words. */
  readonly words: (value: number) => string
  /** The figure of the whole period, or why there is none. */
  readonly figure: (sums: MeasureSums) => { readonly text: string; readonly isValue: boolean }
}

interface MeasureCardProps {
  readonly look: MeasureLook
  readonly insights: Insights
  readonly days: Period
  readonly scope: Scope
  readonly children?: ReactNode
}

/** One measure: the figure with its deploys, the chart, and the table behind the chart. */
export function MeasureCard({ look, insights, days, scope, children }: MeasureCardProps) {
  const { id, heading, noun, counted, of, tone, value, words } = look
  const { total, parts } = insights
  const whole = wholeOf(parts)
  const { text, isValue } = look.figure(total)
  const bars = parts.map((part) => {
    const its = value(part)
    return { value: its, words: `${partWords(part, days)}: ${its === null ? 'no value' : words(its)}` }
  })
  const highest = words(Math.max(...bars.map((bar) => bar.value ?? 0)))
  const name = partName(days)
  return (
    <section aria-labelledby={id} className="min-w-0 rounded-md border border-line bg-panel px-4 py-3.5">
      <h2 id={id} className="text-sm font-semibold">
        {heading}
      </h2>
      <p
        className={
          isValue ? 'mt-1 text-2xl/8 font-semibold tracking-tight tabular-nums' : 'mt-1 text-sm/8 text-ink-soft'
        }
      >
        {text}
      </p>
      <p className="text-sm text-ink-soft">
        <Deploys measure={counted} part={whole} scope={scope} count={total.counts[counted]} noun={noun} />
        {of !== undefined && (
          <>
            {' '}
            of{' '}
            <Deploys measure={of.measure} part={whole} scope={scope} count={total.counts[of.measure]} noun={of.noun} />
          </>
        )}
        {children}
      </p>
      <BarChart
        label={`${heading} by ${name}. The table below has the values.`}
        bars={bars}
        tone={tone}
        highest={highest}
      />
      <p aria-hidden="true" className="mt-1 mb-2 flex justify-between text-xs text-ink-faint">
        <span>{parts[0] !== undefined && partWords(parts[0], days)}</span>
        <span>{parts.length > 1 && partWords(parts.at(-1) ?? whole, days)}</span>
      </p>
      <Disclosure title="Table" note={`by ${name}`}>
        <PartsTable look={look} insights={insights} days={days} scope={scope} />
      </Disclosure>
    </section>
  )
}

const wholeOf = (parts: readonly Part[]): Part => ({ from: parts[0]?.from ?? '', to: parts.at(-1)?.to ?? '' })
const partName = (days: Period): string => (days === 365 ? 'month' : days === 7 ? 'day' : 'week')

const HEAD = 'py-1 pr-3 text-xs font-medium text-ink-faint'
const CELL = 'py-1 pr-3 tabular-nums'

function PartsTable({ look, insights, days, scope }: Omit<MeasureCardProps, 'children'>) {
  const { heading, noun, counted, of, column, value, words } = look
  return (
    <table className="mt-2 w-full border-collapse text-sm">
      <caption className="sr-only">
        {heading} by {partName(days)}
      </caption>
      <thead>
        <tr>
          <th scope="col" className={`${HEAD} text-left`}>
            {partName(days) === 'day' ? 'Day (UTC)' : `${partName(days) === 'week' ? 'Week' : 'Month'} (UTC)`}
          </th>
          {[{ measure: counted, noun }, ...(of === undefined ? [] : [of])].map((one) => (
            <th key={one.measure} scope="col" className={`${HEAD} text-right`}>
              {one.noun.charAt(0).toUpperCase() + one.noun.slice(1)}s
            </th>
          ))}
          {column !== null && (
            <th scope="col" className={`${HEAD} pr-0 text-right`}>
              {column}
            </th>
          )}
        </tr>
      </thead>
      <tbody>
        {insights.parts.toReversed().map((part) => {
          const its = value(part)
          return (
            <tr key={part.from} className="border-t border-line">
              <th scope="row" className={`${CELL} text-left font-normal`}>
                {partWords(part, days)}
              </th>
              {[{ measure: counted, noun }, ...(of === undefined ? [] : [of])].map((one) => (
                <td key={one.measure} className={`${CELL} text-right`}>
                  <Deploys measure={one.measure} part={part} scope={scope} count={part.counts[one.measure]} />
                </td>
              ))}
              {column !== null && (
                <td className={`${CELL} pr-0 text-right text-ink-soft`}>
                  {its === null ? (part.counts[of?.measure ?? counted] === 0 ? '–' : 'too few') : words(its)}
                </td>
              )}
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

interface DeploysProps {
  readonly measure: Measure
  readonly part: Part
  readonly scope: Scope
  readonly count: number
  /** Null: the number alone. */
  readonly noun?: string
}

/** A count that leads to its deploys. */
export function Deploys({ measure, part, scope, count, noun }: DeploysProps) {
  const text = noun === undefined ? count.toLocaleString('en-US') : nounCount(count, noun)
  if (count === 0) return <span className="text-ink-faint">{text}</span>
  return (
    <PageLink href={deploysAddress(measure, part, scope)} className={LINK}>
      {text}
    </PageLink>
  )
}
