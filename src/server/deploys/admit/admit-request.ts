import 'server-only'
import type { Actor } from '~/domain/actor'
import { refuseDispatch } from '~/domain/deploy/admission'
import { explainUnticked, linesToTick } from '~/domain/deploy/checklist'
import type { DeploySource, DispatchInput } from '~/domain/deploy/request'
import { sourceToKeep } from '~/domain/deploy/source'
import { AppError } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import { refLabel, shortSha } from '~/domain/ref'
import { authorize, requireFreshProof, requireReach } from '~/server/auth/authorize'
import { checkSource, requireForwardPromotion } from '~/server/deploys/admit/check-source'
import { type ChosenInputs, chooseInputs } from '~/server/deploys/admit/choose-inputs'
import { chooseWorkflowRef } from '~/server/deploys/admit/choose-workflow-ref'
import { declarationChanged } from '~/server/deploys/admit/insert-deploy'
import type { RequestedSurface } from '~/server/deploys/admit/read-request'
import type { Deps } from '~/server/deps'
import { freezesInForce } from '~/server/freezes/freezes-in-force'
import { requireNoDeployFreeze } from '~/server/freezes/read-deploy-freeze'
import { comparisonOf, nullIfUnavailable } from '~/server/github/recent-reads'
import { type ResolvedRef, resolveRef } from '~/server/github/refs'
import type { DatabaseHandle } from '~/server/platform/database'
import { proveRollback } from '~/server/surfaces/follow/prove-rollback'
import { readRunning } from '~/server/surfaces/surfaces.sql'

export interface Admitted {
  readonly surface: RequestedSurface
  /** The commit that ships, even if the ref moves later. */
  readonly resolved: ResolvedRef
  /** The ref from which the workflow runs. */
  readonly workflowRef: string
  readonly inputs: ChosenInputs
  /** The ticked lines, in the order of the declaration. */
  readonly checklist: string[]
  /** As it is recorded. A commit that adds to what runs ships by itself, and is no rollback. */
  readonly source: DeploySource | undefined
  /** Proven, and asked for as one. Not looked up if no freeze lets rollbacks pass. */
  readonly isRollback: boolean
}

/** Checks a request against its surface: cheap checks first, GitHub last. Returns the surface and the commit that may ship. */
export async function admitRequest(
  deps: Deps,
  actor: Actor,
  input: DispatchInput,
  surface: RequestedSurface | null,
): Promise<Admitted> {
  if (surface === null) {
    throw new AppError(
      'surface_unknown',
      `There is no surface "${input.surfaceId}". Nothing was deployed. Check the id.`,
    )
  }
  requireReach(actor, { environment: surface.environment, surfaceId: surface.id })
  if (input.basis !== undefined && input.basis.declaration !== surface.declaration)
    throw declarationChanged(surface.name)
  if (input.overrideFreeze !== undefined) authorize(actor, 'freeze.override')
  if (surface.environment === 'production' || surface.requiresApproval || input.overrideFreeze !== undefined) {
    requireFreshProof(deps, actor, `deploying ${surface.name}`)
  }
  const refusal = refuseDispatch({ surface, confirmation: input.confirmation })
  if (refusal !== null) throw new AppError(refusal.code, refusal.message, { details: refusal.details })
  const tickedAtFirst = requireTicked(surface, input)
  if (input.source !== undefined) {
    await checkSource(deps.db, surface, input.source, input.ref)
    await requireForwardPromotion(deps, surface, input.source, input.ref)
  }
  // A source names a recorded commit, so a rollback does not depend on GitHub's reads.
  const resolving =
    input.source === undefined
      ? resolveRef(deps.github, surface.repository, input.ref)
      : Promise.resolve({ ref: input.ref, sha: input.ref })
  const [resolved, { workflowRef, inputs }] = await Promise.all([resolving, chooseRun(deps, surface, resolving, input)])
  await requireNoDeployFreeze(deps, surface)
  if (input.expectedSha !== undefined) requireSameCommit(resolved, input.expectedSha)
  const source = await keptSource(deps, surface, input.source, resolved.sha)
  const checklist = source === input.source ? tickedAtFirst : requireTicked(surface, { ...input, source })
  const isRollback = await passesAsRollback(deps, surface, source?.kind, resolved.sha)
  return { surface, resolved, workflowRef, inputs, checklist, source, isRollback }
}

/**
 * The source; none for a rollback whose commit adds to what runs, by GitHub's comparison. While GitHub does not answer, the deploy counts
 * as a rollback.
 */
async function keptSource(
  deps: Pick<Deps, 'db' | 'github'>,
  surface: RequestedSurface,
  source: DeploySource | undefined,
  sha: string,
): Promise<DeploySource | undefined> {
  if (source?.kind !== 'rollback') return source
  const runs = (await readRunning(deps.db, [surface.id])).get(surface.id)?.runs ?? null
  if (runs === null || runs === sha) return source
  const change = await nullIfUnavailable(comparisonOf(deps.github, surface.repository, runs, sha))
  return sourceToKeep(source, change) ?? undefined
}

