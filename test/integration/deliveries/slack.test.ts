import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CONFIGURED_CHANNEL } from '~/domain/delivery'
import { TERMINAL_STATUSES } from '~/domain/deploy/status'
import { freePort } from '~/launch/machine/ports'
import { queueDeliveries } from '~/server/deliveries/deliveries'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { advanceDeploy } from '~/server/deploys/deploys.sql'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { createDeps, type Deps } from '~/server/deps'
import { addJob } from '~/server/platform/jobs.sql'
import { startWorker } from '~/server/worker/start-worker'
import { createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { queuedJobs, runQueue } from '~test/support/run-queue'
import { signedCallback } from '~test/support/signed-callback'
import { startSlackReceiver } from '~test/support/slack-receiver'

let console_: TestConsole
let slack: Awaited<ReturnType<typeof startSlackReceiver>>
let deps: Deps

beforeAll(async () => {
  slack = await startSlackReceiver()
  console_ = await createTestConsole({ env: { SLACK_WEBHOOK_URL: slack.url, CONSOLE_URL: 'https://console.acme.dev' } })
  deps = console_.deps
})
beforeEach(() => {
  slack.texts.length = 0
  slack.script.answer = () => 200
})
afterAll(async () => {
  await console_.close()
  await slack.close()
})

/** A deploy that a callback has just ended. */
async function endDeploy(status: 'succeeded' | 'failed' = 'succeeded', body: object = {}) {
  const { id } = await insertDeployAt(deps, 'deploying')
  const answer = await receiveCallback(deps, signedCallback(id, { status, ...body }), id)
  expect(answer.status).toBe(200)
  return id
}
/** Runs the queue with every job due, without the pauses between attempts. */
const workNow = async (replica = deps) => {
  await deps.db.$executeRaw`UPDATE graphile_worker._private_jobs SET run_at = now(), locked_at = NULL, locked_by = NULL`
  await runQueue(replica)
}
const deliveryJobs = async () => (await queuedJobs(deps)).filter(({ key }) => key?.startsWith('deliver'))
const notesOf = async (id: string) => (await getDeploy(deps, id)).timeline.map(({ note }) => note).join('\n')
const deliveryOf = (id: string) =>
  deps.db.delivery.findUniqueOrThrow({
    where: { deployId_channelId_event: { deployId: id, channelId: CONFIGURED_CHANNEL, event: 'ended' } },
  })
const stateOf = async (id: string) => (await deliveryOf(id)).state

describe('the outcome of a deploy in Slack', () => {
  it('an outcome is posted to Slack once, with surface, outcome, ref, requester, duration, reason and a link', async () => {
    const id = await endDeploy('failed', { failure_stage: 'health_check_failed', log_line: 'answered <503> & gave up' })
    await workNow()
    await workNow()
    const { surface } = await getDeploy(deps, id)
    expect(slack.texts.map((text) => text.replace(/after \d+ s/, 'after N s').split('\n'))).toEqual([
      [
        `*❌ Failed at Health check: ${surface.name}*, production`,
        'main by operator, after N s',
        '> answered &lt;503&gt; &amp; gave up',
        'Whether anything was deployed is unknown: the workflow named no run, so GitHub’s record was not read.',
        `<https://console.acme.dev/deploys/${id}|Open the deploy>`,
      ],
    ])
    expect(await notesOf(id)).toContain('Outcome sent to Slack.')
    expect(await deliveryJobs()).toEqual([])
  })

  it('a surface that turned unhealthy after its deploy is told of beside the outcome, with the way back', async () => {
    const id = await endDeploy()
    const { surface } = await getDeploy(deps, id)
    await workNow()
    slack.texts.length = 0
    const finished = Date.now()
    await deps.db.deploy.update({ where: { id }, data: { finishedAt: new Date(finished) } })
    const at = (minutes: number) => new Date(finished + minutes * 60_000)
    const row = { deployId: id, surfaceId: surface.id, kind: 'deploy', mode: 'offer', minutes: 10, declaration: 'd' }
    const seen = { state: 'offered', healthyAt: at(1), until: at(10), turnedAt: at(3), detail: 'answers <503>' }
    await deps.db.deployWatch.create({ data: { ...row, ...seen } })
    await deps.db.$transaction((tx) => queueDeliveries(tx, id, deps.now(), 'unhealthy'))
    await workNow()
    await workNow()
    expect(slack.texts.map((text) => text.split('\n'))).toEqual([
      [
        `*⚠️ Unhealthy after its deploy: ${surface.name}*, production`,
        'main by operator',
        'The surface turned unhealthy 3 min after this deploy: answers &lt;503&gt;.',
        'No earlier version is on record to return to. Deploy another version.',
        `<https://console.acme.dev/deploys/${id}|Open the deploy>`,
      ],
    ])
    expect(await notesOf(id)).toContain('Warning sent to Slack.')
  })

  it.each(TERMINAL_STATUSES)('an outcome (%s) is posted once, whichever transition ends the deploy', async (to) => {
    const { id, surface } = await insertDeployAt(deps, 'deploying')
    const event = {
      action: 'console.deploy.reconciled',
      status: to,
      payload: { source: 'github', from: 'deploying', proof: 'test', occurred_at: new Date().toISOString() },
    } as const
    const end = { deployId: id, surfaceId: surface.id, to, actor: 'reconciler', at: deps.now(), event }
    expect(await deps.db.$transaction((tx) => advanceDeploy(tx, end))).toMatchObject({ id, status: to })
    expect(await deps.db.$transaction((tx) => advanceDeploy(tx, end))).toBeNull()
    await workNow()
    expect(slack.texts).toHaveLength(1)
  })

  it('an outcome is not queued if the transaction that ends the deploy is rolled back', async () => {
    const { id, surface } = await insertDeployAt(deps, 'deploying')
    const event = {
      action: 'console.deploy.callback',
      status: 'failed',
      payload: { webhook_id: 'w', from: 'x' },
    } as const
    const broken = deps.db.$transaction(async (tx) => {
      const at = deps.now()
      await advanceDeploy(tx, { deployId: id, surfaceId: surface.id, to: 'failed', actor: 'test', at, event })
      throw new Error('broken off')
    })
    await expect(broken).rejects.toThrow('broken off')
    await workNow()
    expect(slack.texts).toEqual([])
    expect(await deps.db.delivery.count({ where: { deployId: id } })).toBe(0)
  })

  it('a callback is answered without waiting for Slack', async () => {
    slack.script.answer = () => new Promise(() => {})
    await endDeploy()
    expect(slack.texts).toEqual([])
    await deps.db.$executeRaw`DELETE FROM graphile_worker._private_jobs`
  })
})

describe('an answer of Slack other than 200', () => {
  it.each([500, 503, 429])(
    'an outcome that Slack first answers with %i is sent again and then posted once',
    async (status) => {
      const id = await endDeploy()
      slack.script.answer = () => (slack.texts.length === 1 ? status : 200)
      await workNow()
      expect([slack.texts.length, await stateOf(id)]).toEqual([1, 'waiting'])
      await workNow()
      expect([slack.texts.length, await stateOf(id)]).toEqual([2, 'sent'])
      await workNow()
      expect(slack.texts).toHaveLength(2)
    },
  )

  it('an outcome is retried with growing pauses for a day, with each attempt on record, and then given up', async () => {
    const id = await endDeploy()
    slack.script.answer = () => 503
    const pauses: number[] = []
    for (let attempt = 1; ; attempt += 1) {
      await workNow()
      const { state, attempts, lastStatus, lastError, nextTryAt, updatedAt } = await deliveryOf(id)
      expect([attempts, lastStatus, lastError]).toEqual([attempt, 503, 'Slack answered 503 (no_service)'])
      if (state === 'failed') break
      const [job] = await deliveryJobs()
      expect([state, job?.runAt]).toEqual(['waiting', nextTryAt])
      pauses.push(Number(nextTryAt) - updatedAt.getTime())
    }
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b))
    expect(pauses.reduce((sum, pause) => sum + pause) / 3_600_000).toBeCloseTo(24, 0)
    expect([await deliveryJobs(), (await deliveryOf(id)).nextTryAt]).toEqual([[], null])
    expect(await notesOf(id)).toContain('Outcome not sent to Slack: Slack answered 503')
  })

  it('an outcome that Slack answers with 404 is not sent again, and the timeline says so without the address', async () => {
    const id = await endDeploy()
    slack.script.answer = () => 404
    await workNow()
    await workNow()
    expect(slack.texts).toHaveLength(1)
    expect(await notesOf(id)).toContain('Outcome not sent to Slack: Slack answered 404')
    expect(JSON.stringify(await getDeploy(deps, id))).not.toContain('very-secret-path')
  })

  it('an outcome whose answer from Slack was lost is not sent again', async () => {
    const id = await endDeploy()
    slack.script.answer = () => 'hang up'
    await workNow()
    slack.script.answer = () => 200
    await workNow()
    expect(slack.texts).toHaveLength(1)
    expect(await notesOf(id)).toContain('It is not sent again.')
  })

  it('an outcome is sent again if Slack could not be reached', async () => {
    const elsewhere = createDeps({ ...deps.config, slackWebhookUrl: `http://127.0.0.1:${await freePort()}/services` })
    const id = await endDeploy()
    await workNow(elsewhere)
    expect(await stateOf(id)).toBe('waiting')
    await workNow()
    expect(slack.texts).toHaveLength(1)
    await elsewhere.db.$disconnect()
  })
})

