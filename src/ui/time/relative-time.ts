const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const STEPS = [
  { under: MINUTE, size: 1, unit: 's' },
  { under: HOUR, size: MINUTE, unit: 'min' },
  { under: 2 * DAY, size: HOUR, unit: 'h' },
  { under: 60 * DAY, size: DAY, unit: 'd' },
] as const

/** "just now", "42 s ago", "3 h ago"; the date itself once it is months old. Slightly ahead of now reads as now. */
export function relativeTime(at: string, now: number): string {
  const then = Date.parse(at)
  if (Number.isNaN(then)) return at
  const seconds = Math.floor((now - then) / 1000)
  if (seconds < 5 && seconds > -MINUTE) return 'just now'
  const distance = Math.abs(seconds)
  const step = STEPS.find(({ under }) => distance < under)
  if (step === undefined) return at.slice(0, 10)
  const amount = `${Math.floor(distance / step.size)} ${step.unit}`
  return seconds < 0 ? `in ${amount}` : `${amount} ago`
}

/** "2026-11-21 03:04:05 UTC". */
export function exactUtc(at: string): string {
  const then = new Date(at)
  if (Number.isNaN(then.getTime())) return at
  return `${then.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** Made once for each zone: making one takes longer than rendering the row around it. */
function inZone(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone)
  if (known !== undefined) return known
  // Swedish writes dates as ISO 8601 does.
  const made = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  formats.set(zone, made)
  return made
}

/** What hovering a relative time shows: "2026-11-21 03:04:05 UTC, 2026-11-21 04:04:05 in Europe/Berlin". */
export function exactTimes(at: string, zone: string): string {
  const [utc, then] = [exactUtc(at), new Date(at)]
  if (Number.isNaN(then.getTime())) return utc
  const local = inZone(zone).format(then)
  return `${local} UTC` === utc ? utc : `${utc}, ${local} in ${zone}`
}

/** "14:03:12 UTC", with the date if it is not today's. */
export function asOf(at: number, now: number): string {
  const [exact, today] = [exactUtc(new Date(at).toISOString()), exactUtc(new Date(now).toISOString())]
  return exact.slice(0, 10) === today.slice(0, 10) ? exact.slice(11) : exact
}

/** "0:07", "12:40", "1:02:09": whole seconds that passed between two events, never negative. */
export function duration(from: number, to: number): string {
  const total = Math.max(0, Math.floor((to - from) / 1000))
  const hours = Math.floor(total / 3600)
  const minutes = Math.floor((total % 3600) / 60)
  const seconds = String(total % 60).padStart(2, '0')
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}` : `${minutes}:${seconds}`
}
