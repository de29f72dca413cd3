import { inSentence } from '~/domain/foreign-text'
import type { FreezeInForce, FreezeView } from '~/domain/freeze/freeze'
import { recurrenceWords } from '~/domain/freeze/recurrence'
import type { SurfaceTile } from '~/domain/surface/tile'
import { minuteUtc } from '~/domain/utc-time'

/** "until 2026-11-22 18:00 UTC", or "until it is lifted" without an end. */
export const untilWords = (until: string | null) =>
  until === null ? 'until it is lifted' : `until ${minuteUtc(until)}`

/** What a freeze does to its scope. */
export const EFFECT_WORDS = {
  freeze: 'frozen',
  allow: 'deploys only within',
  lock: 'locked',
  notice: 'notice',
} as const satisfies Record<FreezeView['kind'], string>

/** Until when a freeze refuses; for a closed allow window, when the next one opens. */
export const endWords = ({ closed, until }: Pick<FreezeInForce, 'closed' | 'until'>): string =>
  closed !== true
    ? untilWords(until)
    : until === null
      ? 'does not open within a year'
      : `until it opens ${minuteUtc(until)}`

/** What a freeze covers: a surface with its environment, or a whole environment. */
export const scopeWords = ({ environment, surface }: Pick<FreezeView, 'environment' | 'surface'>) =>
  surface === null
    ? `All of ${environment === null ? 'an environment' : inSentence(environment)}`
    : `${inSentence(surface.name)}, ${inSentence(surface.environment)}`

/** The occurrence under way, or else the next one. */
function occurrenceWords({ kind, state, occurrence }: FreezeView): string {
  if (state === 'over') return 'over'
  if (occurrence === null) return 'no occurrence within a year'
  const isUnderWay = (state === 'in_force') === (kind === 'freeze')
  return isUnderWay
    ? `now until ${minuteUtc(occurrence.end)}`
    : `next ${minuteUtc(occurrence.start)} to ${minuteUtc(occurrence.end)}`
}

/** From when until when, or how it recurs, and who lifted it. */
export function timesWords(freeze: FreezeView): string {
  const { kind, startsAt, endsAt, lifted, recurrence } = freeze
  if (recurrence !== null && lifted === null) {
    const end = endsAt === null ? '' : `, ${untilWords(endsAt)}`
    return `${recurrenceWords(recurrence)}${end} · ${occurrenceWords(freeze)}`
  }
  if (lifted !== null) return `from ${minuteUtc(startsAt)}, lifted ${minuteUtc(lifted.at)} by ${inSentence(lifted.by)}`
  const until = endsAt === null && kind === 'lock' ? 'until it is unlocked' : untilWords(endsAt)
  return `from ${minuteUtc(startsAt)}, ${until}`
}

/** The freeze window that is in force for an environment, according to its tiles; null if there is none. */
export function windowOver(environment: string, tiles: readonly SurfaceTile[]): FreezeInForce | null {
  return (
    tiles
      .filter((tile) => tile.environment === environment)
      .flatMap((tile) => tile.freezes)
      .find(({ kind, ofSurface }) => kind === 'frozen' && ofSurface !== true) ?? null
  )
}

/** "Production is frozen by DEPLOY_FREEZE in acme/platform: “release week” (read 2026-11-28 14:03 UTC)". */
export const deployFreezeWords = (repository: string, freeze: NonNullable<SurfaceTile['deployFreeze']>): string =>
  `Production is frozen by DEPLOY_FREEZE in ${inSentence(repository)}: “${inSentence(freeze.reason)}” (read ${minuteUtc(freeze.readAt)})`

/** The repositories whose DEPLOY_FREEZE stops production. */
export function frozenRepositories(tiles: readonly SurfaceTile[]) {
  const found = tiles.flatMap(({ repository, deployFreeze: freeze }) =>
    freeze === null ? [] : [{ repository, freeze }],
  )
  return found.filter(({ repository }, index) => found.findIndex((other) => other.repository === repository) === index)
}

/** What the strip says while no freeze holds production. */
export function noFreezeWords(tiles: readonly SurfaceTile[]): string {
  const unknown = [...new Set(tiles.flatMap((tile) => (tile.deployFreezeUnknown ? [inSentence(tile.repository)] : [])))]
  if (unknown.length === 0) return 'Production is not frozen by this console'
  // The unknown comes first: a narrow screen shows only the start.
  return `DEPLOY_FREEZE is unknown in ${unknown.join(' and ')}; production is not frozen by this console`
}

/** Whether no surface is in the freeze's environment, because it was renamed or its last surface was removed. */
export const isIdle = ({ environment }: Pick<FreezeView, 'environment'>, environments: readonly string[]): boolean =>
  environment !== null && !environments.includes(environment)

/** A `datetime-local` field read as UTC; null while it is empty. */
export const utcInstant = (field: string): string | null =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(field) ? `${field}:00Z` : null
