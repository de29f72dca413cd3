import 'server-only'
import { type FailedLog, failedLog, failedPart } from '~/domain/deploy/failed-log'
import { keptJobs } from '~/domain/deploy/run-jobs'
import type { Deps } from '~/server/deps'
import { readJobLog } from '~/server/github/job-log'

/**
 * Reads the end of the log of the newest attempt's failed job and stores it, or why it was not read. A log that was read is not read again.
 *
 * @throws if the log may be there later, so that the queued job is retried
 */
export async function readFailedLog(deps: Pick<Deps, 'db' | 'github' | 'now'>, deployId: string): Promise<void> {
  const row = await deps.db.runAttempt.findFirst({
    where: { deployId },
    orderBy: { attempt: 'desc' },
    select: { attempt: true, jobs: true, failedLog: true, deploy: { select: { repository: true } } },
  })
  const part = failedPart(keptJobs.safeParse(row?.jobs).data?.jobs ?? [])
  if (row === null || part === null) return
  const known = failedLog.safeParse(row.failedLog).data
  if (known !== undefined && known.unread === null) return
  const outcome = await readJobLog(deps.github, row.deploy.repository, part)
  const stored: FailedLog = {
    jobId: part.job.id,
    step: part.step?.name ?? null,
    readAt: deps.now().toISOString(),
    ...(outcome.kind === 'read'
      ? { of: outcome.of, lines: [...outcome.lines], unread: null }
      : { of: 'job', lines: [], unread: outcome.reason }),
  }
  await deps.db.runAttempt.update({
    where: { deployId_attempt: { deployId, attempt: row.attempt } },
    data: { failedLog: stored },
    select: { attempt: true },
  })
  if (outcome.kind === 'unread' && outcome.mayRetry) throw new Error(outcome.reason)
}
