import 'server-only'
import { type Actor, may } from '~/domain/actor'
import { AppError } from '~/domain/errors'
import type { Deps } from '~/server/deps'
import { limitGitHubReads } from '~/server/platform/http/rate-limits'

/**
 * Before GitHub is asked something only for somebody to see. What GitHub answers in an hour is counted, and dispatches need
 * it too: so an account has a limit of its own for this, and when little is left, it is for those who may deploy.
 *
 * @throws AppError `rate_limited`, `github_unavailable`
 */
export function admitGitHubRead(deps: Pick<Deps, 'github' | 'now' | 'rateLimits'>, actor: Actor): void {
  limitGitHubReads(deps, actor)
  const now = deps.now()
  const scarceUntil = deps.github.budget.pausedUntil(now, 'people')
  if (scarceUntil === null || may(actor, 'deploy.dispatch')) return
  throw new AppError(
    'github_unavailable',
    'GitHub answers the console only so often an hour, and what is left is kept for deploys. Nothing was asked; try again later.',
    { retryAfterSeconds: Math.ceil((scarceUntil.getTime() - now.getTime()) / 1000) },
  )
}
