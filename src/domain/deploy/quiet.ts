import { z } from 'zod'
import type { RunJob } from '~/domain/deploy/run-jobs'
import { executed } from '~/domain/deploy/run-record'
import { inSentence } from '~/domain/foreign-text'
import { minuteUtc } from '~/domain/utc-time'

const heldEnvironment = z.object({
  /** Digits. */
  id: z.string(),
  name: z.string(),
  /** The accounts and teams that may approve. A team is named “the team …”. */
  reviewers: z.array(z.string()),
  /** When the wait timer ends; null if none runs. */
  waitsUntil: z.string().nullable(),
  /** Whether the console's credentials may approve. */
  mayApprove: z.boolean(),
})

/** What GitHub says a run waits for, as it is stored with its attempt. Members are only ever added. */
export const runWaits = z.object({
  /** The environments whose protection rules hold the run; empty if none were read. */
  environments: z.array(heldEnvironment),
  /** The concurrency group in which the run or a job is queued, and the runs before it, the next one last. */
  group: z.object({ name: z.string(), ahead: z.array(z.string()) }).nullable(),
})
export type RunWaits = z.output<typeof runWaits>

/** Why nothing happens, in one sentence. */
export interface Quiet {
  readonly sentence: string
  /** Since when; null if that is not known. */
  readonly since: string | null
  /** Whether somebody can resolve it on the run's page at GitHub. */
  readonly onGithub: boolean
}

/** Everything on record that may explain why nothing happens. */
export interface QuietFacts {
  readonly terminal: boolean
  /** Whether somebody asked the console to cancel the deploy. */
  readonly cancelled: boolean
  /** Whether GitHub does not answer. A warning says so, and whatever was read before is out of date. */
  readonly silent: boolean
  /** The conclusion of the run that is over; null if it is not known to be over. */
  readonly conclusion: string | null
  /** The newest attempt, as it was last read. */
  readonly attempt: {
    readonly seenAt: string
    readonly jobs: readonly RunJob[]
    readonly waits: RunWaits | null
  } | null
  readonly lastCallbackAt: string | null
}

/** A job that has just been queued, and a callback that has just come, are not worth a sentence. */
const RUNNER_AFTER_MS = 20_000
const CALLBACK_AFTER_MS = 60_000

/**
 * Says, from facts only, why a deploy makes no progress: what its run waits for, or how it ended without having run. Null if nothing is
 * quiet, and if what is on record does not tell the reason.
 */
export function explainQuiet(facts: QuietFacts, now: Date): Quiet | null {
  if (facts.terminal) return endWithoutRunning(facts)
  if (facts.silent) return null
  const { attempt } = facts
  const jobs = attempt?.jobs ?? []
  if (attempt !== null && !jobs.some(({ status }) => status === 'in_progress')) {
    const waits = attempt.waits === null ? null : (heldBy(attempt.waits.environments) ?? queuedIn(attempt.waits.group))
    const quiet = waits ?? withoutRunner(jobs, attempt.seenAt)
    if (quiet !== null) return quiet
  }
  return withoutCallback(facts, now)
}

function endWithoutRunning({ conclusion, cancelled, attempt }: QuietFacts): Quiet | null {
  const ended = (sentence: string): Quiet => ({ sentence, since: null, onGithub: false })
  if (conclusion === 'startup_failure') {
    return ended('The run never started: GitHub reports a startup failure, as for a workflow file that is not valid.')
  }
  if (conclusion !== 'cancelled' || cancelled) return null
  const group = attempt?.waits?.group ?? null
  const hasRun = attempt?.jobs.some(({ steps, moreSteps }) => steps.some(executed) || moreSteps > 0) ?? true
  return ended(
    group === null || hasRun
      ? 'The run was cancelled on GitHub. Nobody cancelled it here.'
      : `The run was cancelled on GitHub before a job ran, and nobody cancelled it here. It was queued in the concurrency group “${inSentence(group.name)}”, where a newer run may replace a queued one.`,
  )
}

function heldBy(environments: RunWaits['environments']): Quiet | null {
  const held = environments.find(({ reviewers }) => reviewers.length > 0) ?? environments[0]
  if (held === undefined) return null
  const environment = `the environment “${inSentence(held.name)}”`
  const who = held.reviewers.map(inSentence)
  const review = who.length === 0 ? null : `${inList(who, 'or')} may approve`
  const timer = held.waitsUntil === null ? null : `wait timer ends at ${minuteUtc(held.waitsUntil)}`
  const others = environments.length - 1
  const more =
    others === 0 ? '' : ` ${others === 1 ? 'Another environment holds' : `${others} other environments hold`} it too.`
  return { sentence: `${sentenceOf(environment, review, timer)}${more}`, since: null, onGithub: true }
}

function sentenceOf(environment: string, review: string | null, timer: string | null): string {
  if (review !== null && timer !== null)
    return `The run waits for ${environment} on GitHub: ${review}, and its ${timer}.`
  if (review !== null) return `The run waits for a reviewer of ${environment} on GitHub: ${review}.`
  if (timer !== null) return `The run waits for ${environment} on GitHub, whose ${timer}.`
  return `The run waits for the protection rules of ${environment} on GitHub.`
}

function queuedIn(group: RunWaits['group']): Quiet | null {
  const next = group?.ahead.at(-1)
  if (group === null || next === undefined) return null
  const others = group.ahead.length - 1
  const more = others === 0 ? '' : others === 1 ? ' and another run' : ` and ${others} other runs`
  const sentence = `The run is queued in the concurrency group “${inSentence(group.name)}”, behind run ${next}${more}.`
  return { sentence, since: null, onGithub: true }
}

function withoutRunner(jobs: readonly RunJob[], seenAt: string): Quiet | null {
  const waiting = jobs.filter(({ status }) => status === 'queued')
  const [first] = waiting.toSorted((a, b) => (a.createdAt ?? '').localeCompare(b.createdAt ?? ''))
  const since = first?.createdAt ?? null
  if (first === undefined || since === null || Date.parse(seenAt) - Date.parse(since) < RUNNER_AFTER_MS) return null
  const labels =
    first.labels.length === 0
      ? ''
      : ` with ${inList(
          first.labels.map((label) => `“${inSentence(label)}”`),
          'and',
        )}`
  return {
    sentence: `The job “${inSentence(first.name)}” has been waiting for a runner${labels} since ${minuteUtc(since)}.`,
    since,
    onGithub: true,
  }
}

function withoutCallback({ lastCallbackAt }: QuietFacts, now: Date): Quiet | null {
  if (lastCallbackAt === null || now.getTime() - Date.parse(lastCallbackAt) < CALLBACK_AFTER_MS) return null
  const at = `${lastCallbackAt.slice(0, 19).replace('T', ' ')} UTC`
  return { sentence: `The last callback came at ${at}.`, since: lastCallbackAt, onGithub: false }
}

const inList = (items: readonly string[], word: 'and' | 'or'): string =>
  items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} ${word} ${items.at(-1)}`
