import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { authenticate } from '~/server/auth/sessions/read-session'
import { createDeps, type Deps } from '~/server/deps'
import { insertFreeze } from '~/server/freezes/freezes'
import { freezesInForce } from '~/server/freezes/freezes-in-force'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { onDatabase } from '~test/support/migrated-template'
import { signedInAs } from '~test/support/sessions'

const MINUTE = 60_000

// Prisma and PostgreSQL both convert times, so a time zone could shift what one writes and the other reads.
describe.each(['America/New_York', 'Europe/Berlin'])('a database whose time zone is %s', (zone) => {
  let console_: TestConsole
  let deps: Deps
  beforeAll(async () => {
    console_ = await createTestConsole()
    const url = console_.deps.config.databaseUrl
    const name = pg.escapeIdentifier(new URL(url).pathname.slice(1))
    await onDatabase(url, (client) => client.query(`ALTER DATABASE ${name} SET timezone TO '${zone}'`))
    deps = createDeps(console_.deps.config)
  })
  afterAll(async () => {
    await deps.db.$disconnect()
    await console_.close()
  })

  it('a time written by a model is read unchanged by SQL, and the reverse', async () => {
    const at = new Date('2026-07-01T12:00:00.000Z')
    const { id } = await insertSurface(deps)
    await deps.db.surface.update({ where: { id }, data: { healthCheckedAt: at } })
    expect(await deps.db.$queryRaw`SELECT "health_checked_at_utc" AS "at" FROM "surfaces" WHERE "id" = ${id}`).toEqual([
      { at },
    ])
    const later = new Date(at.getTime() + MINUTE)
    await deps.db.$executeRaw`UPDATE "surfaces" SET "health_checked_at_utc" = ${later} WHERE "id" = ${id}`
    expect(await deps.db.surface.findUniqueOrThrow({ where: { id } })).toMatchObject({ healthCheckedAt: later })
  })

  it("an admin's session ends after half an hour without activity, and not before", async () => {
    const headers = new Headers({ cookie: await signedInAs(deps) })
    const setLastActivity = (minutes: number) =>
      deps.db.session.updateMany({ data: { activeAt: new Date(Date.now() - minutes * MINUTE) } })
    await setLastActivity(29)
    expect(await authenticate(deps, headers, 'person')).not.toBeNull()
    await setLastActivity(31)
    expect(await authenticate(deps, headers, 'person')).toBeNull()
  })

  it('a freeze applies from its start to its end, and not before or after', async () => {
    const surface = await insertSurface(deps)
    const at = new Date()
    const window = {
      startsAt: at,
      endsAt: new Date(at.getTime() + MINUTE),
      environment: surface.environment,
      surfaceId: null,
    }
    await insertFreeze(deps.db, {
      ...window,
      id: deps.newId(),
      reason: 'Release week',
      createdBy: 'ada',
      createdAt: at,
    })
    const heldAt = async (minutes: number) =>
      (await freezesInForce(deps.db, surface, new Date(at.getTime() + minutes * MINUTE))).length
    expect([await heldAt(-0.5), await heldAt(0.5), await heldAt(1.5)]).toEqual([0, 1, 0])
  })
})
