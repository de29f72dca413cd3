import 'server-only'
import type { Actor } from '~/domain/actor'
import { refuseWhileDeploying } from '~/domain/deploy/admission'
import { explainHold } from '~/domain/deploy/report'
import type { DeploySource } from '~/domain/deploy/request'
import { explainSource, isRollback, sourceToKeep } from '~/domain/deploy/source'
import { isTerminal } from '~/domain/deploy/status'
import { inSentence } from '~/domain/foreign-text'
import {
  decideFreeze,
  deployFreezeRefusal,
  type FreezeDecision,
  noticeSentence,
  passSentence,
} from '~/domain/freeze/decide-freeze'
import type { StandingFreeze } from '~/domain/freeze/freeze'
import { isCommitSha } from '~/domain/ref'
import type { Comparison, Review, ReviewWarning } from '~/domain/surface/review'
import { explainUnknownVersion } from '~/domain/surface/version'
import { readAskedInputs } from '~/server/deploys/admit/choose-inputs'
import { chooseWorkflowRef } from '~/server/deploys/admit/choose-workflow-ref'
import { holdingRunId } from '~/server/deploys/admit/explain-busy-surface'
import type { Deps } from '~/server/deps'
import { freezesInForce, noticesInForce } from '~/server/freezes/freezes-in-force'
import { readDeployFreeze } from '~/server/freezes/read-deploy-freeze'
import { findTouchingCommits } from '~/server/github/path-commits'
import { comparisonOf, nullIfUnavailable, shareRead } from '~/server/github/recent-reads'
import { type ResolvedRef, readCommit, resolveRef } from '~/server/github/refs'
import { declaredColumns, digestDeclaration } from '~/server/surfaces/declare/declarations'
import { requireSurface } from '~/server/surfaces/review/list-refs'
import { checkWarnings, pullsOf, readChecks } from '~/server/surfaces/review/read-github-facts'
import { knownVersion, type SurfaceRow } from '~/server/surfaces/surfaces'
import { readRunning } from '~/server/surfaces/surfaces.sql'

type ReviewDeps = Pick<Deps, 'db' | 'github' | 'logger' | 'now'>

/**
 * Reviews what a deploy of `ref` would change, by GitHub's comparison with the running version. A rollback or promotion can be reviewed
 * while GitHub does not answer, since its commit is on record.
 */
export async function reviewDeploy(
  deps: ReviewDeps,
  input: {
    readonly surfaceId: string
    readonly ref: string
    readonly source?: DeploySource | undefined
    /** The request that is reviewed; undefined for the actor's own. */
    readonly approvalId?: string | undefined
  },
  actor: Pick<Actor, 'name' | 'userId'> | null = null,
): Promise<Review> {
  const surface = await requireSurface(deps, input.surfaceId)
  const [freezes, notices, running, requester] = await Promise.all([
    freezesInForce(deps.db, surface, deps.now()),
    noticesInForce(deps.db, surface, deps.now()),
    readRunning(deps.db, [surface.id]),
    input.approvalId === undefined ? actor : findRequester(deps, input.approvalId),
  ])
  const { repository } = surface
  const runningSha = running.get(surface.id)?.runs ?? null
  const { github } = deps
  // Never a recent answer: after `ref_moved`, the operator must see where the ref is now.
  const resolving = shareRead(
    github,
    `head ${repository} ${input.ref}`,
    async () => {
      const { ref, sha } = await resolveRef(github, repository, input.ref)
      return { ref, commit: await readCommit(github, repository, sha) }
    },
    {
      keep: false,
    },
  )
  const isOnRecord = input.source !== undefined && isCommitSha(input.ref)
  const found = await (isOnRecord ? nullIfUnavailable(resolving) : resolving)
  const [ref, sha, head] = found === null ? [input.ref, input.ref, null] : [found.ref, found.commit.sha, found.commit]
  const compared = runningSha === null ? null : comparisonOf(github, repository, runningSha, sha)
  const [comparison, { pulls, pullsComplete }, { failed, tooMany, ...checks }, deployFreeze, run] = await Promise.all([
    addTouching(github, surface, isOnRecord && compared !== null ? nullIfUnavailable(compared) : compared, {
      base: runningSha,
      head: sha,
    }),
    pullsOf(deps, repository, compared),
    readChecks(deps, repository, sha),
    deployFreezeWarnings(deps, surface),
    runOf(deps, surface, { ref, sha }),
  ])
  const isProven = input.source?.kind === 'rollback' && isRollback(comparison)
  const asker = { name: requester?.name ?? '', userId: requester?.userId ?? null, isRollback: isProven }
  const decision = decideFreeze({ surface, freezes, override: null, asker })
  const passed = decision.passed.map(({ freeze }) => freeze.id)
  return {
    surfaceId: surface.id,
    ref,
    sha,
    head,
    runningSha,
    comparison,
    pulls,
    pullsComplete,
    checks,
    warnings: [
      ...blockingWarnings(surface, decision),
      ...deployFreeze,
      ...notices.map((notice) => ({ kind: 'notice' as const, text: noticeSentence(surface, notice), blocking: false })),
      ...rollbackLock(surface, input.source, freezes),
      ...checkWarnings({ failed, tooMany }),
      ...adviceOf({ ...surface, runs: runningSha }, comparison, input.source, found === null),
    ],
    freezeIds: freezes.map(({ id }) => id).filter((id) => !passed.includes(id)),
    ...run,
  }
}

