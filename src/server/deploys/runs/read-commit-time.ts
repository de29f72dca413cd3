import 'server-only'
import type { Deps } from '~/server/deps'
import { readCommitterTime } from '~/server/github/refs'

/**
 * Stores when the deployed commit was committed. The deploy keeps no time if GitHub does not know the commit.
 *
 * @throws AppError if GitHub does not answer, so that the queued job is retried
 */
export async function readCommitTime({ db, github }: Pick<Deps, 'db' | 'github'>, deployId: string): Promise<void> {
  const deploy = await db.deploy.findUnique({
    where: { id: deployId },
    select: { repository: true, sha: true, committedAt: true },
  })
  if (deploy === null || deploy.sha === null || deploy.committedAt !== null) return
  const committedAt = await readCommitterTime(github, deploy.repository, deploy.sha)
  if (committedAt === null) return
  // The record of the run may have named another commit meanwhile.
  await db.deploy.updateMany({ where: { id: deployId, sha: deploy.sha }, data: { committedAt } })
}
