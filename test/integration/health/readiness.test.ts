import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { HEARTBEAT_MS } from '~/domain/worker'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { createDeps, type Deps } from '~/server/deps'
import { createReadiness } from '~/server/health/check-readiness'
import { recordHeartbeat } from '~/server/health/heartbeats.sql'
import { connectDatabase, poolStateOf } from '~/server/platform/database'
import { receiveWebhook } from '~/server/webhooks/receive-webhook'
import { createTestConsole, insertDeployAt } from '~test/support/console'
import { signedCallback } from '~test/support/signed-callback'
import { signedWebhook } from '~test/support/signed-webhook'
import { tcpProxy } from '~test/support/tcp-proxy'

let deps: Deps
beforeAll(async () => {
  const console_ = await createTestConsole()
  deps = console_.deps
  return console_.close
})
beforeEach(async () => {
  await deps.db.heartbeat.deleteMany()
})

/** As a process that starts now: with connections of its own, which have the present settings of the database. */
function startAgain(): Deps {
  const started = createDeps(deps.config)
  onTestFinished(() => started.db.$disconnect())
  return started
}

function keptWarnings() {
  const logged: unknown[] = []
  const logger = Object.assign(Object.create(deps.logger), { warn: (...line: unknown[]) => void logged.push(line) })
  return { logger, logged }
}

const READY = { ready: true, draining: false, database: 'reachable', writes: 'accepted', migrations: 'applied' }

/** What a workflow and GitHub are answered: statuses and Retry-After. */
async function answers(to: Deps) {
  const { id } = await insertDeployAt(deps, 'dispatched')
  const callback = await receiveCallback(to, signedCallback(id, { status: 'smoke_gate_started' }), id)
  const webhook = await receiveWebhook(
    to,
    await signedWebhook('push', { ref: 'refs/heads/main', repository: { full_name: 'acme/platform' } }),
  )
  return [callback, webhook].map((answer) => [answer.status, answer.headers.get('retry-after')])
}

describe('a database that accepts no changes', () => {
  it('a server on a read-only database is not ready, and answers callbacks and webhooks 503 with Retry-After', async () => {
    const [{ name }] = await deps.db.$queryRaw<[{ name: string }]>`SELECT current_database() AS name`
    await deps.db.$executeRawUnsafe(`ALTER DATABASE "${name}" SET default_transaction_read_only = on`)
    onTestFinished(async () => void (await deps.db.$executeRawUnsafe(`ALTER DATABASE "${name}" RESET ALL`)))
    const after = startAgain()
    expect(await after.readiness.check()).toMatchObject({ ...READY, ready: false, writes: 'refused' })
    expect(await answers(after)).toEqual([
      [503, '5'],
      [503, '5'],
    ])
  })

  it('a server on a full disk is not ready, and answers callbacks and webhooks 503 with Retry-After', async () => {
    // PostgreSQL's own error of a full disk. Reads still work.
    await deps.db.$executeRaw`CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$`
    for (const table of ['heartbeats', 'callback_receipts', 'webhook_hearings']) {
      await deps.db.$executeRawUnsafe(
        `CREATE TRIGGER full_disk BEFORE INSERT ON "${table}" FOR EACH STATEMENT EXECUTE FUNCTION no_space()`,
      )
    }
    expect(await createReadiness(deps).check()).toMatchObject({ ...READY, ready: false, writes: 'refused' })
    expect(await answers(deps)).toEqual([
      [503, '5'],
      [503, '5'],
    ])
    await deps.db.$executeRaw`DROP FUNCTION no_space CASCADE`
    expect(await createReadiness(deps).check()).toMatchObject(READY)
  })

  it('a temporary file is written for each proof that the disk has space', async () => {
    const files = async () => {
      await deps.db.$executeRaw`SELECT pg_stat_force_next_flush()`
      const [{ count }] = await deps.db.$queryRaw<[{ count: bigint }]>`
        SELECT temp_files AS count FROM pg_stat_database WHERE datname = current_database()`
      return Number(count)
    }
    const before = await files()
    await createReadiness(deps).check()
    expect(await files()).toBeGreaterThan(before)
  })
})

describe('the clock', () => {
  it.each([
    [-360_000, 'off'],
    [-29_000, 'in_step'],
    [29_000, 'in_step'],
    [360_000, 'off'],
  ])('a clock that differs by %i ms from that of the database is %s', async (ms, clock) => {
    const skewed = createReadiness({ ...deps, now: () => new Date(Date.now() + ms) })
    expect(await skewed.check()).toMatchObject({ ...READY, ready: clock === 'in_step', clock })
  })

  it('the log says by how many seconds the clock differs', async () => {
    const { logger, logged } = keptWarnings()
    await createReadiness({ ...deps, logger, now: () => new Date(Date.now() - 360_000) }).check()
    expect(logged).toEqual([[{ aheadOfDatabaseSeconds: -360 }, expect.stringContaining('not ready: the clocks')]])
  })
})