/** A rollback locks the surface, unless it is locked already. */
function rollbackLock(
  { name }: SurfaceRow,
  source: DeploySource | undefined,
  freezes: readonly StandingFreeze[],
): ReviewWarning[] {
  if (source?.kind !== 'rollback' || freezes.some(({ kind }) => kind === 'locked')) return []
  const text = `A rollback locks ${inSentence(name)} until somebody unlocks it. The person who rolls back may still deploy, and anybody may roll back again.`
  return [{ kind: 'rollback_lock', text, blocking: false }]
}

async function findRequester({ db }: Pick<Deps, 'db'>, id: string): Promise<Pick<Actor, 'name' | 'userId'> | null> {
  const select = { requestedBy: true, requestedByUserId: true }
  const approval = await db.approval.findUnique({ where: { id }, select })
  return approval === null ? null : { name: approval.requestedBy, userId: approval.requestedByUserId }
}

/** How the workflow would be started: from which ref, with which inputs, and by which declaration and file. */
async function runOf(
  deps: ReviewDeps,
  { id }: SurfaceRow,
  chosen: ResolvedRef,
): Promise<Pick<Review, 'workflowRef' | 'asked' | 'checklist' | 'basis'>> {
  const surface = await deps.db.surface.findUniqueOrThrow({ where: { id }, select: declaredColumns })
  const ref = await chooseWorkflowRef(deps.github, surface, chosen)
  const { asked, workflowFile } = await readAskedInputs(deps, { ...surface, ref })
  return {
    workflowRef: surface.onMoved === null ? null : ref,
    asked,
    checklist: surface.checklist,
    basis: { declaration: digestDeclaration(surface), workflowRef: ref, workflowFile },
  }
}

/** Adds which commits of a comparison touch the surface's paths. It is unknown while GitHub does not answer. */
async function addTouching(
  github: Deps['github'],
  { repository, paths }: SurfaceRow,
  compared: Promise<Comparison | null> | null,
  { base, head }: { readonly base: string | null; readonly head: string },
): Promise<Comparison | null> {
  const comparison = await compared
  if (comparison === null || base === null || paths.length === 0) return comparison
  const found = await nullIfUnavailable(findTouchingCommits(github, repository, { base, head, paths }))
  const known =
    found === null
      ? null
      : { adds: found.adds.length, removes: found.removes.length, shas: [...found.adds, ...found.removes] }
  return { ...comparison, touching: { paths, known } }
}