/** Throws `checklist_incomplete` unless exactly the declared lines are ticked. A rollback may also tick none. */
function requireTicked(
  { name, checklist }: RequestedSurface,
  {
    checklist: ticked = [],
    source,
  }: { readonly checklist?: readonly string[] | undefined; readonly source?: DeploySource | undefined },
): string[] {
  if (ticked.length === 0 && linesToTick(checklist, source).length === 0) return []
  const problem = explainUnticked(checklist, ticked)
  if (problem === null) return [...checklist]
  throw new AppError(
    'checklist_incomplete',
    `The checklist of ${inSentence(name)} is not ticked as declared: ${problem.sentence} Nothing was deployed. Tick every line.`,
    { details: { line: problem.line } },
  )
}

/** Whether a request may pass a freeze as a rollback. GitHub is asked only if a freeze in force lets rollbacks pass. */
export async function passesAsRollback(
  deps: Pick<Deps, 'db' | 'github' | 'now'>,
  surface: { readonly id: string; readonly environment: string; readonly repository: string },
  kind: string | undefined,
  sha: string,
): Promise<boolean> {
  if (kind !== 'rollback') return false
  const freezes = await freezesInForce(deps.db, surface, deps.now())
  return freezes.some(({ rollbacksPass }) => rollbacksPass === true) && (await proveRollback(deps, surface, sha))
}

/** The run does not depend on the resolved commit while the workflow runs from the surface's default ref. */
async function chooseRun(
  deps: Deps,
  surface: RequestedSurface,
  resolving: Promise<ResolvedRef>,
  input: DispatchInput,
): Promise<Pick<Admitted, 'workflowRef' | 'inputs'>> {
  const workflowRef =
    surface.onMoved === null ? surface.ref : await chooseWorkflowRef(deps.github, surface, await resolving)
  const { basis } = input
  if (basis !== undefined && basis.workflowRef !== workflowRef) throw workflowChanged(surface.name, REVIEW_AGAIN)
  // An approval and a queued request keep the file, to compare it later.
  const isCompared = basis !== undefined || surface.requiresApproval || input.queue === true
  const inputs = await chooseInputs(deps, { ...surface, ref: workflowRef }, input.inputs ?? {}, isCompared)
  requireSameWorkflowFile({
    surfaceName: surface.name,
    reviewed: basis?.workflowFile ?? null,
    now: inputs.workflowFile,
    isRollback: input.source?.kind === 'rollback',
    kept: REVIEW_AGAIN,
  })
  return { workflowRef, inputs }
}

/**
 * Throws `surface_changed` when the workflow file is not the reviewed one, and `github_unavailable` when GitHub does not answer with it, except
 * for a rollback, which has to work then. Passes if the review did not know the file.
 */
export function requireSameWorkflowFile(facts: {
  readonly surfaceName: string
  readonly reviewed: string | null
  readonly now: string | null
  readonly isRollback: boolean
  /** What happens to the request, for the end of the message. */
  readonly kept: string
}): void {
  const { surfaceName, reviewed, now, isRollback, kept } = facts
  if (reviewed === null || reviewed === now || (now === null && isRollback)) return
  if (now !== null) throw workflowChanged(surfaceName, kept)
  throw new AppError(
    'github_unavailable',
    `GitHub did not answer with the workflow file of ${inSentence(surfaceName)}, so it cannot be compared with the reviewed one. ${kept}`,
  )
}

const workflowChanged = (name: string, then: string) =>
  new AppError('surface_changed', `The workflow of ${inSentence(name)} is not the reviewed one any more. ${then}`)

/** Throws `ref_moved`, with both commits, when the ref has moved since the review. */
export function requireSameCommit({ ref, sha: actual }: ResolvedRef, sha: string): void {
  if (actual === sha) return
  throw new AppError(
    'ref_moved',
    `${inSentence(refLabel(ref))} was at ${shortSha(sha)} in the review and is at ${shortSha(actual)} now. ${REVIEW_AGAIN}`,
    { details: { expected_sha: sha, actual_sha: actual } },
  )
}

const REVIEW_AGAIN = 'Nothing was deployed. Review the deploy again.'

/**
 * Throws `running_changed` when the running version has changed since the review, since the reviewed list of commits is out of date
 * then. A request that names no reviewed version passes.
 */
export async function requireSameRunning(
  db: DatabaseHandle,
  surface: { readonly id: string; readonly name: string },
  reviewed: string | null | undefined,
): Promise<void> {
  if (reviewed === null || reviewed === undefined) return
  const runs = (await readRunning(db, [surface.id])).get(surface.id)?.runs ?? 'unknown'
  if (runs === reviewed) return
  const name = inSentence(surface.name)
  const then =
    reviewed === 'unknown'
      ? `The running version of ${name} was unknown in the review`
      : `${name} ran ${shortSha(reviewed)} in the review`
  const now = runs === 'unknown' ? 'the running version is unknown now' : `it runs ${shortSha(runs)} now`
  throw new AppError('running_changed', `${then}, and ${now}. ${REVIEW_AGAIN}`, {
    details: { expected_running_sha: reviewed, running_sha: runs },
  })
}
