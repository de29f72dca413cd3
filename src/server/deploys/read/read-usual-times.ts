import 'server-only'
import { ESTIMATE_OF, type UsualTimes, usualTimes } from '~/domain/deploy/usual-times'
import { readTransitions } from '~/server/audit/append-audit'
import { describeDeployRow, reportSelect } from '~/server/deploys/deploy-report'
import type { Deps } from '~/server/deps'

/** How long the phases of the surface's last successful deploys took. Read once when a deploy is opened, not with each poll. */
export async function readUsualTimes({ db }: Pick<Deps, 'db'>, surfaceId: string): Promise<UsualTimes> {
  const rows = await db.deploy.findMany({
    where: { surfaceId, shipped: 'yes', status: 'succeeded' },
    orderBy: { id: 'desc' },
    take: ESTIMATE_OF,
    select: { ...reportSelect, id: true },
  })
  const transitions = await readTransitions(
    db,
    rows.map(({ id }) => id),
  )
  return usualTimes(rows.map((row) => describeDeployRow(row, transitions.get(row.id) ?? []).phases))
}
