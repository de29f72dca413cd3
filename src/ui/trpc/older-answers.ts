import type { TRPCLink } from '@trpc/client'
import type { inferRouterOutputs } from '@trpc/server'
import { map } from '@trpc/server/observable'
import type { ApprovalView } from '~/domain/deploy/approval'
import { NO_QUEUE } from '~/domain/deploy/queue'
import type { DeploySummary, DeployView } from '~/domain/deploy/view'
import type { FreezeView } from '~/domain/freeze/freeze'
import type { LiveEvent } from '~/domain/surface/live'
import type { Review } from '~/domain/surface/review'
import type { Grid, SurfaceTile } from '~/domain/surface/tile'
import type { AppRouter } from '~/server/trpc/routers/_app'

/**
 * The members that the previous version answers too. Every other member needs a value below that says "not known": without one, this file
 * does not compile.
 */
interface Previous {
  readonly tile:
    | ('id' | 'name' | 'environment' | 'repository' | 'workflow' | 'ref' | 'paths' | 'url' | 'confirm' | 'health')
    | ('version' | 'unknownVersion' | 'lastDeploy' | 'lastGood' | 'archived' | 'alarm' | 'outsideRun' | 'held')
    | ('requiresApproval' | 'waiting' | 'freezes' | 'deployFreeze' | 'deployFreezeUnknown')
  readonly grid: 'surfaces' | 'silent' | 'now'
  readonly event:
    | ('now' | 'reload' | 'tiles' | 'checked' | 'deploys' | 'approvals' | 'freezes' | 'deliveries' | 'health')
    | 'silent'
  readonly entry: 'at' | 'actor' | 'action' | 'status' | 'note'
  readonly deploy:
    | keyof DeploySummary
    | ('surface' | 'repository' | 'workflow' | 'inputs' | 'reason' | 'requestedByOwner' | 'overrideReason' | 'kind')
    | ('approvedBy' | 'failureDetail' | 'runId' | 'runAttempt' | 'runUrl' | 'runAttempts' | 'quiet' | 'cancel')
    | ('waitingEnvironments' | 'lateRunUrl' | 'warnings' | 'alarms' | 'timeline' | 'logTail' | 'logCursor')
  readonly approval:
    | (
        | 'id'
        | 'state'
        | 'surface'
        | 'repository'
        | 'workflow'
        | 'kind'
        | 'sourceId'
        | 'ref'
        | 'sha'
        | 'expectedRunningSha'
      )
    | ('commitUrl' | 'inputs' | 'reason' | 'overrideReason' | 'overrideFreezeIds' | 'requestedBy' | 'requestedByOwner')
    | ('requestedAt' | 'expiresAt' | 'decision' | 'deployId' | 'yours' | 'decidable')
  readonly review:
    | ('surfaceId' | 'ref' | 'sha' | 'head' | 'runningSha' | 'comparison' | 'warnings' | 'freezeIds' | 'workflowRef')
    | ('asked' | 'basis')
  readonly freeze:
    | ('id' | 'state' | 'environment' | 'surface' | 'reason' | 'startsAt' | 'endsAt' | 'createdBy' | 'createdAt')
    | 'lifted'
}

const ADDED_TO_TILE: Omit<SurfaceTile, Previous['tile']> = {
  service: null,
  notice: null,
  queue: NO_QUEUE,
  armed: null,
  watch: null,
}
const ADDED_TO_GRID: Omit<Grid, Previous['grid']> = { worker: null, ended: [] }
const ADDED_TO_EVENT: Omit<LiveEvent, Previous['event']> = { worker: null }
const ADDED_TO_ENTRY: Omit<DeployView['timeline'][number], Previous['entry']> = { proof: null }
const ADDED_TO_DEPLOY: Omit<DeployView, Previous['deploy']> = {
  logDeletedAt: null,
  approvalId: null,
  checklist: [],
  watch: null,
  queue: null,
}
const ADDED_TO_APPROVAL: Omit<ApprovalView, Previous['approval']> = { checklist: [] }
const ADDED_TO_REVIEW: Omit<Review, Previous['review']> = {
  pulls: [],
  pullsComplete: false,
  checklist: [],
  checks: { checks: [], counts: { red: 0, pending: 0, other: 0, green: 0 }, complete: false },
}
/** The previous version has windows without a rule, and locks. */
const addedToFreeze = ({ surface }: Pick<FreezeView, 'surface'>): Omit<FreezeView, Previous['freeze']> => ({
  kind: surface === null ? 'freeze' : 'lock',
  rollbacksPass: false,
  recurrence: null,
  occurrence: null,
})

