import 'server-only'
import type { DeployKind } from '~/domain/deploy/approval'
import type { DeploySource as Source } from '~/domain/deploy/request'
import { isRollback } from '~/domain/deploy/source'
import { AppError } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import { shortSha } from '~/domain/ref'
import { isSameService, type ServiceMember } from '~/domain/surface/service'
import { findDeploy } from '~/server/deploys/deploys'
import type { Deps } from '~/server/deps'
import { comparisonOf, nullIfUnavailable } from '~/server/github/recent-reads'
import type { DatabaseHandle } from '~/server/platform/database'
import { findSurface } from '~/server/surfaces/surfaces'
import { readRunning } from '~/server/surfaces/surfaces.sql'

interface Target extends ServiceMember {
  readonly id: string
  readonly environment: string
}

/** The stored form of a source: the deploy's kind, and the id of the deploy or surface that the commit comes from. */
export const kindOf = (source: Source | undefined): { readonly kind: DeployKind; readonly sourceId: string | null } => {
  if (source === undefined) return { kind: 'deploy', sourceId: null }
  return { kind: source.kind, sourceId: source.kind === 'rollback' ? source.deployId : source.surfaceId }
}

/** The source of a stored kind; undefined for a ref. */
export function sourceOf(kind: string, sourceId: string | null): Source | undefined {
  if (sourceId === null) return undefined
  if (kind === 'rollback') return { kind, deployId: sourceId }
  return kind === 'promotion' ? { kind, surfaceId: sourceId } : undefined
}

/** Throws `source_refused` unless the commit is what that deploy shipped (rollback), or what that surface runs now (promotion). */
export async function checkSource(db: DatabaseHandle, target: Target, source: Source, sha: string): Promise<void> {
  if (source.kind === 'rollback') {
    const deploy = await findDeploy(db, source.deployId)
    if (deploy === null || deploy.surfaceId !== target.id)
      throw refused('The source deploy belongs to another surface.')
    if (deploy.status !== 'succeeded')
      throw refused(`The source deploy did not succeed: its status is ${deploy.status}.`)
    if (deploy.shipped !== 'yes') throw refused('The source deploy is not proven to have shipped its commit.')
    if (!hasSameWorkflow(deploy, target)) throw refused('The source deploy used another repository or workflow.')
    if (deploy.sha !== sha) throw refused('The source deploy shipped another commit.', { sha, actual: deploy.sha })
    return
  }
  const from = await findSurface(db, source.surfaceId)
  if (from === null || from.archivedAt !== null || from.id === target.id) {
    throw refused(`There is no surface "${source.surfaceId}" to promote from.`)
  }
  if (!isSameService(from, target)) throw refused(`${from.name} belongs to another service.`)
  if (target.environment !== 'production' || from.environment === 'production') {
    throw refused('A promotion goes from another environment to production.')
  }
  if (from.runningSha === null) throw refused(`${from.name} has not reported a version.`)
  if (from.runningSha !== sha) {
    const [asked, runs] = [sha, from.runningSha].map(shortSha)
    throw refused(`${from.name} runs ${runs}, not ${asked}.`, { sha, actual: from.runningSha })
  }
}

/** Throws `source_refused` for a promotion that would only remove commits. Passes while GitHub does not answer, as the review does. */
export async function requireForwardPromotion(
  deps: Pick<Deps, 'db' | 'github'>,
  target: Pick<Target, 'id' | 'repository'> & { readonly name: string },
  source: Source,
  sha: string,
): Promise<void> {
  if (source.kind !== 'promotion') return
  const runs = (await readRunning(deps.db, [target.id])).get(target.id)?.runs ?? null
  if (runs === null || runs === sha) return
  const change = await nullIfUnavailable(comparisonOf(deps.github, target.repository, runs, sha))
  if (change === null || !isRollback(change)) return
  const [offered, now] = [sha, runs].map(shortSha)
  throw new AppError(
    'source_refused',
    `${offered} is behind ${now}, which ${inSentence(target.name)} runs, so this is not a promotion. Nothing was deployed. To roll back, deploy the commit itself.`,
    { details: { expected_sha: sha, running_sha: runs } },
  )
}

type Workflow = Pick<Target, 'repository' | 'workflow'>
const hasSameWorkflow = (a: Workflow, b: Workflow) => a.repository === b.repository && a.workflow === b.workflow

const refused = (why: string, commits?: { readonly sha: string; readonly actual: string | null }) =>
  new AppError('source_refused', `${why} Nothing was deployed. Review the deploy again.`, {
    details: commits === undefined ? {} : { expected_sha: commits.sha, actual_sha: commits.actual },
  })
