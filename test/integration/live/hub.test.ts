import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { CONFIGURED_CHANNEL } from '~/domain/delivery'
import type { Role } from '~/domain/permissions'
import type { LiveEvent } from '~/domain/surface/live'
import { authenticate } from '~/server/auth/sessions/read-session'
import { queueTestDelivery } from '~/server/deliveries/deliveries'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { createDeps } from '~/server/deps'
import { createHub } from '~/server/live/hub'
import { createCaller } from '~/server/trpc/routers/_app'
import { createContextInner } from '~/server/trpc/routers/procedures'
import { recordActivity, recordHearing } from '~/server/webhooks/webhook-hearings.sql'
import { createTestConsole, insertDeployAt, insertSurface, type TestConsole } from '~test/support/console'
import { nextNotice } from '~test/support/next-notice'
import { signedInAs } from '~test/support/sessions'
import { signedCallback } from '~test/support/signed-callback'

let console_: TestConsole
beforeEach(async () => {
  console_ = await createTestConsole()
})
afterEach(async () => {
  console_.deps.live.stop()
  await console_.close()
})

async function operator(email = 'operator@example.com', role: Role = 'admin') {
  const { deps } = console_
  const cookie = await signedInAs(deps, { email, role })
  const actor = await authenticate(deps, new Headers({ cookie }), 'person')
  if (actor === null) throw new Error('Nobody is signed in.')
  return actor
}

type Db = TestConsole['deps']['db']

interface Options {
  readonly lastId?: string
  readonly email?: string
  readonly role?: Role
}

/** A window's stream, read until an expected event, within the time of a test. */
async function follow(deps = console_.deps, options: Options = {}) {
  const leaving = new AbortController()
  onTestFinished(() => leaving.abort())
  const events = deps.live.watch(await operator(options.email, options.role), options.lastId ?? null, leaving.signal)
  let lastId = ''
  const next = async (): Promise<LiveEvent> => {
    const { value, done } = await events.next()
    if (done === true) throw new Error('The stream ended.')
    lastId = value.id
    return value.event
  }
  const until = async (expected: (event: LiveEvent) => boolean): Promise<LiveEvent> => {
    for (;;) {
      const event = await next()
      if (expected(event)) return event
    }
  }
  const leave = async () => {
    leaving.abort()
    while ((await events.next()).done !== true);
  }
  return { next, until, leave, lastId: () => lastId }
}

/** A stream that has started, after the event that makes its window read everything. */
async function settled(deps = console_.deps, options: Options = {}) {
  const window = await follow(deps, options)
  await window.until(({ reload }) => reload)
  await window.next()
  return window
}

const tileOf = (event: LiveEvent, id: string) => event.tiles.find((tile) => tile.id === id)

