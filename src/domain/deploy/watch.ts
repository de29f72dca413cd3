import { inSentence } from '~/domain/foreign-text'
import { shortSha } from '~/domain/ref'
import { clockUtc } from '~/domain/utc-time'

// The armed rollback (docs/adr/060): what happens if a surface turns unhealthy soon after a deploy.

/** `offer`: the console asks a person to roll back. `auto`: it starts the rollback itself. */
export const ROLLBACK_MODES = ['offer', 'auto'] as const
export type RollbackMode = (typeof ROLLBACK_MODES)[number]

/** The actor of a rollback that the console starts itself. */
export const ARMED_ACTOR = 'console:rollback'

export const WATCH_MINUTES = 10
export const WATCH_MINUTES_AT_MOST = 120

/** How often a watched surface is probed. */
export const WATCHED_PAUSE_SECONDS = 10

export const WATCH_STATES = [
  'armed',
  'watching',
  'offered',
  'starting',
  'rolling_back',
  'approval',
  'disarmed',
] as const
export type WatchState = (typeof WATCH_STATES)[number]

/** The states in which the surface has turned unhealthy. */
const TURNED: readonly string[] = ['offered', 'starting', 'rolling_back', 'approval'] satisfies WatchState[]
export const hasTurned = (state: string): boolean => TURNED.includes(state)

/**
 * How a watch that was open ended with its time. `over`: the console did not see the surface turn unhealthy. `inconclusive`: the last answers were
 * not healthy. `unseen`: the surface was never seen healthy with the deploy.
 */
export const ENDED_WATCHES = ['over', 'inconclusive', 'unseen'] as const
export type EndedWatch = (typeof ENDED_WATCHES)[number]

/** What a window, a script and a delivery are told of the watch of a deploy. Times are ISO strings in UTC. */
export interface DeployWatch {
  readonly mode: RollbackMode
  /** A known state, or whatever a newer version stored. */
  readonly state: WatchState | EndedWatch | (string & {})
  readonly minutes: number
  readonly healthyAt: string | null
  readonly until: string | null
  readonly turnedAt: string | null
  /** What the surface answered. */
  readonly detail: string | null
  /** Where the way back leads. */
  readonly target: { readonly deployId: string; readonly sha: string; readonly healthyAt: string | null } | null
  /** The rollback that the console started, or the approval that it requested. */
  readonly rollbackDeployId: string | null
  readonly approvalId: string | null
  /** Why the console did not roll back by itself, or why the watch was disarmed: a sentence. */
  readonly reason: string | null
  /** What is said of it, a sentence each. */
  readonly sentences: readonly string[]
  /** Whether somebody may stop it. */
  readonly stoppable: boolean
}

type Said = Omit<DeployWatch, 'sentences' | 'stoppable'> & {
  readonly finishedAt: string | null
  /** The state of the approval that the console asked for. */
  readonly approval: string | null
}

/** "rolls back by itself if unhealthy within 10 min" */
export const armedWords = (mode: RollbackMode, minutes: number): string =>
  mode === 'auto'
    ? `rolls back by itself if unhealthy within ${minutes} min`
    : `offers to roll back if unhealthy within ${minutes} min`

/** The same for the narrow row of a tile, whose title has the whole sentence. */
export function armedShort(mode: RollbackMode, minutes: number, watch: DeployWatch | null): string {
  if (watch?.state === 'watching') return `watched until ${timeUtc(watch.until)}`
  if (watch?.state === 'disarmed') return 'not for the last deploy'
  return mode === 'auto' ? `rolls back by itself, ${minutes} min` : `offers a rollback, ${minutes} min`
}

/** "Unhealthy 3 min after its deploy", for the narrow row of a tile. */
export const turnedShort = ({ turnedAt }: DeployWatch, finishedAt: string | null): string =>
  turnedAt === null || finishedAt === null
    ? 'Unhealthy after its deploy'
    : `Unhealthy ${span(turnedAt, finishedAt)} after its deploy`

