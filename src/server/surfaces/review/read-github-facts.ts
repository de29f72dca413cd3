import 'server-only'
import { AppError } from '~/domain/errors'
import { inSentence } from '~/domain/foreign-text'
import {
  CHECKS_LISTED,
  type CommitCheck,
  type CommitChecks,
  type Comparison,
  type Review,
  type ReviewWarning,
} from '~/domain/surface/review'
import type { Deps } from '~/server/deps'
import { listCheckRuns, listStatuses } from '~/server/github/checks'
import { listMergedPulls } from '~/server/github/pulls'
import { shareRead } from '~/server/github/recent-reads'
import { findSurface } from '~/server/surfaces/surfaces'

/** What could not be read is logged and does not stop the review. */
export async function readChecks(
  { github, logger }: Pick<Deps, 'github' | 'logger'>,
  repository: string,
  sha: string,
): Promise<CommitChecks & { readonly failed: readonly string[]; readonly tooMany: boolean }> {
  const read = [listCheckRuns, listStatuses].map((list) =>
    list(github, repository, sha).catch((error: unknown) => {
      logger.info({ repository, sha, err: error }, 'checks of a commit were not read; the review goes on without them')
      return null
    }),
  )
  const kinds = await Promise.all(read)
  const checks = kinds.flatMap((kind) => kind?.checks ?? [])
  const of = (state: CommitCheck['state']) => checks.filter((check) => check.state === state)
  const [red, pending, other, green] = [of('red'), of('pending'), of('other'), of('green')]
  return {
    checks: [...red, ...pending, ...other, ...green].slice(0, CHECKS_LISTED),
    counts: { red: red.length, pending: pending.length, other: other.length, green: green.length },
    complete: kinds.every((kind) => kind?.complete === true),
    failed: [...new Set(red.map(({ name }) => name))],
    tooMany: kinds.some((kind) => kind?.complete === false),
  }
}

/** The checks of the commit that a surface reports, which is what a promotion would ship. Throws `surface_unknown` without one. */
export async function readRunningChecks(
  deps: Pick<Deps, 'db' | 'github' | 'logger'>,
  surfaceId: string,
): Promise<{ readonly sha: string; readonly checks: CommitChecks }> {
  const surface = await findSurface(deps.db, surfaceId)
  const sha = surface?.runningSha ?? null
  if (surface === null || surface.archivedAt !== null || sha === null) {
    const detail = `There is no surface "${surfaceId}" that reports its commit. GitHub was not asked. Check the id.`
    throw new AppError('surface_unknown', detail)
  }
  const { checks, counts, complete } = await readChecks(deps, surface.repository, sha)
  return { sha, checks: { checks, counts, complete } }
}

/** The pull requests that brought in these commits, as far as GitHub lists them and the commits. */
export async function pullsOf(
  { github, logger }: Pick<Deps, 'github' | 'logger'>,
  repository: string,
  compared: Promise<Comparison | null> | null,
): Promise<Pick<Review, 'pulls' | 'pullsComplete'>> {
  const comparison = await compared?.catch(() => null)
  const commits = [...(comparison?.commits ?? []), ...(comparison?.removed ?? [])]
  const areAllKnown = comparison != null && commits.length === comparison.adds + comparison.removes
  if (commits.length === 0) return { pulls: [], pullsComplete: areAllKnown }
  try {
    const { pulls, since } = await shareRead(github, `pulls ${repository}`, () => listMergedPulls(github, repository), {
      keep: true,
    })
    // A pull request is updated when it is merged, which is after the time of its commits.
    const isListed = ({ at }: { readonly at: string }) =>
      since === null || (since !== undefined && Date.parse(at) > Date.parse(since))
    return {
      pulls: pulls.filter((pull) => commits.some(({ sha }) => sha === pull.sha)),
      pullsComplete: areAllKnown && commits.every(isListed),
    }
  } catch (error) {
    logger.info({ repository, err: error }, 'pull requests were not read; the review goes on without them')
    return { pulls: [], pullsComplete: false }
  }
}

const NAMED_AT_MOST = 3

export function checkWarnings({
  failed,
  tooMany,
}: Pick<Awaited<ReturnType<typeof readChecks>>, 'failed' | 'tooMany'>): ReviewWarning[] {
  const texts = [
    ...(failed.length === 0 ? [] : [sentence(failed)]),
    ...(tooMany ? ['Only the first 1,000 checks of this commit were read.'] : []),
  ]
  return texts.map((text) => ({ kind: 'checks_red', text, blocking: false }))
}

function sentence(failed: readonly string[]): string {
  const named = failed.slice(0, NAMED_AT_MOST).map(inSentence).join(', ')
  const others = failed.length - NAMED_AT_MOST
  return `Checks of this commit failed: ${named}${others > 0 ? ` and ${others} more` : ''}.`
}
