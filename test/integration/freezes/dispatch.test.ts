import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { DispatchInput } from '~/domain/deploy/request'
import type { OpenFreezeInput } from '~/domain/freeze/freeze'
import { dispatchDeploy } from '~/server/deploys/dispatch/dispatch-deploy'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { liftFreeze, lockSurface, openFreeze, unlockSurface } from '~/server/freezes/change-freezes'
import { reviewDeploy } from '~/server/surfaces/review/review-deploy'
import { actorNamed, OPERATOR } from '~test/support/actors'
import { createTestConsole, insertDeployAt, insertSurface, type TestConsole } from '~test/support/console'
import { insertMember } from '~test/support/members'
import { startScriptedGitHub } from '~test/support/scripted-github'

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>

beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  await insertMember(console_.deps, OPERATOR)
  await insertSurface(console_.deps)
})
beforeEach(async () => {
  github.requests.length = 0
  await console_.deps.db.freeze.deleteMany()
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

async function request(environment: string, overrides: Partial<DispatchInput> = {}): Promise<DispatchInput> {
  const { id } = await insertSurface(console_.deps, { environment })
  return { surfaceId: id, ref: 'main', confirmation: id, idempotencyKey: randomUUID(), ...overrides }
}
const dispatch = (input: DispatchInput) => dispatchDeploy(console_.deps, OPERATOR, input)
const freeze = (reason: string, times: { startsAt?: Date; endsAt?: Date } = {}) =>
  openFreeze(console_.deps, actorNamed('ada'), { environment: 'production', reason, ...times })
const minutes = (count: number) => new Date(Date.now() + count * 60_000)
const auditOf = (surfaceId: string) =>
  console_.deps.db.auditEvent.findMany({ where: { surfaceId }, orderBy: { id: 'asc' } })

describe('deploys while production is frozen', () => {
  it('a frozen production deploy is refused with the end, the reason and the author, and only the refusal is recorded', async () => {
    const endsAt = minutes(60)
    const { id } = await freeze('Release week', { endsAt })
    const input = await request('production')
    await expect(dispatch(input)).rejects.toMatchObject({
      code: 'frozen',
      details: { freeze_id: id, reason: 'Release week', until: endsAt.toISOString(), by: 'ada' },
    })
    expect(await console_.deps.db.deploy.count({ where: { surfaceId: input.surfaceId } })).toBe(0)
    expect(github.dispatches()).toEqual([])
    expect(await auditOf(input.surfaceId)).toMatchObject([
      {
        action: 'console.deploy.dispatch_rejected',
        actor: 'operator',
        deployId: null,
        payload: { code: 'frozen', ref: 'main', details: { freeze_id: id, reason: 'Release week' } },
      },
    ])
  })

  it('staging ships while production is frozen', async () => {
    await freeze('Release week')
    expect(await dispatch(await request('staging'))).toMatchObject({ status: 'dispatched' })
  })

  it('the confirmation is checked before the freeze, so an incorrect one reveals nothing about it', async () => {
    await freeze('Release week')
    const input = await request('production', { confirmation: 'wrong' })
    await expect(dispatch(input)).rejects.toMatchObject({ code: 'confirmation_mismatch' })
    expect(await auditOf(input.surfaceId)).toMatchObject([{ payload: { code: 'confirmation_mismatch', details: {} } }])
  })

  it('a request refused by a freeze is dispatched under its own key once the freeze is lifted', async () => {
    const { id } = await freeze('Release week')
    const input = await request('production')
    await expect(dispatch(input)).rejects.toMatchObject({ code: 'frozen' })
    await liftFreeze(console_.deps, actorNamed('ada'), id)
    expect(await dispatch(input)).toMatchObject({ status: 'dispatched' })
  })

  it('a freeze that has not started or has ended refuses nothing', async () => {
    await freeze('Later', { startsAt: minutes(10), endsAt: minutes(20) })
    await freeze('Soon over', { startsAt: minutes(-20), endsAt: minutes(5) })
    await console_.deps.db.freeze.updateMany({ where: { reason: 'Soon over' }, data: { endsAt: minutes(-1) } })
    expect(await dispatch(await request('production'))).toMatchObject({ status: 'dispatched' })
  })
})

/** A daily window by the clock of UTC, relative to now. */
const daily = (fromMinutes: number, untilMinutes: number) => ({
  rule: 'FREQ=DAILY',
  timeZone: 'UTC',
  localStart: minutes(fromMinutes - 1440)
    .toISOString()
    .slice(0, 16),
  durationMinutes: untilMinutes - fromMinutes,
})
const openWindow = (facts: Partial<OpenFreezeInput>) =>
  openFreeze(console_.deps, actorNamed('ada'), { reason: 'Nightly', ...facts })

describe('a window that recurs', () => {
  it('refuses while an occurrence lasts, and names its end', async () => {
    const window = await openWindow({ recurrence: daily(-30, 30) })
    expect(window).toMatchObject({ kind: 'freeze', state: 'in_force', environment: 'production' })
    await expect(dispatch(await request('production'))).rejects.toMatchObject({
      code: 'frozen',
      details: { freeze_id: window.id, until: window.occurrence?.end },
    })
    expect(await dispatch(await request('staging'))).toMatchObject({ status: 'dispatched' })
  })

  it('refuses nothing between its occurrences', async () => {
    expect(await openWindow({ recurrence: daily(60, 120) })).toMatchObject({ state: 'upcoming' })
    expect(await dispatch(await request('production'))).toMatchObject({ status: 'dispatched' })
  })

  it('of one surface stops no other', async () => {
    const held = await request('production')
    await openWindow({ surfaceId: held.surfaceId, recurrence: daily(-30, 30) })
    await expect(dispatch(held)).rejects.toMatchObject({ code: 'frozen' })
    expect(await dispatch(await request('production'))).toMatchObject({ status: 'dispatched' })
  })

  it.each([
    [{ recurrence: { ...daily(0, 60), rule: 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30' } }, /no occurrence/],
    [{ recurrence: daily(60, 120), endsAt: minutes(30) }, /no occurrence/],
    [{ surfaceId: 'nowhere', recurrence: daily(0, 60) }, /There is no surface/],
    [{ surfaceId: 'a', environment: 'production' }, /not both/],
    [{ kind: 'allow' as const }, /An allow window recurs/],
    [{ startsAt: minutes(5), recurrence: daily(0, 60) }, /Leave out its other start/],
  ])('is refused if it can never apply or contradicts itself: %j', async (facts, message) => {
    await expect(openWindow(facts)).rejects.toMatchObject({ message })
    expect(await console_.deps.db.freeze.count()).toBe(0)
  })
})

describe('allow windows', () => {
  it('refuse until the next one opens, and admit deploys while any of the scope is open', async () => {
    const later = await openWindow({ kind: 'allow', recurrence: daily(60, 120) })
    const input = await request('production')
    await expect(dispatch(input)).rejects.toMatchObject({
      code: 'frozen',
      message: expect.stringContaining('outside its allow windows'),
      details: { until: later.occurrence?.start },
    })
    await openWindow({ kind: 'allow', recurrence: daily(-30, 30) })
    expect(await dispatch(input)).toMatchObject({ status: 'dispatched' })
  })

  it('of a surface narrow those of its environment', async () => {
    const input = await request('production')
    await openWindow({ kind: 'allow', recurrence: daily(-30, 30) })
    await openWindow({ kind: 'allow', surfaceId: input.surfaceId, recurrence: daily(60, 120) })
    await expect(dispatch(input)).rejects.toMatchObject({ code: 'frozen' })
    expect(await dispatch(await request('production'))).toMatchObject({ status: 'dispatched' })
  })
})

/** A surface that runs a bad commit, and an earlier deploy of it that shipped a good one. */
async function rollBack(adds: number): Promise<DispatchInput> {
  // Comparisons are kept for seconds, so each has commits of its own.
  const [good, bad] = [randomBytes(20).toString('hex'), randomBytes(20).toString('hex')]
  const { id: deployId, surface } = await insertDeployAt(console_.deps, 'succeeded', { requestedAt: minutes(-60) })
  const { db } = console_.deps
  await db.deploy.update({ where: { id: deployId }, data: { sha: good } })
  await db.surface.update({ where: { id: surface.id }, data: { runningSha: bad, runningSeenAt: minutes(-1) } })
  const body = { status: 'behind', ahead_by: adds, behind_by: 2, html_url: 'https://github.example.com', commits: [] }
  // The reverse comparison is asked for too, and answered alike.
  github.script.onListRuns = () => ({ status: 200, body })
  const source = { kind: 'rollback', deployId } as const
  return { surfaceId: surface.id, ref: good, confirmation: surface.id, idempotencyKey: randomUUID(), source }
}

describe('a window that lets rollbacks pass', () => {
  it('admits a proven rollback, which says so in its timeline and in the audit trail', async () => {
    const { id: freezeId } = await openWindow({ recurrence: daily(-30, 30), rollbacksPass: true })
    const input = await rollBack(0)
    const { id } = await dispatch(input)
    expect((await getDeploy(console_.deps, id)).timeline.map(({ note }) => note)).toContain(
      'A freeze was in force, and lets rollbacks pass.',
    )
    expect(await auditOf(input.surfaceId)).toMatchObject([
      { action: 'console.deploy.requested' },
      { action: 'console.deploy.freeze_passed', payload: { freeze_ids: [freezeId], because: 'rollback' } },
      { action: 'console.freeze.opened', payload: { rollback_deploy_id: id } },
      { action: 'console.deploy.dispatched' },
    ])
  })

  it('refuses a deploy that only claims to be a rollback, and one whose direction is unknown', async () => {
    await openWindow({ recurrence: daily(-30, 30), rollbacksPass: true })
    await expect(dispatch(await rollBack(1))).rejects.toMatchObject({ code: 'frozen' })
    const unknown = await rollBack(0)
    const { surfaceId: id } = unknown
    await console_.deps.db.surface.update({ where: { id }, data: { runningSha: null } })
    await expect(dispatch(unknown)).rejects.toMatchObject({ code: 'frozen' })
  })

  it('is shown in the review as passed, and needs no override', async () => {
    await openWindow({ recurrence: daily(-30, 30), rollbacksPass: true })
    const { surfaceId, ref, source } = await rollBack(0)
    const review = await reviewDeploy(console_.deps, { surfaceId, ref, source }, OPERATOR)
    expect(review.freezeIds).toEqual([])
    expect(review.warnings.filter(({ kind }) => kind === 'frozen')).toMatchObject([
      { blocking: false, text: expect.stringContaining('A rollback passes.') },
    ])
  })
})

describe('a lock', () => {
  it.each(['production', 'staging'])(
    'a lock on a surface of %s stops that surface and no other',
    async (environment) => {
      const locked = await request(environment)
      await lockSurface(console_.deps, actorNamed('ada'), { surfaceId: locked.surfaceId, reason: 'Being migrated' })
      await expect(dispatch(locked)).rejects.toMatchObject({ code: 'surface_locked', message: /Being migrated.*ada/ })
      expect(await dispatch(await request(environment))).toMatchObject({ status: 'dispatched' })
      await unlockSurface(console_.deps, actorNamed('ada'), locked.surfaceId)
      expect(await dispatch(locked)).toMatchObject({ status: 'dispatched' })
    },
  )
})

describe('a lock of one’s own', () => {
  it('lets whoever set it deploy, says so in the timeline, and lets nobody else', async () => {
    const input = await request('production')
    await lockSurface(console_.deps, OPERATOR, { surfaceId: input.surfaceId, reason: 'Releasing by hand' })
    const { id } = await dispatch(input)
    expect((await getDeploy(console_.deps, id)).timeline.map(({ note }) => note)).toContain(
      'The surface was locked by the requester.',
    )
    const other = await request('production')
    await lockSurface(console_.deps, actorNamed('ada'), { surfaceId: other.surfaceId, reason: 'Releasing by hand' })
    await expect(dispatch(other)).rejects.toMatchObject({ code: 'surface_locked' })
  })
})

describe('a rollback', () => {
  it('locks its surface until somebody unlocks it: the requester may deploy, others may not, and a rollback passes', async () => {
    const input = await rollBack(0)
    const { id } = await dispatch(input)
    const { db } = console_.deps
    expect((await getDeploy(console_.deps, id)).timeline.map(({ note }) => note)).toContainEqual(
      expect.stringMatching(
        /^The surface was locked until somebody unlocks it: “A rollback to [0-9a-f]{7} was requested”\.$/,
      ),
    )
    expect(await db.freeze.findFirstOrThrow({ where: { surfaceId: input.surfaceId } })).toMatchObject({
      kind: 'lock',
      endsAt: null,
      rollbacksPass: true,
      rollbackDeployId: id,
      createdBy: 'operator',
    })
    // The deploy is over, and somebody else holds the lock.
    await db.deploy.update({ where: { id }, data: { status: 'failed', finishedAt: new Date() } })
    const { source: _, ...forward } = { ...input, ref: 'main', idempotencyKey: randomUUID() }
    const held = { where: { surfaceId: input.surfaceId }, data: { createdBy: 'ada', createdByUserId: null } }
    await db.freeze.updateMany(held)
    await expect(dispatch(forward)).rejects.toMatchObject({ code: 'surface_locked' })
    // What the surface runs is unknown until it reports again, and nothing is proven to be a rollback.
    const again = { ...input, idempotencyKey: randomUUID() }
    await expect(dispatch(again)).rejects.toMatchObject({ code: 'surface_locked' })
    await db.surface.update({ where: { id: input.surfaceId }, data: { runningSeenAt: minutes(1) } })
    expect(await dispatch(again)).toMatchObject({ status: 'dispatched' })
    expect(await db.freeze.count({ where: { surfaceId: input.surfaceId } })).toBe(1)
  })

  it('keeps the lock of a surface that is locked already', async () => {
    const input = await rollBack(0)
    const lock = await lockSurface(console_.deps, OPERATOR, { surfaceId: input.surfaceId, reason: 'Releasing by hand' })
    await dispatch(input)
    expect(await console_.deps.db.freeze.findMany({ where: { surfaceId: input.surfaceId } })).toMatchObject([
      { id: lock.id, reason: 'Releasing by hand' },
    ])
  })
})

describe('an override', () => {
  it('an override is recorded with its reason and freezes on the deploy, in its timeline and in the audit trail', async () => {
    const { id: freezeId } = await freeze('Release week')
    const input = await request('production', { overrideFreeze: { reason: 'Fixes the outage' } })
    const { id } = await dispatch(input)
    const view = await getDeploy(console_.deps, id)
    expect(view).toMatchObject({ status: 'dispatched', overrideReason: 'Fixes the outage' })
    expect(view.timeline.map(({ note }) => note)).toContain('Freeze overridden: “Fixes the outage”.')
    expect(await auditOf(input.surfaceId)).toMatchObject([
      { action: 'console.deploy.requested' },
      {
        action: 'console.deploy.freeze_overridden',
        deployId: id,
        payload: { reason: 'Fixes the outage', freeze_ids: [freezeId] },
      },
      { action: 'console.deploy.dispatched' },
    ])
  })

  it('one override covers a lock and a freeze together', async () => {
    await freeze('Release week')
    const input = await request('production', { overrideFreeze: { reason: 'Fixes the outage' } })
    await lockSurface(console_.deps, actorNamed('ada'), { surfaceId: input.surfaceId, reason: 'Being migrated' })
    const { id } = await dispatch(input)
    const deploy = await console_.deps.db.deploy.findUniqueOrThrow({ where: { id } })
    expect(deploy.overriddenFreezeIds).toHaveLength(2)
  })

  it('an override does not cover a freeze opened after the review', async () => {
    const { id } = await freeze('Release week')
    const overrideFreeze = { reason: 'Fixes the outage', freezeIds: [id] }
    const input = await request('production', { overrideFreeze })
    const { id: later } = await freeze('A new incident')
    await expect(dispatch(input)).rejects.toMatchObject({ code: 'frozen', details: { freeze_id: later } })
    await liftFreeze(console_.deps, actorNamed('ada'), later)
    expect(await dispatch(input)).toMatchObject({ status: 'dispatched' })
  })

  it('an override without a freeze is recorded as an ordinary deploy', async () => {
    const { id } = await dispatch(await request('production', { overrideFreeze: { reason: 'Just in case' } }))
    expect(await getDeploy(console_.deps, id)).toMatchObject({ overrideReason: null })
  })

  it('another override reason under the same key is another request', async () => {
    await freeze('Release week')
    const input = await request('production', { overrideFreeze: { reason: 'Fixes the outage' } })
    const first = await dispatch(input)
    expect(await dispatch(input)).toMatchObject({ id: first.id })
    const other = { ...input, overrideFreeze: { reason: 'Something else' } }
    await expect(dispatch(other)).rejects.toMatchObject({ code: 'idempotency_mismatch' })
  })

  it('an override does not allow a deploy while another one is unfinished', async () => {
    await freeze('Release week')
    const input = await request('production', { overrideFreeze: { reason: 'Fixes the outage' } })
    await dispatch(input)
    const second = dispatch({ ...input, idempotencyKey: randomUUID() })
    await expect(second).rejects.toMatchObject({ code: 'surface_busy' })
  })
})