describe('a crash during a delivery', () => {
  it('an outcome is posted after a crash between the end of the deploy and the delivery', async () => {
    const id = await endDeploy()
    const next = createDeps(deps.config)
    await workNow(next)
    expect([slack.texts.length, await stateOf(id)]).toEqual([1, 'sent'])
    await next.db.$disconnect()
  })

  it('an outcome is not posted again after a crash between the delivery and its record', async () => {
    const id = await endDeploy()
    await deps.db.delivery.updateMany({ where: { deployId: id }, data: { state: 'sending' } })
    await workNow()
    expect([slack.texts.length, await stateOf(id)]).toEqual([0, 'unknown'])
    expect(await notesOf(id)).toContain('Outcome may not have reached Slack')
  })
})

describe('two replicas with channels', () => {
  it('two replicas post each outcome once', async () => {
    const replicas = [createDeps(deps.config), createDeps(deps.config)]
    const workers = replicas.map(startWorker)
    const ids: string[] = []
    for (let count = 0; count < 10; count += 1) ids.push(await endDeploy())
    await expect
      .poll(async () => (await Promise.all(ids.map(stateOf))).every((state) => state === 'sent'), {
        timeout: 40_000,
      })
      .toBe(true)
    await Promise.all(workers.map((worker) => worker.stop()))
    for (const { db } of replicas) await db.$disconnect()
    expect(slack.texts).toHaveLength(10)
    expect(new Set(slack.texts.map((text) => /deploys\/([0-9a-f-]+)/.exec(text)?.[1]))).toEqual(new Set(ids))
  })
})

