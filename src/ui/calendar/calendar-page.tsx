'use client'

import { ChevronLeft, ChevronRight } from 'lucide-react'
import { useState } from 'react'
import type { Calendar } from '~/domain/freeze/calendar'
import { DayAgenda } from '~/ui/calendar/agenda'
import {
  emptyWords,
  entriesOf,
  incompleteWords,
  isEmpty,
  localDate,
  type Month,
  monthWords,
  nextMonth,
  weeksOf,
} from '~/ui/calendar/calendar-days'
import { MonthGrid } from '~/ui/calendar/month-grid'
import { NetStateQuestion } from '~/ui/calendar/net-state-question'
import { Button } from '~/ui/primitives/button'
import { Notice } from '~/ui/primitives/notice'
import { Skeleton } from '~/ui/primitives/skeleton'
import { PageFrame } from '~/ui/shell/page-frame'
import { useReaderZone } from '~/ui/time/reader-zone'
import { useLocalText } from '~/ui/time/use-now'
import { trpc } from '~/ui/trpc/client'
import { useAskEvery } from '~/ui/trpc/live-state'
import { readWireError } from '~/ui/trpc/wire-error'

/** Freezes, windows and deploys by day, and whether a surface may be deployed at a time. */
export function CalendarPage() {
  const today = useLocalText((now) => localDate(new Date(now)))
  return (
    <PageFrame title="Calendar">
      <NetStateQuestion />
      {/* The server knows neither the reader's zone nor their day. */}
      {today === null ? <Skeleton className="mt-6 h-96 w-full" /> : <MonthOf today={today} />}
    </PageFrame>
  )
}

const POLL_MS = 30_000

function MonthOf({ today }: { readonly today: string }) {
  const zone = useReaderZone()
  const thisMonth: Month = today.slice(0, 7)
  const [month, setMonth] = useState(thisMonth)
  const [chosen, setChosen] = useState(today)
  const weeks = weeksOf(month)
  const days = weeks.flat()
  const [first, last] = [days[0], days.at(-1)]
  const calendar = trpc.freezes.calendar.useQuery(
    { from: first?.start.toISOString() ?? '', to: last?.end.toISOString() ?? '' },
    { refetchInterval: useAskEvery(POLL_MS) },
  )
  const around = calendar.data?.monthsAround
  const known = calendar.data ?? null
  const choose = (date: string) => {
    setChosen(date)
    setMonth(date.slice(0, 7))
  }
  const day = days.find(({ date }) => date === chosen)
  return (
    <section aria-labelledby="month" className="mt-6">
      <header className="mb-2.5 flex flex-wrap items-center gap-2">
        <h2 id="month" aria-live="polite" className="min-w-36 text-sm font-semibold">
          {monthWords(month)}
        </h2>
        <Button
          tone="bare"
          className="w-8 px-0!"
          disabled={around !== undefined && month <= nextMonth(thisMonth, -around)}
          onClick={() => choose(`${nextMonth(month, -1)}-01`)}
        >
          <ChevronLeft aria-hidden="true" className="size-4" />
          <span className="sr-only">Previous month</span>
        </Button>
        <Button
          tone="bare"
          className="w-8 px-0!"
          disabled={around !== undefined && month >= nextMonth(thisMonth, around)}
          onClick={() => choose(`${nextMonth(month, 1)}-01`)}
        >
          <ChevronRight aria-hidden="true" className="size-4" />
          <span className="sr-only">Next month</span>
        </Button>
        <Button onClick={() => choose(today)}>Today</Button>
        <p className="ml-auto text-xs text-ink-faint">Days of {zone}</p>
      </header>
      {calendar.isError && (
        <Notice tone="warn" role="status">
          {readWireError(calendar.error).message} Still trying.
        </Notice>
      )}
      {known !== null && (known.incomplete.freezes || known.incomplete.deploys) && (
        <div className="mb-2.5">
          <Notice tone="plain" role="status">
            {incompleteWords(known.incomplete)}
          </Notice>
        </div>
      )}
      <div className="max-sm:hidden print:block">
        <MonthGrid weeks={weeks} calendar={known} today={today} chosen={chosen} onChoose={choose} />
      </div>
      {day !== undefined && (
        <div className="max-sm:hidden print:hidden">
          <DayAgenda day={day} entries={entriesOf(day, known)} empty={emptyWords(calendar)} zone={zone} />
        </div>
      )}
      <MonthAgenda
        days={days.filter(({ inMonth }) => inMonth)}
        known={known}
        empty={emptyWords(calendar)}
        today={today}
        zone={zone}
      />
    </section>
  )
}

interface MonthAgendaProps {
  readonly days: ReturnType<typeof weeksOf>[number]
  readonly known: Calendar | null
  /** What is said of a day that shows nothing. */
  readonly empty: string
  readonly today: string
  readonly zone: string
}

/** The days of the month that hold something, below each other: what a narrow screen and paper show. A freeze is on its first day alone. */
function MonthAgenda({ days, known, empty, today, zone }: MonthAgendaProps) {
  const full = days
    .map((day, index) => {
      const entries = entriesOf(day, known)
      const begun = entries?.freezes.filter(({ start }) => index === 0 || Date.parse(start) >= day.start.getTime())
      return { day, entries: entries === null ? null : { ...entries, freezes: begun ?? [] } }
    })
    .filter(({ entries, day }) => day.date === today || (entries !== null && !isEmpty(entries)))
  return (
    <div className="sm:hidden print:block">
      {full.length === 0 && (
        <p className="rounded-md border border-line bg-panel px-4 py-3 text-sm text-ink-soft">{empty}</p>
      )}
      {full.map(({ day, entries }) => (
        <DayAgenda key={day.date} day={day} entries={entries} empty={empty} zone={zone} />
      ))}
    </div>
  )
}