describe('a change announced to windows', () => {
  it('a change reaches the windows of every process with the current tile', async () => {
    const { deps } = console_
    const other = createDeps(deps.config)
    onTestFinished(async () => {
      other.live.stop()
      await other.db.$disconnect()
    })
    const { id, surface } = await insertDeployAt(deps, 'smoke_gate_started', { githubRunId: 7n })
    const windows = [await settled(deps), await settled(other)]
    await receiveCallback(deps, signedCallback(id, { status: 'smoke_gate_passed', run_id: '7' }), id)
    for (const window of windows) {
      const event = await window.until((told) => told.deploys.includes(id) && told.tiles.length > 0)
      expect(tileOf(event, surface.id)?.lastDeploy?.status).toBe('smoke_gate_passed')
      expect(event.tiles).toHaveLength(1)
    }
  })

  it('a change that was rolled back is announced to no window', async () => {
    const { deps } = console_
    const surface = await insertSurface(deps)
    const window = await settled()
    const taken = new Error('taken back')
    const change = (health: string) => ({ where: { id: surface.id }, data: { health } })
    await deps.db
      .$transaction(async (tx) => {
        await tx.surface.update(change('unhealthy'))
        throw taken
      })
      .catch((error: unknown) => expect(error).toBe(taken))
    await deps.db.surface.update(change('healthy'))
    expect(tileOf(await window.until(({ tiles }) => tiles.length > 0), surface.id)?.health.state).toBe('healthy')
  })

  it('a probe that changes only its time is sent without a tile', async () => {
    const { deps } = console_
    const surface = await insertSurface(deps)
    const other = await insertSurface(deps)
    const window = await settled()
    await deps.db.surface.update({ where: { id: surface.id }, data: { healthCheckedAt: new Date() } })
    await deps.db.surface.update({ where: { id: other.id }, data: { health: 'healthy' } })
    const event = await window.until(({ tiles }) => tiles.length > 0)
    expect(event.tiles.map(({ id }) => id)).toEqual([other.id])
    expect(event.checked.map(({ id }) => id)).toEqual([surface.id])
  })

  it('a freeze appears on the tile at the moment it starts', async () => {
    const { deps } = console_
    const surface = await insertSurface(deps, { environment: 'staging' })
    const window = await settled()
    const startsAt = new Date(Date.now() + 1_500)
    await deps.db.freeze.create({
      data: {
        id: randomUUID(),
        environment: 'staging',
        reason: 'release',
        startsAt,
        createdBy: 'x',
        createdAt: new Date(),
      },
    })
    const event = await window.until((told) => (tileOf(told, surface.id)?.freezes.length ?? 0) > 0)
    expect(Date.parse(event.now)).toBeGreaterThanOrEqual(startsAt.getTime())
  })
})

it('a window that opened during an older read learns that a change was undone', async () => {
  const { deps } = console_
  const surface = await insertSurface(deps)
  const health = (state: string) => deps.db.surface.update({ where: { id: surface.id }, data: { health: state } })
  await health('healthy')
  const leaving = await settled()
  const waiting = async () => {
    for (;;) {
      const [row] = await deps.db.$queryRaw<[{ waits: boolean }]>`
        SELECT EXISTS (
          SELECT FROM pg_locks JOIN pg_database AS d ON d.oid = database AND datname = current_database() WHERE NOT granted
        ) AS waits`
      if (row.waits) return
    }
  }
  await deps.db.$transaction(async (tx) => {
    // The next full read has read its surfaces, and waits for the freezes.
    await tx.$executeRaw`LOCK TABLE "freezes" IN ACCESS EXCLUSIVE MODE`
    await deps.db.$executeRaw`SELECT console_notify('freeze', '')`
    await waiting()
    await leaving.leave()
    const { heard } = await nextNotice(deps, surface.id)
    await health('unhealthy')
    await heard
  })
  const window = await settled()
  await health('healthy')
  // The change may come before the read with which the hub learns the grid anew. Its event then makes the window read everything.
  let shown: string | undefined
  while (shown !== 'healthy') {
    const { reload, ...event } = await window.next()
    if (reload) shown = (await deps.db.surface.findUniqueOrThrow({ where: { id: surface.id } })).health
    else shown = event.tiles.find(({ id }) => id === surface.id)?.health.state ?? shown
  }
})

it('every window reads the grid again after a surface is archived or restored', async () => {
  const { deps } = console_
  const surface = await insertSurface(deps)
  const window = await settled()
  await deps.db.surface.update({ where: { id: surface.id }, data: { archivedAt: new Date() } })
  await window.until(({ reload }) => reload)
  await deps.db.surface.update({ where: { id: surface.id }, data: { archivedAt: null } })
  await window.until(({ reload }) => reload)
})

it('every window shows an archived surface with its running deploy, and drops it when the deploy ends', async () => {
  const { deps } = console_
  const { id, surface } = await insertDeployAt(deps, 'building', { githubRunId: 7n })
  await deps.db.surface.update({ where: { id: surface.id }, data: { archivedAt: new Date() } })
  const window = await settled()
  const report = (status: string) => receiveCallback(deps, signedCallback(id, { status, run_id: '7' }), id)
  await report('deploying')
  const event = await window.until(({ tiles }) => tiles.length > 0)
  expect(tileOf(event, surface.id)).toMatchObject({ archived: true, lastDeploy: { status: 'deploying' } })
  await report('failed')
  await window.until(({ reload }) => reload)
})

