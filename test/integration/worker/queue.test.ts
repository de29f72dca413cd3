import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { createDeps } from '~/server/deps'
import { addJob, unlockAbandonedJobs } from '~/server/platform/jobs.sql'
import { startWorker } from '~/server/worker/start-worker'
import { DELETE_OLD_RECORDS, DUE_LOOKS, FORGET_ANSWERS, FORGET_FAILED, RECONCILE_PASS } from '~/server/worker/tasks'
import { createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { endAllDeploys } from '~test/support/move-deploy'
import { queuedJobs, runQueue } from '~test/support/run-queue'
import { holdAnswer, jobsAnswer, listAnswer, runAnswer, startScriptedGitHub } from '~test/support/scripted-github'
import { signedCallback } from '~test/support/signed-callback'
import { tcpProxy } from '~test/support/tcp-proxy'

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
let healthy: typeof github.script

beforeAll(async () => {
  github = await startScriptedGitHub()
  healthy = { ...github.script }
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
})
beforeEach(async () => {
  Object.assign(github.script, healthy)
  github.requests.length = 0
  await console_.deps.db.$executeRaw`DELETE FROM graphile_worker._private_jobs`
  await endAllDeploys(console_.deps.db)
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

const statusOf = async (id: string) => (await console_.deps.db.deploy.findUniqueOrThrow({ where: { id } })).status
const untilStatus = (id: string, status: string) =>
  vi.waitUntil(async () => (await statusOf(id)) === status, { timeout: 50_000, interval: 100 })
const silent = () => ({ requestedAt: new Date(Date.now() - 5 * 60_000), githubRunId: 7n })
const runSucceeded = () => {
  github.script.onRun = () => runAnswer('success')
  github.script.onJobs = () => jobsAnswer({ deploy: 'success' })
}
const refusedCallback = (id: string) =>
  receiveCallback(console_.deps, signedCallback(id, { status: 'deploying', log_line: 'ahead' }), id)

describe('a queued job', () => {
  it('a job is queued exactly if its transaction is committed', async () => {
    const { deps } = console_
    const job = { task: 'reconcile_deploy', payload: { deployId: deps.newId() } } as const
    const broken = deps.db.$transaction(async (tx) => {
      await addJob(tx, job)
      throw new Error('broken off')
    })
    await expect(broken).rejects.toThrow('broken off')
    expect(await queuedJobs(deps)).toEqual([])
    await deps.db.$transaction((tx) => addJob(tx, job))
    expect(await queuedJobs(deps)).toMatchObject([{ task: 'reconcile_deploy' }])
  })

  it('a job that is queued several times before it runs is stored once', async () => {
    const { id } = await insertDeployAt(console_.deps, 'smoke_gate_started', { githubRunId: 7n })
    for (const _ of [1, 2, 3]) expect((await refusedCallback(id)).status).toBe(422)
    expect(await queuedJobs(console_.deps)).toMatchObject([{ key: `reconcile_deploy:${id}` }])
  })

  it("the job of a refused callback survives the end of the server, and the next worker applies GitHub's record", async () => {
    const { id } = await insertDeployAt(console_.deps, 'smoke_gate_started', { githubRunId: 7n })
    runSucceeded()
    await refusedCallback(id)
    expect(github.requests).toEqual([])
    const next = createDeps(console_.deps.config)
    await runQueue(next)
    await next.db.$disconnect()
    expect(await statusOf(id)).toBe('succeeded')
    expect(await queuedJobs(console_.deps)).toEqual([])
  })

  it('the job of a killed worker returns to the queue', async () => {
    const { deps } = console_
    const { id } = await insertDeployAt(deps, 'building', { githubRunId: 7n })
    runSucceeded()
    await deps.db.$transaction((tx) => addJob(tx, { task: 'reconcile_deploy', payload: { deployId: id } }))
    await deps.db
      .$executeRaw`UPDATE graphile_worker._private_jobs SET locked_by = 'killed', locked_at = now() - interval '4 minutes'`
    await runQueue(deps)
    expect(await statusOf(id)).toBe('building')
    await unlockAbandonedJobs(deps.db, new Date(Date.now() - 3 * 60_000))
    await runQueue(deps)
    expect(await statusOf(id)).toBe('succeeded')
  })
})

describe('a job that failed for good', () => {
  it('a failed job is kept for two weeks, then deleted and logged, and waiting or running jobs are not', async () => {
    const { deps } = console_
    const said = vi.spyOn(deps.logger, 'warn')
    onTestFinished(() => said.mockRestore())
    const add = async (key: string, job: { attempts: number; days: number; running?: boolean }) => {
      await deps.db.$executeRaw`
        SELECT FROM graphile_worker.add_job('notify_outcome', job_key => ${key}, run_at => now() + interval '1 day')`
      await deps.db.$executeRaw`
        UPDATE graphile_worker._private_jobs SET attempts = ${job.attempts}, updated_at = now() - make_interval(days => ${job.days}::int),
          locked_at = CASE WHEN ${job.running === true} THEN now() END
        WHERE key = ${key}`
    }
    await add('old', { attempts: 25, days: 15 })
    await add('young', { attempts: 25, days: 13 })
    await add('waiting', { attempts: 3, days: 15 })
    await add('running', { attempts: 25, days: 15, running: true })
    await deps.db.$executeRaw`SELECT FROM graphile_worker.add_job('forget_failed_jobs')`
    await runQueue(deps)
    const left = await queuedJobs(deps)
    expect(left).toMatchObject([{ key: 'young' }, { key: 'waiting' }, { key: 'running' }])
    expect(said.mock.calls.map(([line]) => line)).toContainEqual({ task: 'notify_outcome', key: 'old', attempts: 25 })
  })
})

describe('a worker on the schema of an older version', () => {
  it('a worker runs no job and records no heartbeat while a migration is pending, and begins when it is applied', async () => {
    const { deps } = console_
    const { id } = await insertDeployAt(deps, 'building', { ...silent(), githubRunId: 31n })
    runSucceeded()
    await deps.db.$executeRaw`DELETE FROM heartbeats`
    await deps.db.$executeRaw`UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name LIKE '%_init'`
    const next = createDeps(deps.config)
    const said = vi.spyOn(next.logger, 'warn')
    const worker = startWorker(next)
    await vi.waitUntil(() => said.mock.calls.length > 0, { timeout: 20_000, interval: 20 })
    expect(said.mock.calls[0]?.[1]).toBe('the worker does nothing yet: migrations are pending')
    expect(await queuedJobs(deps)).toEqual([])
    expect(await deps.db.heartbeat.count()).toBe(0)
    expect(worker.isSeen()).toBe(false)
    await deps.db.$executeRaw`UPDATE _prisma_migrations SET finished_at = now() WHERE finished_at IS NULL`
    await untilStatus(id, 'succeeded')
    await vi.waitUntil(worker.isSeen, { timeout: 20_000, interval: 20 })
    await worker.stop()
    await next.db.$disconnect()
  })
})

describe('two replicas with a queue', () => {
  it('two replicas that start together ask GitHub once about each silent deploy', async () => {
    const ids = await Promise.all(
      [21n, 22n, 23n].map(
        async (githubRunId) => (await insertDeployAt(console_.deps, 'building', { ...silent(), githubRunId })).id,
      ),
    )
    runSucceeded()
    const replicas = [createDeps(console_.deps.config), createDeps(console_.deps.config)]
    const workers = replicas.map(startWorker)
    for (const id of ids) await untilStatus(id, 'succeeded')
    await Promise.all(workers.map((worker) => worker.stop()))
    for (const { db } of replicas) await db.$disconnect()
    const asked = github.requests.filter(({ path }) => /\/runs\/\d+$/.test(path)).map(({ path }) => path.slice(-2))
    expect(asked.toSorted()).toEqual(['21', '22', '23'])
    const ends = { deployId: { in: ids }, action: 'console.deploy.reconciled', status: 'succeeded' }
    expect(await console_.deps.db.auditEvent.count({ where: ends })).toBe(3)
  })

  it('two replicas never look at a repository at the same time, and several queued requests cause one look', async () => {
    const { deps } = console_
    await insertDeployAt(deps, 'failed')
    const runs = holdAnswer(listAnswer([]))
    github.script.onListRuns = runs
    const other = createDeps(deps.config)
    const queuePass = () => deps.db.$executeRaw`SELECT FROM graphile_worker.add_job('find_outside_runs')`
    await queuePass()
    const first = runQueue(deps)
    await runs.asked
    for (const _ of [1, 2]) await queuePass()
    await runQueue(other)
    const lists = () => github.requests.filter(({ path }) => path.includes('/runs?')).length
    expect(lists()).toBe(1)
    runs.release()
    await first
    await runQueue(other)
    expect(lists()).toBe(2)
    await other.db.$disconnect()
  })

  it('two replicas never make a pass at the same time', async () => {
    const { deps } = console_
    await insertDeployAt(deps, 'building', silent())
    const run = holdAnswer(runAnswer(null))
    github.script.onRun = run
    github.script.onJobs = () => jobsAnswer({ deploy: 'success' })
    const other = createDeps(deps.config)
    const queuePass = () => deps.db.$executeRaw`SELECT FROM graphile_worker.add_job('reconcile_pass')`
    await queuePass()
    const first = runQueue(deps)
    await run.asked
    await queuePass()
    await runQueue(other)
    expect(github.requests.filter(({ path }) => path.endsWith('/runs/7'))).toHaveLength(1)
    run.release()
    await first
    await other.db.$disconnect()
  })
})

describe('a worker process', () => {
  /** A worker whose connection to the database can be cut. The end of the test stops it. */
  const behindProxy = async () => {
    const proxy = await tcpProxy(console_.deps.config.databaseUrl)
    const deps = createDeps({ ...console_.deps.config, databaseUrl: proxy.url })
    const worker = startWorker(deps)
    onTestFinished(async () => {
      await worker.stop()
      await deps.db.$disconnect()
      await proxy.cut()
    })
    return proxy
  }

  it('a worker registers its schedule with the queue', async () => {
    const { db } = console_.deps
    await db.$executeRaw`DELETE FROM graphile_worker._private_known_crontabs`
    await (await behindProxy()).mend()
    const known = () => db.$queryRaw<{ task: string }[]>`
      SELECT identifier AS task FROM graphile_worker._private_known_crontabs ORDER BY identifier`
    await vi.waitUntil(async () => (await known()).length > 0, { timeout: 50_000, interval: 100 })
    expect((await known()).map(({ task }) => task)).toEqual([
      DELETE_OLD_RECORDS,
      FORGET_FAILED,
      FORGET_ANSWERS,
      DUE_LOOKS,
      RECONCILE_PASS,
    ])
  })

  it('a worker makes a pass when its database appears, and continues after the database was away', async () => {
    runSucceeded()
    const first = await insertDeployAt(console_.deps, 'building', silent())
    const proxy = await behindProxy()
    await proxy.mend()
    await untilStatus(first.id, 'succeeded')

    await proxy.cut()
    const second = await insertDeployAt(console_.deps, 'smoke_gate_started', { githubRunId: 7n })
    expect((await refusedCallback(second.id)).status).toBe(422)
    await proxy.mend()
    await untilStatus(second.id, 'succeeded')
  })

  it('a job whose database goes away in the middle is run again', async () => {
    runSucceeded()
    const run = holdAnswer(github.script.onRun)
    github.script.onRun = run
    const proxy = await behindProxy()
    await proxy.mend()
    const { id } = await insertDeployAt(console_.deps, 'building', { githubRunId: 7n })
    await console_.deps.db.$transaction((tx) => addJob(tx, { task: 'reconcile_deploy', payload: { deployId: id } }))
    await run.asked
    await proxy.cut()
    run.release()
    await proxy.mend()
    await untilStatus(id, 'succeeded')
  })
})
