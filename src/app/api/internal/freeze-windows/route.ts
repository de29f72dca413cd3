import { openFreeze } from '~/server/freezes/change-freezes'
import { listFreezes } from '~/server/freezes/freeze-view'
import { readJson, refuseMethods, restRoute, snakeCase } from '~/server/rest/rest-route'
import { restFreezeBody } from '~/server/rest/surface-shapes'

export const dynamic = 'force-dynamic'

export const { PUT, PATCH, DELETE, OPTIONS } = refuseMethods('GET', 'POST')

/** Locks and freeze windows, in force or scheduled. */
export const GET = restRoute('freeze.read', async ({ deps }) => ({
  body: { freezes: snakeCase((await listFreezes(deps)).current) },
}))

export const POST = restRoute('freeze.manage', async ({ deps, actor, request }) => {
  const { surface: surfaceId, recurrence: rule, ...body } = await readJson(request, restFreezeBody)
  const { kind, environment, reason, starts_at: startsAt, ends_at: endsAt, rollbacks_pass: rollbacksPass } = body
  const recurrence = rule && {
    rule: rule.rule,
    timeZone: rule.time_zone,
    localStart: rule.local_start,
    durationMinutes: rule.duration_minutes,
  }
  const window = { kind, environment, surfaceId, reason, startsAt, endsAt, recurrence, rollbacksPass }
  return { status: 201, body: snakeCase(await openFreeze(deps, actor, window)) }
})
