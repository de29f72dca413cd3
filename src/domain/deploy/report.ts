import { isStageContradicted, type Phase, type PhaseFacts, type PhaseState, phasesOf } from '~/domain/deploy/phases'
import {
  awaitsRun,
  isKnownStatus,
  isTerminal,
  provesShipped,
  type Shipped,
  stageWord,
  statusWord,
} from '~/domain/deploy/status'
import { inSentence } from '~/domain/foreign-text'
import { shortSha } from '~/domain/ref'

/** A deploy without a run can be given up after this time. */
export const GIVE_UP_AFTER_MS = 10 * 60_000

/** Everything on record from which the report of a deploy is made. */
export interface ReportFacts extends PhaseFacts {
  readonly requestedAt: string
  /** The commit of this deploy, where it is known. */
  readonly sha: string | null
  /** The commit that the surface has reported since this deploy ended; null if it has reported none. */
  readonly reportedSha: string | null
  readonly runId: string | null
  /** A run that was seen after the deploy had ended, or a re-run. */
  readonly lateRun: { readonly runId: string; readonly attempt: number } | null
  /** It has ended, and its run is not proven to be over. */
  readonly holdsSurface: boolean
  readonly released: boolean
}

/** What the console says about a deploy: on the screen, over REST, in Slack and in the trail. */
export interface DeployReport {
  readonly phases: readonly Phase[]
  /** Whether the deploy phase ran to its end. While the deploy goes on, `no` is never said. */
  readonly shipped: Shipped
  /** The state in a few words: "Failed at Smoke gate". */
  readonly headline: string
  /** What else is proven, a sentence each. */
  readonly sentences: readonly string[]
  /** Why the ended deploy holds its surface, and what ends the hold: one of the sentences. Null if it holds nothing. */
  readonly hold: string | null
  /**
   * The useful next actions, most useful first. The server would refuse none of them for this record; a person's
   * permissions are checked elsewhere.
   */
  readonly actions: readonly DeployAction[]
  /** The deploy has ended, holds nothing, and GitHub's record of its run is complete. */
  readonly settled: boolean
  /** ISO time from which the deploy can be given up; null if it cannot be. */
  readonly giveUpFrom: string | null
}

export const DEPLOY_ACTIONS = [
  'cancel',
  'give_up',
  'release',
  'roll_back',
  'retry',
  'deploy_again',
  'open_run',
] as const
export type DeployAction = (typeof DEPLOY_ACTIONS)[number]

/** A stage in the words of the stepper. */
const nameStage = (stage: string): string => stageWord(stage) ?? inSentence(stage)

/**
 * The one report of a deploy. Four rules hold for any record (docs/contract.md, "Say only what is proven"): no phase failed at or before
 * a phase that is done; whether anything shipped is said once; "Nothing was deployed" is said only if GitHub refused the dispatch, or its
 * record shows a run that ended before the deploy phase; everything that is not proven is unknown.
 */
export function describeDeploy(facts: ReportFacts): DeployReport {
  const shipped = shippedOf(facts)
  const phases = phasesOf(facts).map((phase) => ({ ...phase, state: provenState(facts, shipped, phase) }))
  const terminal = isTerminal(facts.status)
  const mayGiveUp = facts.runId === null && awaitsRun(facts.status)
  return {
    phases,
    shipped,
    headline: headlineOf(facts, phases),
    sentences: terminal ? sentencesOf(facts, shipped) : [],
    hold: holdSentence(facts),
    actions: actionsOf(facts, shipped, mayGiveUp),
    settled: terminal && !facts.holdsSurface && (facts.runId === null || facts.record?.over === true),
    giveUpFrom: mayGiveUp ? new Date(Date.parse(facts.requestedAt) + GIVE_UP_AFTER_MS).toISOString() : null,
  }
}

const isRefused = ({ transitions }: Pick<ReportFacts, 'transitions'>) =>
  transitions.some(({ action }) => action === 'console.deploy.dispatch_refused')

const isReportedShipped = ({ transitions }: Pick<ReportFacts, 'transitions'>) =>
  transitions.some(({ status, implied }) => provesShipped(status) && !implied)

/** Whether the deploy phase ran to its end. A later run or attempt may have shipped what this run did not. */
export function shippedOf(facts: Pick<ReportFacts, 'status' | 'transitions' | 'record' | 'lateRun'>): Shipped {
  const { record } = facts
  const inRecord = record?.phases.deploy
  if (inRecord === 'ended') return 'yes'
  const provenNot = record?.over === true && inRecord === 'not_run' && record.attempt === 1
  if (isReportedShipped(facts)) return provenNot ? 'unknown' : 'yes'
  if (facts.lateRun !== null || !isTerminal(facts.status)) return 'unknown'
  return provenNot || isRefused(facts) ? 'no' : 'unknown'
}

/** Once the deploy has ended, a phase that nothing proves to have run, or not to have run, is unknown. */
function provenState(facts: ReportFacts, shipped: Shipped, { key, state }: Phase): PhaseState {
  if (!isTerminal(facts.status) || state === facts.status) return state
  if (key === 'deploy' && shipped === 'unknown') return 'unknown'
  if (state !== 'pending') return state
  const { record, lateRun } = facts
  const isOver = record?.over === true && record.attempt === 1 && lateRun === null
  const isProven = (isOver && record.phases[key] === 'not_run') || (shipped === 'no' && isRefused(facts))
  return isProven ? 'pending' : 'unknown'
}