/** The refusals that a dispatch would get now, in the same words; and the freezes that let this request pass. */
function blockingWarnings(surface: SurfaceRow, { refusals, passed }: FreezeDecision): ReviewWarning[] {
  const { lastDeploy } = surface
  const [holding] = surface.deploys
  const activeDeploy = lastDeploy !== null && !isTerminal(lastDeploy.status) ? lastDeploy : null
  const busy = refuseWhileDeploying(activeDeploy)
  return [
    ...(busy === null || activeDeploy === null
      ? []
      : [{ kind: 'busy' as const, text: busy.message, blocking: true, deployId: activeDeploy.id }]),
    ...(holding === undefined
      ? []
      : [
          {
            kind: 'busy' as const,
            text: explainHold(surface.name, holdingRunId(holding)),
            blocking: true,
            deployId: holding.id,
          },
        ]),
    ...refusals.map(({ freeze, message }) => ({ kind: freeze.kind, text: message, blocking: true })),
    ...passed.map((pass) => ({ kind: pass.freeze.kind, text: passSentence(surface, pass), blocking: false })),
  ]
}

/** The workflow's freeze check reads DEPLOY_FREEZE too, so a deploy to production would fail there. */
async function deployFreezeWarnings(deps: ReviewDeps, surface: SurfaceRow): Promise<ReviewWarning[]> {
  const { environment, repository } = surface
  if (environment !== 'production') return []
  const found = await readDeployFreeze(deps, repository)
  if (found === 'none') return []
  if (found !== 'unread') {
    return [{ kind: 'deploy_freeze', text: deployFreezeRefusal(repository, found).message, blocking: true }]
  }
  const text = `The console could not read DEPLOY_FREEZE of ${inSentence(repository)} from GitHub. The workflow checks the variable before it deploys.`
  return [{ kind: 'deploy_freeze_unread', text, blocking: false }]
}

function adviceOf(
  surface: SurfaceRow & { readonly runs: string | null },
  comparison: Comparison | null,
  source: DeploySource | undefined,
  isGitHubUnavailable: boolean,
): ReviewWarning[] {
  const warnings: ReviewWarning[] = []
  if (comparison?.kind === 'identical') {
    warnings.push({ kind: 'nothing_new', text: 'This version is already running.', blocking: false })
  }
  if (comparison !== null && comparison.removes > 0) {
    const commits = comparison.removes === 1 ? '1 commit that runs' : `${comparison.removes} commits that run`
    warnings.push({ kind: 'step_back', text: `This deploy removes ${commits} now.`, blocking: false })
  }
  const isOther = comparison !== null && comparison.kind !== 'identical'
  if (source !== undefined && isOther && sourceToKeep(source, comparison) === null) {
    warnings.push({ kind: 'misnamed', text: explainSource(source, comparison), blocking: false })
  }
  if (comparison === null) {
    const text =
      surface.runs === null
        ? surface.runningSha === null
          ? whyNoVersion(surface)
          : 'A deploy that may have shipped has ended since the surface last reported a version, so the commits cannot be compared.'
        : isGitHubUnavailable
          ? 'GitHub does not answer, so the commits cannot be compared.'
          : 'GitHub cannot compare the running version with this ref.'
    warnings.push({ kind: 'not_comparable', text, blocking: false })
  }
  if (surface.health === 'unhealthy' || surface.health === 'unreachable') {
    warnings.push({ kind: 'unhealthy', text: `The surface is ${surface.health} right now.`, blocking: false })
  }
  return warnings
}

function whyNoVersion(surface: SurfaceRow): string {
  const { name, problem } = knownVersion(surface)
  return name === null
    ? 'The surface has not reported a version, so the commits cannot be compared.'
    : `${explainUnknownVersion(name, problem ?? 'unresolved')} The commits cannot be compared.`
}
