import type { Calendar, CalendarDeploy, CalendarFreeze } from '~/domain/freeze/calendar'

/** A month by its first day, in the reader's zone: `2026-12`. */
export type Month = string

/** One day of the calendar, from midnight to midnight by the reader's clock. */
export interface Day {
  /** `2026-12-04` */
  readonly date: string
  readonly start: Date
  readonly end: Date
  /** False for the days of other months that fill the first and the last week. */
  readonly inMonth: boolean
}

const two = (number: number) => String(number).padStart(2, '0')

export const localDate = (at: Date): string => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`

const parts = (month: Month): readonly [number, number] => {
  const [year = 1970, number = 1] = month.split('-').map(Number)
  return [year, number - 1]
}

export function nextMonth(month: Month, by: number): Month {
  const [year, index] = parts(month)
  return localDate(new Date(year, index + by, 1)).slice(0, 7)
}

/** "December 2026" */
export function monthWords(month: Month): string {
  const [year, index] = parts(month)
  return new Date(year, index, 1).toLocaleDateString('en', { month: 'long', year: 'numeric' })
}

/** "Friday, 4 December" */
export const dayWords = ({ start }: Pick<Day, 'start'>): string =>
  start.toLocaleDateString('en-GB', { weekday: 'long', day: 'numeric', month: 'long' })

/** The weeks of a month, from Monday, with the days that fill them. A day of a changed clock has 23 or 25 hours. */
export function weeksOf(month: Month): Day[][] {
  const [year, index] = parts(month)
  const lead = (new Date(year, index, 1).getDay() + 6) % 7
  const count = new Date(year, index + 1, 0).getDate()
  const weeks = Math.ceil((lead + count) / 7)
  return Array.from({ length: weeks }, (_, week) =>
    Array.from({ length: 7 }, (__, weekday) => {
      const day = week * 7 + weekday - lead + 1
      const [start, end] = [new Date(year, index, day), new Date(year, index, day + 1)]
      return { date: localDate(start), start, end, inMonth: day >= 1 && day <= count }
    }),
  )
}

/** What a day holds. A freeze is on every day that it overlaps; a deploy on the day of its request. */
export interface DayEntries {
  readonly freezes: readonly CalendarFreeze[]
  readonly deploys: readonly CalendarDeploy[]
  /** False: more of that time may exist than was read. */
  readonly complete: boolean
}

/** Null while the calendar is not read: an answer that is missing says nothing about a day. */
export function entriesOf(
  day: Day,
  calendar: Pick<Calendar, 'freezes' | 'deploys' | 'incomplete'> | null,
): DayEntries | null {
  if (calendar === null) return null
  const isWithin = (at: string) => Date.parse(at) >= day.start.getTime() && Date.parse(at) < day.end.getTime()
  return {
    freezes: calendar.freezes.filter(
      ({ start, end }) =>
        Date.parse(start) < day.end.getTime() && (end === null || Date.parse(end) > day.start.getTime()),
    ),
    deploys: calendar.deploys.filter(({ requestedAt }) => isWithin(requestedAt)),
    complete: !calendar.incomplete.freezes && !calendar.incomplete.deploys,
  }
}

export const isEmpty = ({ freezes, deploys }: DayEntries): boolean => freezes.length + deploys.length === 0

/** What is said of a time that shows nothing: that nothing is recorded, only if all of it was read. */
export function emptyWords({
  data,
  isError,
}: {
  readonly data: Pick<Calendar, 'incomplete'> | undefined
  readonly isError: boolean
}): string {
  if (data === undefined) return isError ? 'The calendar could not be read.' : 'Reading the calendar …'
  return data.incomplete.freezes || data.incomplete.deploys
    ? 'Nothing is shown here. Not all of this time was read.'
    : 'Nothing is planned or recorded.'
}

/** Which entries of a time are missing. */
export const incompleteWords = ({ freezes, deploys }: Calendar['incomplete']): string =>
  [
    freezes ? 'Not all freezes and windows of this time are shown: there are too many.' : '',
    deploys ? 'Only the newest deploys of this time are shown.' : '',
  ]
    .filter((sentence) => sentence !== '')
    .join(' ')

/** What a screen reader is told of a day: "2 freezes, 1 allow window, 3 deploys", or "nothing"; null: not read. */
export function countWords(entries: DayEntries | null): string {
  if (entries === null) return 'not read yet'
  const { freezes, deploys, complete } = entries
  const counts = [
    [freezes.filter(({ kind }) => kind === 'freeze').length, 'freeze'],
    [freezes.filter(({ kind }) => kind === 'allow').length, 'allow window'],
    [freezes.filter(({ kind }) => kind === 'lock').length, 'lock'],
    [freezes.filter(({ kind }) => kind === 'notice').length, 'notice'],
    [deploys.length, 'deploy'],
  ] as const
  const words = counts.flatMap(([count, noun]) => (count === 0 ? [] : [`${count} ${noun}${count === 1 ? '' : 's'}`]))
  if (words.length === 0) return complete ? 'nothing' : 'nothing shown, not all was read'
  return words.join(', ')
}

/** Hours and minutes by a zone's clock. */
const clock = (at: string, timeZone: string) =>
  new Date(at).toLocaleTimeString('sv-SE', { timeZone, hour: '2-digit', minute: '2-digit' })
const dateIn = (at: string, timeZone: string) => new Date(at).toLocaleDateString('sv-SE', { timeZone })

/** "16:00 to 2026-12-07 08:00": from and to by a zone's clock, with the date where it is not that day's. */
export function stretchWords(
  { start, end }: Pick<CalendarFreeze, 'start' | 'end'>,
  date: string,
  timeZone: string,
): string {
  const words = (at: string) => {
    const its = dateIn(at, timeZone)
    return its === date ? clock(at, timeZone) : `${its} ${clock(at, timeZone)}`
  }
  return `${words(start)} to ${end === null ? 'no end' : words(end)}`
}

/** The same time in two zones, each named; once if they are one. */
export const inBothZones = (words: (timeZone: string) => string, zone: string): readonly string[] =>
  zone === 'UTC' || zone === 'Etc/UTC' ? [`${words('UTC')} UTC`] : [`${words(zone)} ${zone}`, `${words('UTC')} UTC`]