type Older<Value, Known extends keyof Value> = Pick<Value, Known> & Partial<Omit<Value, Known>>
type OlderTile = Omit<Older<SurfaceTile, Previous['tile']>, 'lastGood'> & { readonly lastGood: OlderGood | null }
type OlderGrid = Omit<Older<Grid, Previous['grid']>, 'surfaces'> & { readonly surfaces: readonly OlderTile[] }
type OlderEntry = Older<DeployView['timeline'][number], Previous['entry']>
type OlderDeploy = Omit<Older<DeployView, Previous['deploy']>, 'timeline'> & {
  readonly timeline: readonly OlderEntry[]
}
type OlderApproval = Older<ApprovalView, Previous['approval']>
type ApprovalPage = inferRouterOutputs<AppRouter>['approvals']['list']
type OlderApprovals = Omit<ApprovalPage, 'waiting' | 'decided'> &
  Readonly<Record<'waiting' | 'decided', readonly OlderApproval[]>>
type OlderReview = Older<Review, Previous['review']>
type OlderEvent = Omit<Older<LiveEvent, Previous['event']>, 'tiles'> & { readonly tiles: readonly OlderTile[] }
type OlderFreeze = Older<FreezeView, Previous['freeze']>
type FreezeList = inferRouterOutputs<AppRouter>['freezes']['list']
type OlderFreezes = Omit<FreezeList, 'current' | 'past'> & Readonly<Record<'current' | 'past', readonly OlderFreeze[]>>

/** The previous version does not say when the version to return to was last healthy. */
type OlderGood = Older<NonNullable<SurfaceTile['lastGood']>, 'deployId' | 'sha' | 'finishedAt'>

const completeTile = ({ lastGood, ...tile }: OlderTile): SurfaceTile => ({
  ...ADDED_TO_TILE,
  ...tile,
  lastGood: lastGood === null ? null : { healthyAt: null, ...lastGood },
})
const completeGrid = (grid: OlderGrid): Grid => ({
  ...ADDED_TO_GRID,
  ...grid,
  surfaces: grid.surfaces.map(completeTile),
})
const completeDeploy = (deploy: OlderDeploy): DeployView => ({
  ...ADDED_TO_DEPLOY,
  ...deploy,
  timeline: deploy.timeline.map((entry) => ({ ...ADDED_TO_ENTRY, ...entry })),
})
const completeReview = (review: OlderReview): Review => ({ ...ADDED_TO_REVIEW, ...review })
const completeApproval = (approval: OlderApproval): ApprovalView => ({ ...ADDED_TO_APPROVAL, ...approval })
const completeApprovals = (page: OlderApprovals): ApprovalPage => ({
  ...page,
  waiting: page.waiting.map(completeApproval),
  decided: page.decided.map(completeApproval),
})
const completeFreeze = (freeze: OlderFreeze): FreezeView => ({ ...addedToFreeze(freeze), ...freeze })
const completeFreezes = (list: OlderFreezes): FreezeList => ({
  ...list,
  current: list.current.map(completeFreeze),
  past: list.past.map(completeFreeze),
})

/** Events may also come from a window of the previous version. */
export const completeEvent = (event: OlderEvent): LiveEvent => ({
  ...ADDED_TO_EVENT,
  ...event,
  tiles: event.tiles.map(completeTile),
})

/**
 * During a rolling upgrade, a replica of the previous version may answer this page. Adds what the answer lacks, as not known, so that no
 * part of the page reads a member that is not there.
 */
export function completeOlderAnswers(): TRPCLink<AppRouter> {
  const complete = (path: string, answer: unknown): unknown => {
    if (path === 'surfaces.list') return completeGrid(answer as OlderGrid)
    if (path === 'surfaces.review') return completeReview(answer as OlderReview)
    if (path === 'deploys.get') return completeDeploy(answer as OlderDeploy)
    if (path === 'approvals.get') return completeApproval(answer as OlderApproval)
    if (path === 'approvals.list') return completeApprovals(answer as OlderApprovals)
    if (path === 'freezes.list') return completeFreezes(answer as OlderFreezes)
    return answer
  }
  return () =>
    ({ op, next }) =>
      next(op).pipe(
        map((envelope) => {
          const { result } = envelope
          if (!('data' in result) || op.type !== 'query') return envelope
          return { ...envelope, result: { ...result, data: complete(op.path, result.data) } }
        }),
      )
}