function headlineOf(facts: ReportFacts, phases: readonly Phase[]): string {
  const { status, failureStage } = facts
  const word = statusWord(status)
  if (!isTerminal(status) || status === 'succeeded') return word
  const stopped = phases.find(({ state }) => state === status)
  if (failureStage !== null && !isStageContradicted(facts)) return `${word} at ${nameStage(failureStage)}`
  return stopped === undefined ? word : `${word} at ${stopped.label}`
}

function sentencesOf(facts: ReportFacts, shipped: Shipped): string[] {
  const { failureStage, lateRun } = facts
  const hold = holdSentence(facts)
  return [
    ...(facts.status === 'succeeded' && shipped === 'yes' ? [] : [shippedSentence(facts, shipped)]),
    ...(failureStage !== null && isStageContradicted(facts)
      ? [`The workflow named ${nameStage(failureStage)} as the stage that failed, which contradicts what is on record.`]
      : []),
    ...(lateRun === null ? [] : [lateRunSentence(facts, lateRun)]),
    ...(hold === null ? [] : [hold]),
    ...surfaceSentence(facts, shipped),
  ]
}

/** What the surface reports. It neither proves nor disproves that this deploy shipped. */
function surfaceSentence({ status, sha, reportedSha }: ReportFacts, shipped: Shipped): string[] {
  if (reportedSha === null) return []
  if (reportedSha !== sha) return status === 'succeeded' ? [] : [`The surface reports commit ${shortSha(reportedSha)}.`]
  if (shipped === 'no')
    return [
      'This deploy shipped nothing, but the surface reports its commit. Another deploy or run may have shipped it.',
    ]
  return status === 'succeeded' ? [] : ['The surface reports the commit of this deploy.']
}

function shippedSentence(facts: ReportFacts, shipped: Shipped): string {
  const { record, runId } = facts
  if (shipped === 'yes') return 'The new version was deployed.'
  if (shipped === 'no') {
    return isRefused(facts)
      ? 'Nothing was deployed: GitHub refused the dispatch.'
      : 'Nothing was deployed: GitHub’s record shows that the deploy phase did not start.'
  }
  return `Whether anything was deployed is unknown: ${whyUnknown(facts.lateRun?.runId ?? runId, record, facts)}`
}

function whyUnknown(runId: string | null, record: ReportFacts['record'], facts: ReportFacts): string {
  if (runId === null) {
    return facts.transitions.some(({ action }) => action === 'console.deploy.callback')
      ? 'the workflow named no run, so GitHub’s record was not read.'
      : 'no run was seen; GitHub may still start one.'
  }
  if (record === null) return 'GitHub’s record of the run has not been read yet.'
  if (isReportedShipped(facts))
    return 'the workflow reported a finished deploy phase, but GitHub’s record shows that the phase did not run.'
  if (!record.over) return 'GitHub has not recorded the end of the run.'
  return record.phases.deploy === 'started'
    ? 'GitHub’s record shows that the deploy phase started, but not that it completed.'
    : 'GitHub’s record does not show whether the deploy phase ran.'
}

function lateRunSentence({ runId }: ReportFacts, late: NonNullable<ReportFacts['lateRun']>): string {
  return late.runId === runId && late.attempt > 1
    ? `Run ${late.runId} was started again (attempt ${late.attempt}) after this deploy had ended.`
    : `Run ${late.runId} carries the id of this deploy and was seen after the deploy had ended.`
}

function holdSentence({ status, holdsSurface, runId, lateRun }: ReportFacts): string | null {
  if (!isTerminal(status) || !holdsSurface) return null
  const run = lateRun?.runId ?? runId
  return run === null
    ? 'The surface is held. Another deploy can start when a run of this deploy has been seen and has ended, or when somebody releases the surface.'
    : `The surface is held: run ${run} is not proven to be over. ${endOfHold(run)}`
}

/** Explains why an ended deploy holds the surface, and what ends the hold. */
export function explainHold(surfaceName: string, runId: string | null): string {
  const name = inSentence(surfaceName)
  return runId === null
    ? `An earlier deploy of ${name} ended without a run; GitHub may still start one. ${endOfHold(null)}`
    : `Run ${runId} of an earlier deploy of ${name} is not proven to be over and may still change it. ${endOfHold(runId)}`
}

const endOfHold = (runId: string | null) =>
  `Another deploy can start once ${runId === null ? 'such a run has ended' : 'that run is over'}, or once somebody releases the surface.`

function actionsOf(facts: ReportFacts, shipped: Shipped, mayGiveUp: boolean): DeployAction[] {
  const { status, runId } = facts
  const open: DeployAction[] = runId === null ? [] : ['open_run']
  if (!isTerminal(status)) {
    if (!isKnownStatus(status)) return [...(facts.released ? [] : ['release' as const]), ...open]
    // While the console makes the health check, the run may be over, and GitHub would refuse to cancel it.
    return [
      ...(mayGiveUp ? ['give_up' as const] : []),
      ...(facts.record?.over === true ? [] : ['cancel' as const]),
      ...open,
    ]
  }
  if (facts.holdsSurface) return ['release', ...open]
  if (status === 'succeeded') return ['deploy_again', ...open]
  return [...(shipped === 'no' ? [] : ['roll_back' as const]), 'retry', ...open]
}