it('a proof about an older deploy reaches the tile that shows that deploy', async () => {
  const { deps } = console_
  const { id, surface } = await insertDeployAt(deps, 'succeeded')
  const ended = { sha: 'a'.repeat(40), finishedAt: new Date() }
  const {
    runRecord: _,
    inputs: __,
    phaseJobs: ___,
    ...older
  } = await deps.db.deploy.update({
    where: { id },
    data: { ...ended, shipped: 'unknown' },
  })
  const newer = { id: deps.newId(), idempotencyKey: 'newer', sha: 'b'.repeat(40), shipped: 'yes' }
  await deps.db.deploy.create({ data: { ...older, ...newer } })
  await deps.db.surface.update({ where: { id: surface.id }, data: { lastDeployId: newer.id } })
  const window = await settled()
  await deps.db.deploy.update({ where: { id }, data: { shipped: 'yes' } })
  const event = await window.until(({ tiles }) => tiles.length > 0)
  expect(tileOf(event, surface.id)?.lastGood?.deployId).toBe(id)
})

it('a continuous flow of changes does not delay an event', async () => {
  const { deps } = console_
  const surface = await insertSurface(deps)
  const window = await settled()
  let told = false
  const flood = async (n: number): Promise<void> => {
    if (told) return
    // An event that is delayed this long would not arrive in real use.
    if (n > 200) return window.leave()
    await deps.db.surface.update({ where: { id: surface.id }, data: { healthDetail: `look ${n}` } })
    return flood(n + 1)
  }
  const flooding = flood(1)
  expect(tileOf(await window.until(({ tiles }) => tiles.length > 0), surface.id)?.health.detail).toMatch(/^look \d+$/)
  told = true
  await flooding
})

it('changes of deliveries and webhooks are announced to admins only', async () => {
  const { db } = console_.deps
  const admin = await settled()
  const viewer = await settled(console_.deps, { email: 'viewer@example.com', role: 'viewer' })
  await recordHearing(db, { repository: 'acme/platform', subjects: ['runs'], event: 'workflow_run', at: new Date() })
  await queueTestDelivery(db, CONFIGURED_CHANNEL, new Date())
  const told = await admin.until(({ deliveries }) => deliveries)
  // One event carries both, so a webhook makes no event of its own.
  expect(told).toMatchObject({ deliveries: true, health: true, tiles: [], reload: false })
  expect(await viewer.next()).toEqual({ ...told, deliveries: false, health: false, silent: null })
})

it('silent webhooks and their return are announced to admins only', async () => {
  const { db } = console_.deps
  const { repository } = await insertSurface(console_.deps)
  const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000)
  const heard = (at: Date) => recordHearing(db, { repository, subjects: ['runs'], event: 'workflow_run', at })
  await heard(ago(60))
  const admin = await settled()
  const viewer = await settled(console_.deps, { email: 'viewer@example.com', role: 'viewer' })
  const change = () => queueTestDelivery(db, CONFIGURED_CHANNEL, new Date())
  await recordActivity(db, { repository, subject: 'runs', at: ago(10) })
  await change()
  expect((await admin.until(({ silent }) => silent !== null)).silent).toEqual([repository])
  await heard(ago(0))
  await change()
  expect((await admin.until(({ silent }) => silent !== null)).silent).toEqual([])
  await db.surface.updateMany({ data: { health: 'unhealthy' } })
  const seen: unknown[] = []
  await viewer.until(({ silent, tiles }) => seen.push(silent) > 0 && tiles.length > 0)
  expect(new Set(seen)).toEqual(new Set([null]))
})

