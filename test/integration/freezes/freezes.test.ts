import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createCaller } from '~/server/trpc/routers/_app'
import { createContextInner } from '~/server/trpc/routers/procedures'
import { actorNamed } from '~test/support/actors'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'

let console_: TestConsole
const caller = () => createCaller(createContextInner(console_.deps, actorNamed('ada')))

beforeAll(async () => {
  console_ = await createTestConsole()
  for (const environment of ['production', 'staging']) await insertSurface(console_.deps, { environment })
})
beforeEach(async () => {
  await console_.deps.db.freeze.deleteMany()
})
afterAll(() => console_.close())

const inMinutes = (count: number) => new Date(Date.now() + count * 60_000).toISOString()

describe('a freeze of an environment', () => {
  it('a freeze is listed as current or upcoming, and as past once it is lifted', async () => {
    const now = await caller().freezes.open({ reason: 'Incident' })
    const later = await caller().freezes.open({ reason: 'Holidays', startsAt: inMinutes(60), endsAt: inMinutes(120) })
    expect((await caller().freezes.list({})).current).toMatchObject([
      { id: now.id, state: 'in_force', environment: 'production', endsAt: null, createdBy: 'ada' },
      { id: later.id, state: 'upcoming' },
    ])
    await caller().freezes.lift({ id: now.id })
    await caller().freezes.lift({ id: later.id })
    const list = await caller().freezes.list({})
    expect(list.current).toEqual([])
    expect(list.past).toMatchObject([
      { id: later.id, state: 'over', lifted: { by: 'ada' } },
      { id: now.id, state: 'over', lifted: { by: 'ada' } },
    ])
  })

  it('a freeze of an unknown environment is refused, and the refusal names the known ones', async () => {
    const unknown = caller().freezes.open({ environment: 'prodution', reason: 'Incident' })
    await expect(unknown).rejects.toMatchObject({
      cause: { code: 'invalid_input', message: expect.stringContaining('The environments are production, staging.') },
    })
    expect(await console_.deps.db.freeze.count()).toBe(0)
  })

  it('a freeze requires a reason, and an end that is after its start and in the future', async () => {
    const open = caller().freezes.open
    const backwards = { reason: 'x', startsAt: inMinutes(20), endsAt: inMinutes(10) }
    await expect(open(backwards)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    await expect(open({ reason: 'x', startsAt: inMinutes(-20), endsAt: inMinutes(-10) })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    })
    await expect(open({ reason: '  ' })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    expect(await console_.deps.db.freeze.count()).toBe(0)
  })

  it('a freeze is lifted once, however many people lift it at once, and each change is audited once', async () => {
    const { id } = await caller().freezes.open({ reason: 'Incident' })
    const lifts = await Promise.allSettled(Array.from({ length: 5 }, () => caller().freezes.lift({ id })))
    expect(lifts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const audit = await console_.deps.db.auditEvent.findMany({
      where: { payload: { path: ['freeze_id'], equals: id } },
      orderBy: { id: 'asc' },
    })
    expect(audit).toMatchObject([
      { action: 'console.freeze.opened', actor: 'ada', payload: { environment: 'production', reason: 'Incident' } },
      { action: 'console.freeze.lifted', actor: 'ada' },
    ])
    await expect(caller().freezes.lift({ id })).rejects.toMatchObject({ cause: { code: 'freeze_over' } })
  })

  it('past freezes are listed across pages, newest first, each once', async () => {
    const at = new Date(Date.now() - 3_600_000)
    const ids = Array.from({ length: 120 }, () => console_.deps.newId())
    await console_.deps.db.freeze.createMany({
      data: ids.map((id) => ({
        id,
        environment: 'production',
        reason: 'Past',
        startsAt: at,
        createdBy: 'ada',
        createdAt: at,
        liftedBy: 'ada',
        liftedAt: at,
      })),
    })
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page = await caller().freezes.list({ cursor })
      seen.push(...page.past.map(({ id }) => id))
      cursor = page.cursor
    } while (cursor !== null)
    expect(seen).toEqual(ids.toReversed())
  })
})

describe('a lock of a surface', () => {
  it('five simultaneous locks set one lock, and a lock is lifted once', async () => {
    const { id: surfaceId } = await insertSurface(console_.deps)
    const lock = () => caller().surfaces.lock({ surfaceId, reason: 'Being migrated' })
    const locks = await Promise.allSettled(Array.from({ length: 5 }, lock))
    expect(locks.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await caller().surfaces.unlock({ surfaceId })
    await expect(caller().surfaces.unlock({ surfaceId })).rejects.toMatchObject({ cause: { code: 'freeze_unknown' } })
    const audit = await console_.deps.db.auditEvent.findMany({ where: { surfaceId }, orderBy: { id: 'asc' } })
    expect(audit.map(({ action }) => action)).toEqual(['console.freeze.opened', 'console.freeze.lifted'])
    expect(await lock()).toMatchObject({ environment: null, surface: { id: surfaceId } })
  })

  it('a lock that a server of an older version sets during an upgrade is the one lock of its surface, and can be unlocked', async () => {
    const { id: surfaceId } = await insertSurface(console_.deps)
    const older = () => console_.deps.db.$executeRaw`
      INSERT INTO freezes (id, surface_id, reason, starts_at_utc, created_by, created_at_utc)
      VALUES (gen_random_uuid(), ${surfaceId}, 'Being migrated', now(), 'ada', now())`
    await older()
    expect((await caller().freezes.list({})).current).toMatchObject([{ kind: 'lock', surface: { id: surfaceId } }])
    await expect(older()).rejects.toThrow(/freezes_one_lock_per_surface/)
    await expect(caller().surfaces.lock({ surfaceId, reason: 'Again' })).rejects.toMatchObject({
      cause: { code: 'surface_locked' },
    })
    await caller().surfaces.unlock({ surfaceId })
    await caller().freezes.open({ surfaceId, reason: 'A window of one surface' })
    expect((await caller().freezes.list({})).current).toMatchObject([{ kind: 'freeze' }])
  })

  it('a lock of an unknown surface is refused', async () => {
    const lock = caller().surfaces.lock({ surfaceId: 'nowhere', reason: 'x' })
    await expect(lock).rejects.toMatchObject({ cause: { code: 'surface_unknown' } })
  })
})

describe('a lock with an end', () => {
  it('frees its surface by time alone, and another lock takes its place', async () => {
    const { id: surfaceId } = await insertSurface(console_.deps)
    const first = await caller().surfaces.lock({ surfaceId, reason: 'For an hour', endsAt: inMinutes(60) })
    const again = () => caller().surfaces.lock({ surfaceId, reason: 'Again' })
    await expect(again()).rejects.toMatchObject({ cause: { code: 'surface_locked' } })
    await console_.deps.db.freeze.update({
      where: { id: first.id },
      data: { startsAt: inMinutes(-70), endsAt: inMinutes(-1) },
    })
    const tileOf = async () => (await caller().surfaces.list()).surfaces.find(({ id }) => id === surfaceId)
    expect((await tileOf())?.freezes).toEqual([])
    await expect(caller().surfaces.unlock({ surfaceId })).rejects.toMatchObject({ cause: { code: 'freeze_unknown' } })
    await again()
    expect((await tileOf())?.freezes).toMatchObject([{ kind: 'locked', reason: 'Again', until: null }])
    expect((await caller().freezes.list({})).past).toMatchObject([{ id: first.id, state: 'over', lifted: null }])
  })

  it('a lock is refused with an end that has passed', async () => {
    const { id: surfaceId } = await insertSurface(console_.deps)
    const lock = caller().surfaces.lock({ surfaceId, reason: 'x', endsAt: inMinutes(-1) })
    await expect(lock).rejects.toMatchObject({ cause: { code: 'invalid_input' } })
  })

  it('its reason and its end can be changed, and the audit trail has both before and after', async () => {
    const { id: surfaceId } = await insertSurface(console_.deps)
    const { id } = await caller().surfaces.lock({ surfaceId, reason: 'Being migrated' })
    const endsAt = inMinutes(30)
    expect(await caller().freezes.change({ id, reason: 'Migrated, being watched', endsAt })).toMatchObject({
      reason: 'Migrated, being watched',
      endsAt,
    })
    const changed = await console_.deps.db.auditEvent.findFirstOrThrow({
      where: { surfaceId, action: 'console.freeze.changed' },
    })
    expect(changed).toMatchObject({
      actor: 'ada',
      payload: { reason: 'Migrated, being watched', ends_at: endsAt, was: { reason: 'Being migrated', ends_at: null } },
    })
    await caller().surfaces.unlock({ surfaceId })
    await expect(caller().freezes.change({ id, reason: 'Too late' })).rejects.toMatchObject({
      cause: { code: 'freeze_over' },
    })
  })

  it('of two simultaneous changes one is made, and the other is told', async () => {
    const { id: surfaceId } = await insertSurface(console_.deps)
    const { id } = await caller().surfaces.lock({ surfaceId, reason: 'Being migrated' })
    const changes = await Promise.allSettled(['a', 'b', 'c'].map((reason) => caller().freezes.change({ id, reason })))
    const made = changes.filter(({ status }) => status === 'fulfilled').length
    const audited = await console_.deps.db.auditEvent.count({ where: { surfaceId, action: 'console.freeze.changed' } })
    expect(audited).toBe(made)
    expect(made).toBeGreaterThan(0)
  })
})

describe('a notice', () => {
  it('is shown on the tile and in the review, and refuses nothing', async () => {
    const { id: surfaceId } = await insertSurface(console_.deps)
    await caller().surfaces.lock({ surfaceId, reason: 'Ask Grace first', kind: 'notice' })
    const tile = (await caller().surfaces.list()).surfaces.find(({ id }) => id === surfaceId)
    expect(tile).toMatchObject({ freezes: [], notice: { reason: 'Ask Grace first', by: 'ada' } })
    expect(await caller().freezes.netState({ surfaceId })).toMatchObject({
      notes: [expect.stringContaining('Ask Grace first')],
    })
    // A lock stands beside it.
    await caller().surfaces.lock({ surfaceId, reason: 'Being migrated' })
    await caller().surfaces.unlock({ surfaceId, kind: 'notice' })
    const after = (await caller().surfaces.list()).surfaces.find(({ id }) => id === surfaceId)
    expect(after).toMatchObject({ notice: null, freezes: [{ reason: 'Being migrated' }] })
  })
})

describe('unlocking by a deployer', () => {
  const deployer = actorNamed('grace', { role: 'deployer' })
  const asDeployer = () => createCaller(createContextInner(console_.deps, deployer))
  const lockedBy = async (author: { name: string; userId: string }) => {
    const { id: surfaceId } = await insertSurface(console_.deps)
    await caller().surfaces.lock({ surfaceId, reason: 'x' })
    await console_.deps.db.freeze.updateMany({
      where: { surfaceId },
      data: { createdBy: author.name, createdByUserId: author.userId },
    })
    return surfaceId
  }

  it('is possible for a lock of one’s own, and for no other', async () => {
    await asDeployer().surfaces.unlock({ surfaceId: await lockedBy(deployer) })
    for (const author of [actorNamed('ada'), { name: 'token:ci', userId: deployer.userId }]) {
      const unlock = asDeployer().surfaces.unlock({ surfaceId: await lockedBy(author) })
      await expect(unlock).rejects.toMatchObject({ cause: { code: 'permission_refused' } })
    }
  })
})

it('the database refuses a freeze of nothing, of an environment and a surface, and with an end at its start', async () => {
  const { id: surfaceId } = await insertSurface(console_.deps)
  const at = new Date()
  const freeze = { reason: 'x', startsAt: at, createdBy: 'ada', createdAt: at }
  const create = (data: object) =>
    console_.deps.db.freeze.create({ data: { ...freeze, id: console_.deps.newId(), ...data } })
  await expect(create({})).rejects.toThrow(/freezes_scope_check/)
  await expect(create({ surfaceId, environment: 'production' })).rejects.toThrow(/freezes_scope_check/)
  await expect(create({ environment: 'production', endsAt: at })).rejects.toThrow(/freezes_window_check/)
})

describe('freezes with a proof of identity older than 15 minutes', () => {
  const ada = (minutes: number) => {
    const actor = actorNamed('ada', { provedAt: new Date(Date.now() - minutes * 60_000) })
    return createCaller(createContextInner(console_.deps, actor))
  }
  const stale = { cause: { code: 'proof_stale' } }

  it.each(['production', 'staging'])(
    'a freeze of %s can be opened with an old proof, and lifted only with a fresh one',
    async (environment) => {
      const { id } = await ada(16).freezes.open({ environment, reason: 'Incident' })
      await expect(ada(16).freezes.lift({ id })).rejects.toMatchObject(stale)
      expect((await caller().freezes.list({})).current).toMatchObject([{ id, state: 'in_force' }])
      await ada(1).freezes.lift({ id })
      expect((await caller().freezes.list({})).current).toEqual([])
    },
  )

  it('an allow window can be opened with an old proof, and another one of the same scope only with a fresh one', async () => {
    const recurrence = { rule: 'FREQ=DAILY', timeZone: 'UTC', localStart: '2026-01-01T00:00', durationMinutes: 1440 }
    const { id: surfaceId } = await insertSurface(console_.deps)
    for (const scope of [{ environment: 'production' }, { surfaceId }]) {
      const window = { kind: 'allow' as const, ...scope, reason: 'Office hours', recurrence }
      const first = await ada(16).freezes.open({ ...window, recurrence: { ...recurrence, durationMinutes: 1 } })
      await expect(ada(16).freezes.open(window)).rejects.toMatchObject(stale)
      expect(await console_.deps.db.freeze.count({ where: { liftedAt: null, reason: 'Office hours' } })).toBe(1)
      const wider = await ada(1).freezes.open(window)
      const opened = (id: string) =>
        console_.deps.db.auditEvent.findFirst({ where: { payload: { path: ['freeze_id'], equals: id } } })
      expect((await opened(first.id))?.payload).not.toHaveProperty('widens')
      expect(await opened(wider.id)).toMatchObject({ payload: { widens: [first.id] } })
      for (const { id } of [first, wider]) await ada(1).freezes.lift({ id })
      // Nothing is widened where every window has ended.
      await ada(1).freezes.lift(await ada(16).freezes.open(window))
    }
  })

  it('a surface can be locked with an old proof, and unlocked only with a fresh one', async () => {
    const { id: surfaceId } = await insertSurface(console_.deps)
    const { id } = await ada(16).surfaces.lock({ surfaceId, reason: 'Broken' })
    await expect(ada(16).surfaces.unlock({ surfaceId })).rejects.toMatchObject(stale)
    await expect(ada(16).freezes.lift({ id })).rejects.toMatchObject(stale)
    expect((await caller().freezes.list({})).current).toMatchObject([{ id, state: 'in_force' }])
    await ada(1).surfaces.unlock({ surfaceId })
    expect((await caller().freezes.list({})).current).toEqual([])
  })
})