describe('a console without channels', () => {
  it('an outcome without a channel is dropped, and no job waits', async () => {
    const silent = createDeps({ ...deps.config, slackWebhookUrl: undefined })
    const id = await endDeploy()
    await workNow(silent)
    expect(await stateOf(id)).toBe('dropped')
    expect(await deliveryJobs()).toEqual([])
    await silent.db.$disconnect()
  })
})

describe('outcomes that an older version queued', () => {
  const resumeNotification = async (state: string) => {
    const { id } = await insertDeployAt(deps, 'succeeded')
    await deps.db.outcomeNotification.create({ data: { deployId: id, state, updatedAt: deps.now() } })
    await addJob(deps.db, { task: 'notify_outcome', payload: { deployId: id } })
    await workNow()
    await workNow()
    return id
  }

  it('an outcome that waited in an older version is posted once', async () => {
    const id = await resumeNotification('waiting')
    expect([slack.texts.length, await stateOf(id)]).toEqual([1, 'sent'])
  })

  it('an outcome that an older version was sending is not sent again', async () => {
    const id = await resumeNotification('sending')
    expect([slack.texts.length, await stateOf(id)]).toEqual([0, 'unknown'])
  })

  it.each(['sent', 'nobody'])('an outcome that an older version left at %s is not sent again', async (state) => {
    const id = await resumeNotification(state)
    expect([slack.texts.length, await deps.db.delivery.count({ where: { deployId: id } })]).toEqual([0, 0])
  })
})
