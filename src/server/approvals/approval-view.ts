import 'server-only'
import { type Actor, may, reaches } from '~/domain/actor'
import { APPROVAL_STATES, type ApprovalState, type ApprovalView, DEPLOY_KINDS } from '~/domain/deploy/approval'
import { storedValues } from '~/domain/deploy/asked-inputs'
import type { DecidableApprovals } from '~/domain/member'
import {
  type ApprovalRow,
  listDecidedApprovals,
  listWaitingApprovals,
  requireApproval,
} from '~/server/approvals/approvals'
import { type AuditSubject, tokenOwner } from '~/server/audit/append-audit'
import type { Deps } from '~/server/deps'
import { commitUrl } from '~/server/github/web-urls'

/** An approval as one actor sees it. */
export function approvalView(deps: Pick<Deps, 'config' | 'now'>, row: ApprovalRow, actor: Actor): ApprovalView {
  const state = stateAt(row, deps.now())
  const yours = row.requestedByUserId === actor.userId
  const reach = { environment: row.environment, surfaceId: row.surfaceId }
  return {
    id: row.id,
    state,
    surface: row.surface,
    repository: row.repository,
    workflow: row.workflow,
    kind: DEPLOY_KINDS.find((kind) => kind === row.kind) ?? 'deploy',
    sourceId: row.sourceId,
    ref: row.ref,
    sha: row.sha,
    expectedRunningSha: row.reviewedRunningSha,
    inputs: Object.entries(storedValues.parse(row.askedInputs)).map(([name, value]) => ({ name, value })),
    commitUrl: commitUrl(deps.config.githubApiUrl, row.repository, row.sha),
    checklist: row.checklist,
    reason: row.reason,
    overrideReason: row.overrideReason,
    overrideFreezeIds: row.overrideFreezeIds,
    requestedBy: row.requestedBy,
    requestedByOwner: row.owner,
    requestedAt: row.requestedAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    decision:
      row.decidedBy === null || row.decidedAt === null
        ? null
        : { by: row.decidedBy, at: row.decidedAt.toISOString(), reason: row.decisionReason },
    deployId: row.deploy?.id ?? null,
    yours,
    decidable: state === 'waiting' && !yours && may(actor, 'deploy.approve') && reaches(actor, reach),
  }
}

/** Reads an approval as expired from its expiry time on, also before the worker records the expiry. */
export function stateAt(row: Pick<ApprovalRow, 'state' | 'expiresAt'>, now: Date): ApprovalState {
  const state = APPROVAL_STATES.find((known) => known === row.state)
  if (state === undefined) throw new Error(`approval state ${row.state} is unknown to this version`)
  return state === 'waiting' && row.expiresAt <= now ? 'expired' : state
}

/** The part of the payload that every audit row about an approval shares. */
export const approvalFacts = (
  row: Pick<ApprovalRow, 'id' | 'kind' | 'ref' | 'sha' | 'requestedBy' | 'requestedByUserId'>,
) => ({
  approval_id: row.id,
  kind: row.kind,
  ref: row.ref,
  sha: row.sha,
  requested_by: row.requestedBy,
  ...tokenOwner({ name: row.requestedBy, userId: row.requestedByUserId }),
})

export const approvalSubject = (row: Pick<ApprovalRow, 'surfaceId'>, actor: string, at: Date): AuditSubject => ({
  actor,
  at,
  surfaceId: row.surfaceId,
})

type ListDeps = Pick<Deps, 'db' | 'now' | 'config'>

export interface ApprovalsPage {
  /** Waiting approvals, the first to expire at the top. The same on every page. */
  readonly waiting: readonly ApprovalView[]
  readonly decided: readonly ApprovalView[]
  /** The `cursor` of the next, older page; null on the last page. */
  readonly nextCursor: string | null
}

const PAGE = 25

export async function listApprovals(deps: ListDeps, actor: Actor, cursor: string | null): Promise<ApprovalsPage> {
  const [waiting, decided] = await Promise.all([
    listWaitingApprovals(deps.db, deps.now()),
    listDecidedApprovals(deps.db, { before: cursor, limit: PAGE + 1 }),
  ])
  const shown = decided.slice(0, PAGE)
  return {
    waiting: waiting.map((row) => approvalView(deps, row, actor)),
    decided: shown.map((row) => approvalView(deps, row, actor)),
    nextCursor: decided.length > PAGE ? (shown.at(-1)?.id ?? null) : null,
  }
}

const NEWEST = 20

/** What the navigation counts for the actor. Costs no query for an actor who may decide about nothing. */
export async function listDecidable(deps: ListDeps, actor: Actor): Promise<DecidableApprovals> {
  if (!may(actor, 'deploy.approve')) return { count: 0, newest: [] }
  const waiting = (await listWaitingApprovals(deps.db, deps.now()))
    .map((row) => approvalView(deps, row, actor))
    .filter(({ decidable }) => decidable)
  return {
    count: waiting.length,
    // Ids are UUIDv7, which sort by time.
    newest: waiting
      .toSorted((a, b) => (a.id < b.id ? 1 : -1))
      .slice(0, NEWEST)
      .map(({ id, surface, requestedBy, requestedByOwner }) => ({
        id,
        surface: surface.name,
        requestedBy,
        requestedByOwner,
      })),
  }
}

/** Throws `approval_unknown`. */
export async function getApproval(deps: ListDeps, actor: Actor, id: string): Promise<ApprovalView> {
  return approvalView(deps, await requireApproval(deps, id), actor)
}