describe('a window that reconnects', () => {
  it('a window that left during a change is told of the change when it returns', async () => {
    let onWork = (): void => undefined
    const now = () => {
      onWork()
      return new Date()
    }
    const live = createHub({ ...console_.deps, now })
    onTestFinished(() => live.stop())
    const deps = { ...console_.deps, live }
    const { id } = await insertDeployAt(deps, 'smoke_gate_started')
    const window = await settled(deps)
    const left = new Promise<void>((resolve) => {
      onWork = () => {
        onWork = () => undefined
        resolve(window.leave())
      }
    })
    await deps.db.deploy.update({ where: { id }, data: { status: 'smoke_gate_passed' } })
    await left
    const back = await follow(deps, { lastId: window.lastId() })
    await back.until(({ reload, deploys }) => reload || deploys.includes(id))
  })

  it('a window that returns gets only the events that it missed', async () => {
    const { deps } = console_
    const surface = await insertSurface(deps)
    const stays = await settled()
    const goes = await settled()
    await goes.leave()
    await deps.db.surface.update({ where: { id: surface.id }, data: { health: 'unhealthy' } })
    await stays.until(({ tiles }) => tiles.length > 0)
    const back = await follow(deps, { lastId: goes.lastId() })
    const missed = await back.next()
    expect(missed.reload).toBe(false)
    expect(tileOf(missed, surface.id)?.health.state).toBe('unhealthy')
  })

  it('a window whose last event is unknown to this process reads everything again', async () => {
    await settled()
    expect((await (await follow(console_.deps, { lastId: 'elsewhere.7' })).next()).reload).toBe(true)
  })
})

describe('the end of a stream', () => {
  const user = { email: 'leaving@example.com' }
  it.each([
    ['was suspended', ({ member }: Db) => member.updateMany({ where: { user }, data: { suspendedAt: new Date() } })],
    ['signed out', ({ session }: Db) => session.deleteMany({ where: { user } })],
    [
      'was inactive for too long',
      ({ session }: Db) => session.updateMany({ where: { user }, data: { activeAt: new Date(0) } }),
    ],
  ])('a stream ends without its next event after its person %s, and other streams continue', async (_, leave) => {
    const { deps } = console_
    const surface = await insertSurface(deps)
    const leaving = await settled(deps, user)
    const other = await settled()
    await leave(deps.db)
    await deps.db.surface.update({ where: { id: surface.id }, data: { health: 'unhealthy' } })
    await expect(leaving.until(({ tiles }) => tiles.length > 0)).rejects.toMatchObject({ code: 'signed_out' })

    expect(tileOf(await other.until(({ tiles }) => tiles.length > 0), surface.id)?.health.state).toBe('unhealthy')
  })

  it("a stream ends when the database's notices stop, and the next stream reads everything again", async () => {
    const { deps } = console_
    const window = await settled()
    await deps.db.$executeRaw`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'deploy-console-live'
        AND datname = current_database()`
    await expect(window.until(() => false)).rejects.toMatchObject({ code: 'database_unavailable' })
    expect((await (await follow(deps, { lastId: window.lastId() })).next()).reload).toBe(true)
  })

  it('a stream ends without an error when the server stops', async () => {
    const window = await settled()
    console_.deps.live.stop()
    await expect(window.until(() => false)).rejects.toThrow('The stream ended.')
  })
})

it('a page of one person cannot follow changes with the session of another', async () => {
  const { live } = createCaller(createContextInner(console_.deps, await operator('bob@example.com')))
  const stream = await live.watch({ person: 'ada@example.com', lastEventId: null })
  await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'signed_out' })
})

it('an account can have twelve streams at once, and a stream that ends makes room for another', async () => {
  const first = await settled()
  const more = await Promise.all(Array.from({ length: 11 }, () => follow()))
  for (const window of more) await window.next()
  await expect((await follow()).next()).rejects.toMatchObject({ code: 'rate_limited' })
  expect((await (await follow(console_.deps, { email: 'another@example.com' })).next()).reload).toBe(true)
  await first.leave()
  expect((await (await follow()).next()).reload).toBe(true)
})
