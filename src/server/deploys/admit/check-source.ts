import 'server-only'
import type { DeployKind } from '~/domain/deploy/approval'
import type { DeploySource as Source } from '~/domain/deploy/request'
import { isRollback } from '~/domain/deploy/source'
import { AppError } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import { findDeploy } from '~/server/deploys/deploys'
import type { Deps } from '~/server/deps'
import { comparisonOf, unlessAway } from '~/server/github/comparisons'
import type { DatabaseHandle } from '~/server/platform/database'
import { findSurface } from '~/server/surfaces/surfaces'
import { readRunning } from '~/server/surfaces/surfaces.sql'

interface Target {
  readonly id: string
  readonly environment: string
  readonly repository: string
  readonly workflow: string
}

/** What a deploy is called for where its commit comes from, and what is kept of that. */
export const kindOf = (source: Source | undefined): { readonly kind: DeployKind; readonly sourceId: string | null } => {
  if (source === undefined) return { kind: 'deploy', sourceId: null }
  return { kind: source.kind, sourceId: source.kind === 'rollback' ? source.deployId : source.surfaceId }
}

/** The source a stored kind stands for; undefined for a ref. */
export function sourceOf(kind: string, sourceId: string | null): Source | undefined {
  if (sourceId === null) return undefined
  if (kind === 'rollback') return { kind, deployId: sourceId }
  return kind === 'promotion' ? { kind, surfaceId: sourceId } : undefined
}

/**
 * Whether a commit may be called a rollback to that deploy, or a promotion of what that surface runs, now. Throws
 * `source_refused` when it may not: the words on the screen and in the trail are never taken on trust.
 */
export async function checkSource(db: DatabaseHandle, target: Target, source: Source, sha: string): Promise<void> {
  if (source.kind === 'rollback') {
    const deploy = await findDeploy(db, source.deployId)
    if (deploy === null || deploy.surfaceId !== target.id) throw refused('That deploy is not one of this surface.')
    if (deploy.status !== 'succeeded') throw refused(`That deploy did not succeed: it is ${deploy.status}.`)
    if (deploy.shipped !== 'yes') throw refused('It is not proven that the deploy shipped its commit.')
    if (!sameWay(deploy, target)) throw refused('That deploy came from another repository or workflow.')
    if (deploy.sha !== sha) throw refused('That deploy shipped another commit.', { sha, is: deploy.sha })
    return
  }
  const from = await findSurface(db, source.surfaceId)
  if (from === null || from.archivedAt !== null || from.id === target.id) {
    throw refused(`There is no other surface "${source.surfaceId}" to promote from.`)
  }
  if (!sameWay(from, target)) throw refused(`${from.name} ships from another repository or workflow.`)
  if (target.environment !== 'production' || from.environment === 'production') {
    throw refused('A promotion goes from another environment to production.')
  }
  if (from.runningSha === null) throw refused(`${from.name} has not said which version it runs.`)
  if (from.runningSha !== sha) {
    const [asked, runs] = [sha, from.runningSha].map((commit) => commit.slice(0, 7))
    throw refused(`${from.name} does not run ${asked} but ${runs}.`, { sha, is: from.runningSha })
  }
}

/**
 * Throws `source_refused` for a promotion of a commit that only takes back what the target runs: it is no promotion, and whoever
 * means it names the commit itself. Passes while GitHub does not answer, as the review does.
 */
export async function requireForwards(
  deps: Pick<Deps, 'db' | 'github'>,
  target: Target & { readonly name: string },
  source: Source,
  sha: string,
): Promise<void> {
  if (source.kind !== 'promotion') return
  const runs = (await readRunning(deps.db, [target.id])).get(target.id)?.runs ?? null
  if (runs === null || runs === sha) return
  const change = await unlessAway(comparisonOf(deps.github, target.repository, runs, sha))
  if (change === null || !isRollback(change)) return
  const [offered, now] = [sha, runs].map((commit) => commit.slice(0, 7))
  throw new AppError(
    'source_refused',
    `${offered} is behind ${now}, which ${inSentence(target.name)} runs, so this is not a promotion. Nothing was deployed; to roll back, deploy the commit itself.`,
    { details: { expected_sha: sha, running_sha: runs } },
  )
}

const sameWay = (a: Omit<Target, 'id' | 'environment'>, b: Omit<Target, 'id' | 'environment'>) =>
  a.repository === b.repository && a.workflow === b.workflow

const refused = (why: string, commits?: { readonly sha: string; readonly is: string | null }) =>
  new AppError('source_refused', `${why} Nothing was deployed; review it again.`, {
    details: commits === undefined ? {} : { expected_sha: commits.sha, actual_sha: commits.is },
  })