/** What is said of a watch, the most important first. */
export function describeWatch(watch: Said): string[] {
  const { mode, state, minutes, until, reason } = watch
  switch (state) {
    case 'armed':
      return [
        `Armed: ${armedWords(mode, minutes)} of this deploy.`,
        ...(watch.finishedAt === null ? [] : ['Not watching yet: the surface was not seen healthy with this deploy.']),
      ]
    case 'watching':
      return [
        `Armed: ${mode === 'auto' ? 'rolls back by itself' : 'offers to roll back'} if unhealthy before ${timeUtc(until)}.`,
      ]
    case 'over':
      return [`The watch ended at ${timeUtc(until)}. The console did not see the surface turn unhealthy.`]
    case 'inconclusive':
      return [`The watch ended at ${timeUtc(until)}. The last answers were not healthy, but did not prove enough.`]
    case 'unseen':
      return ['The surface was not seen healthy with this deploy, so the console did not watch it.']
    case 'disarmed':
      return [`Not armed any more. ${reason ?? ''}`.trim()]
    case 'offered':
      return [
        turnedSentence(watch),
        ...(reason === null ? [] : [`The console did not roll back by itself. ${reason}`]),
        wayBackSentence(watch),
      ]
    case 'starting':
      return [turnedSentence(watch), `The console is starting a rollback${toTarget(watch)}.`]
    case 'rolling_back':
      return [turnedSentence(watch), `The console started a rollback${toTarget(watch)}.`]
    case 'approval':
      return [
        turnedSentence(watch),
        `The console asked for the approval of a rollback${toTarget(watch)}. ${decisionSentence(watch.approval)}`,
      ]
    default:
      return [`A newer version of the console watches this deploy (${inSentence(state)}).`]
  }
}

function decisionSentence(approval: string | null): string {
  switch (approval) {
    case 'waiting':
      return 'Another person decides.'
    case 'granted':
      return 'The request was approved.'
    case 'refused':
      return 'The request was refused, so nothing was rolled back.'
    case 'withdrawn':
      return 'The request was withdrawn, so nothing was rolled back.'
    case 'expired':
      return 'The request expired, so nothing was rolled back.'
    default:
      return 'Open the request to see what became of it.'
  }
}

/** "The surface turned unhealthy 3 min after this deploy: answers HTTP 503." */
function turnedSentence({ turnedAt, finishedAt, detail, healthyAt }: Said): string {
  if (healthyAt === null)
    return `The surface is unhealthy with this deploy, and was not seen healthy with it: ${inSentence(detail ?? 'no detail is on record')}.`
  const after = turnedAt === null || finishedAt === null ? '' : ` ${span(turnedAt, finishedAt)} after this deploy`
  return `The surface turned unhealthy${after}: ${inSentence(detail ?? 'no detail is on record')}.`
}

function wayBackSentence(watch: Said): string {
  if (watch.target === null) return 'No earlier version is on record to return to. Deploy another version.'
  return `Roll back to ${targetWords(watch.target, watch.turnedAt)}.`
}

const toTarget = ({ target, turnedAt }: Said) => (target === null ? '' : ` to ${targetWords(target, turnedAt)}`)

const targetWords = ({ sha, healthyAt }: NonNullable<DeployWatch['target']>, turnedAt: string | null) =>
  `${shortSha(sha)}${healthyAt === null ? '' : `, healthy until ${timeUtc(healthyAt, turnedAt)}`}`

function span(later: string, earlier: string): string {
  const seconds = Math.max(0, Math.round((Date.parse(later) - Date.parse(earlier)) / 1_000))
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`
}

/** "14:02 UTC", with the date if that is another day than the one that is told of. */
function timeUtc(iso: string | null, day: string | null = iso): string {
  if (iso === null) return 'an unknown time'
  const date = iso.slice(0, 10) === (day ?? iso).slice(0, 10) ? '' : `${iso.slice(0, 10)} `
  return `${date}${clockUtc(iso)}`
}
