import { CalendarCheck, MessageSquareWarning } from 'lucide-react'
import { type KeyboardEvent, useRef } from 'react'
import { inSentence } from '~/domain/foreign-text'
import { countWords, type Day, type DayEntries, dayWords, entriesOf, localDate } from '~/ui/calendar/calendar-days'
import { FreezeMark } from '~/ui/freezes/frozen-by'
import { ForeignText } from '~/ui/primitives/foreign-text'

interface MonthGridProps {
  readonly weeks: readonly (readonly Day[])[]
  readonly calendar: Parameters<typeof entriesOf>[1]
  readonly today: string
  readonly chosen: string
  readonly onChoose: (date: string) => void
}

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

/** By how many days a key moves. */
const MOVES: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }

/** A month as a table of days. Arrows move by day and week, Page up and down by month, Home and End within the week. */
export function MonthGrid({ weeks, calendar, today, chosen, onChoose }: MonthGridProps) {
  const table = useRef<HTMLTableElement>(null)
  const move = (event: KeyboardEvent, { start }: Day) => {
    const target = moved(event.key, start)
    if (target === null || event.altKey || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    onChoose(localDate(target))
    // The day may be of a month that is shown only after this.
    requestAnimationFrame(() => table.current?.querySelector<HTMLElement>(`[data-day="${localDate(target)}"]`)?.focus())
  }
  return (
    <table
      ref={table}
      aria-labelledby="month"
      aria-busy={calendar === null}
      className="w-full table-fixed border-separate border-spacing-0 overflow-hidden rounded-md border border-line bg-panel"
    >
      <thead>
        <tr>
          {WEEKDAYS.map((name) => (
            <th
              key={name}
              scope="col"
              abbr={name}
              className="border-b border-line px-2 py-1 text-left text-xs font-medium text-ink-faint"
            >
              {name.slice(0, 3)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {weeks.map((week) => (
          <tr key={week[0]?.date}>
            {week.map((day) => (
              <td
                key={day.date}
                className="h-24 border-line p-0 align-top not-first:border-l [tr:not(:first-child)>&]:border-t"
              >
                <DayCell
                  day={day}
                  entries={entriesOf(day, calendar)}
                  isToday={day.date === today}
                  isChosen={day.date === chosen}
                  onChoose={() => onChoose(day.date)}
                  onKeyDown={(event) => move(event, day)}
                />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function moved(key: string, from: Date): Date | null {
  const [year, month, day] = [from.getFullYear(), from.getMonth(), from.getDate()]
  const by = MOVES[key]
  if (by !== undefined) return new Date(year, month, day + by)
  const weekday = (from.getDay() + 6) % 7
  if (key === 'Home') return new Date(year, month, day - weekday)
  if (key === 'End') return new Date(year, month, day + 6 - weekday)
  if (key !== 'PageUp' && key !== 'PageDown') return null
  const target = month + (key === 'PageUp' ? -1 : 1)
  // 31 January has no day of that number a month later.
  return new Date(year, target, Math.min(day, new Date(year, target + 1, 0).getDate()))
}

interface DayCellProps {
  readonly day: Day
  readonly entries: DayEntries | null
  readonly isToday: boolean
  readonly isChosen: boolean
  readonly onChoose: () => void
  readonly onKeyDown: (event: KeyboardEvent) => void
}

/** How many freezes a cell names before it counts the rest. */
const NAMED_AT_MOST = 2

function DayCell({ day, entries, isToday, isChosen, onChoose, onKeyDown }: DayCellProps) {
  const { freezes, deploys } = entries ?? { freezes: [], deploys: [] }
  const named = freezes.slice(0, NAMED_AT_MOST)
  const rest = freezes.length - named.length
  return (
    <button
      type="button"
      data-day={day.date}
      tabIndex={isChosen ? 0 : -1}
      aria-pressed={isChosen}
      aria-current={isToday ? 'date' : undefined}
      onClick={onChoose}
      onKeyDown={onKeyDown}
      className={`flex h-full min-h-24 w-full flex-col gap-0.5 px-1.5 py-1 text-left text-xs -outline-offset-2 hover:bg-well ${isChosen ? 'bg-accent-wash' : ''} ${day.inMonth ? '' : 'text-ink-faint'}`}
    >
      <span className="sr-only">
        {dayWords(day)}: {countWords(entries)}
      </span>
      <span aria-hidden="true" className="flex items-center justify-between">
        <span
          className={`tabular-nums ${isToday ? 'rounded-full bg-accent px-1.5 font-medium text-on-accent' : day.inMonth ? 'font-medium' : ''}`}
        >
          {day.start.getDate()}
        </span>
        {deploys.length > 0 && (
          <span className="text-ink-soft tabular-nums">
            {deploys.length} {deploys.length === 1 ? 'deploy' : 'deploys'}
          </span>
        )}
      </span>
      {named.map((freeze) => (
        <span
          key={`${freeze.freezeId} ${freeze.start}`}
          title={inSentence(freeze.reason)}
          className={`flex min-w-0 items-center gap-1 rounded-[3px] px-1 ${freeze.kind === 'allow' || freeze.kind === 'notice' || freeze.lifted ? 'bg-well text-ink-soft' : 'bg-warn-wash text-warn'}`}
        >
          <KindMark kind={freeze.kind} />
          <span className="truncate">
            <ForeignText text={freeze.reason} whole />
          </span>
        </span>
      ))}
      {rest > 0 && <span className="px-1 text-ink-soft">{rest} more</span>}
    </button>
  )
}

/** A shape for each kind: colour is never the only sign. */
export function KindMark({ kind }: { readonly kind: DayEntries['freezes'][number]['kind'] }) {
  if (kind === 'lock') return <FreezeMark kind="locked" className="" />
  if (kind === 'freeze') return <FreezeMark kind="frozen" className="" />
  const Icon = kind === 'allow' ? CalendarCheck : MessageSquareWarning
  return <Icon aria-hidden="true" className="size-3.5 shrink-0" />
}