it('a server whose database hangs answers all checks within seconds, with one question, and is not ready after ten seconds', async () => {
  let now = 0
  const readiness = createReadiness(deps, () => now)
  expect(await readiness.check()).toMatchObject(READY)
  await deps.db.$transaction(
    async (tx) => {
      await tx.$executeRaw`LOCK TABLE heartbeats IN ACCESS EXCLUSIVE MODE`
      now = 9_000
      const busy = await Promise.all(Array.from({ length: 20 }, () => readiness.check()))
      expect(busy.every(({ ready }) => ready)).toBe(true)
      now = 10_000
      const silent = await Promise.all(Array.from({ length: 20 }, () => readiness.check()))
      expect(silent.every(({ ready, database }) => !ready && database === 'unreachable')).toBe(true)
      const [{ count }] = await tx.$queryRaw<[{ count: bigint }]>`
        SELECT count(*) FROM pg_locks WHERE relation = 'heartbeats'::regclass AND NOT granted`
      expect(Number(count)).toBe(1)
    },
    { timeout: 30_000 },
  )
  now = 20_000
  expect(await readiness.check()).toMatchObject(READY)
})

describe('pages that are opened while the database is away', () => {
  async function openThrough(proxy: { readonly url: string }) {
    const db = connectDatabase(proxy.url)
    onTestFinished(() => db.$disconnect())
    const { logger, logged } = keptWarnings()
    const { isDatabaseAway } = createReadiness({ ...deps, db, logger })
    return { db, logged, open: () => Promise.all(Array.from({ length: 100 }, () => isDatabaseAway())) }
  }
  const every = (away: boolean) => Array.from({ length: 100 }, () => away)

  it('pages opened at once while the database hangs wait for seconds, hold one connection, and are logged once', async () => {
    const proxy = await tcpProxy(deps.config.databaseUrl)
    await proxy.mend()
    const { db, logged, open } = await openThrough(proxy)
    expect(await open()).toEqual(every(false))
    proxy.holdEverything()
    const startedAt = performance.now()
    const opened = open()
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    expect(poolStateOf(db)).toEqual({ total: 1, idle: 0, waiting: 0 })
    expect(await opened).toEqual(every(true))
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    await proxy.cut()
    expect(logged).toEqual([['pages are answered 503: the database does not answer in time']])
  })

  it('the error of a database that refuses connections is logged once for each look, and pages go on when it is back', async () => {
    const proxy = await tcpProxy(deps.config.databaseUrl)
    const { logged, open } = await openThrough(proxy)
    const line = [{ err: expect.any(Error) }, 'pages are answered 503: the database does not answer']
    expect(await open()).toEqual(every(true))
    expect(logged).toEqual([line])
    expect(await open()).toEqual(every(true))
    expect(logged).toEqual([line, line])
    await proxy.mend()
    onTestFinished(() => proxy.cut())
    expect(await open()).toEqual(every(false))
    expect(logged).toHaveLength(2)
  })
})

describe('the worker', () => {
  const seen = () => createReadiness(deps).check()

  it('a server is ready without a worker, and says whether none has run or since when', async () => {
    expect(await seen()).toMatchObject({
      ...READY,
      worker: 'never',
      warnings: ['No worker of this version has reported.'],
    })
    const id = deps.newId()
    await recordHeartbeat(deps.db, id, 'worker')
    expect(await seen()).toMatchObject({ ...READY, worker: 'seen', warnings: [] })
    const since = new Date(Date.now() - 7 * HEARTBEAT_MS)
    await deps.db.heartbeat.updateMany({ data: { seenAt: since } })
    expect(await seen()).toMatchObject({
      ...READY,
      worker: 'silent',
      warnings: [`No worker of this version has reported since ${since.toISOString()}.`],
    })
  })

  it('a heartbeat from before the clock of the database was set back does not pass for a running worker', async () => {
    const [dead, running] = [deps.newId(), deps.newId()]
    for (const id of [dead, running]) await recordHeartbeat(deps.db, id, 'worker')
    // An hour that the clock was set back is an hour that the heartbeats are ahead.
    await deps.db.heartbeat.updateMany({ data: { seenAt: new Date(Date.now() + 3_600_000) } })
    expect(await seen()).toMatchObject({ ...READY, worker: 'never' })
    await recordHeartbeat(deps.db, running, 'worker')
    expect(await seen()).toMatchObject({ ...READY, worker: 'seen' })
  })

  it('the last heartbeat of all workers is kept, and older ones go after a day', async () => {
    const [old, newer] = [deps.newId(), deps.newId()]
    await recordHeartbeat(deps.db, old, 'worker')
    await deps.db.heartbeat.updateMany({ data: { seenAt: new Date(Date.now() - 25 * 3_600_000) } })
    await recordHeartbeat(deps.db, deps.newId(), 'server')
    expect(await deps.db.heartbeat.count({ where: { processId: old } })).toBe(1)
    await recordHeartbeat(deps.db, newer, 'worker')
    expect(await deps.db.heartbeat.findMany({ where: { kind: 'worker' }, select: { processId: true } })).toEqual([
      { processId: newer },
    ])
  })
})

it('a server that drains is not ready, and asks the database nothing', async () => {
  const { db, readiness } = startAgain()
  expect(await readiness.check()).toMatchObject(READY)
  readiness.drain()
  await db.$disconnect()
  expect(await readiness.check()).toMatchObject({ ...READY, ready: false, draining: true })
})
