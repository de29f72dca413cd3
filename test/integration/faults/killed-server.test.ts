import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { waitFor } from '~/launch/machine/wait-for'
import { requestDeploy } from '~/server/deploys/request/request-deploy'
import { actorNamed } from '~test/support/actors'
import { insertMember } from '~test/support/members'
import { tcpProxy } from '~test/support/tcp-proxy'
import {
  approve,
  callBack,
  createFaultWorld,
  dispatch,
  type FaultWorld,
  look,
  release,
  type SignedInServer,
} from './fault-world'

const TIMEOUT = 180_000

let world: FaultWorld
/** Each test kills a server and starts the next one, which the following test kills. */
let server: SignedInServer
beforeAll(async () => {
  world = await createFaultWorld()
}, TIMEOUT)
afterAll(() => world.close(), TIMEOUT)

/** Kills the server after it committed the intent and before it asked GitHub. */
async function killBeforeDispatch() {
  const proxy = await tcpProxy(world.deps.config.databaseUrl)
  await proxy.mend()
  const surfaceId = await world.newSurface()
  server = await world.startServer(proxy.url)
  const holder = await lockAuditTable()
  const key = randomUUID()
  const cut = expect(dispatch(server, surfaceId, key)).rejects.toThrow()
  await untilLockIsAwaited(holder)
  proxy.holdCommits()
  await releaseLock(holder)
  const intent = await waitFor(async () => (await world.intentOn(surfaceId)) ?? undefined, { withinMs: 60_000 })
  await server.kill()
  await cut
  await proxy.cut()
  if (intent === undefined) throw new Error('The intent was never committed.')
  expect(intent.status).toBe('requested')
  expect(world.github.dispatchesOf(intent.id)).toBe(0)
  return { id: intent.id, surfaceId, key }
}

/** Has GitHub kill the server after it started the run and before it answers. */
async function killDuringDispatch() {
  const surfaceId = await world.newSurface()
  const key = randomUUID()
  world.github.script.onDispatch = world.model.accepting(async () => {
    await server.kill()
    return 'hang up' as const
  })
  await expect(dispatch(server, surfaceId, key)).rejects.toThrow()
  world.github.script.onDispatch = world.accept
  const intent = await world.intentOn(surfaceId)
  if (intent === null) throw new Error('The intent was lost.')
  expect(intent.status).toBe('requested')
  return { id: intent.id, surfaceId, key }
}

/** A member's request for approval, and a GitHub that kills the server when asked; with `accepts`, after it started the run. */
async function killDuringApproval(asker: string, accepts: boolean) {
  const surfaceId = await world.newSurface()
  await world.deps.db.surface.update({ where: { id: surfaceId }, data: { requiresApproval: true } })
  const ada = await insertMember(world.deps, actorNamed(asker, { role: 'deployer' }))
  const input = { surfaceId, ref: 'main', confirmation: surfaceId, idempotencyKey: randomUUID() }
  const asked = await requestDeploy(world.deps, ada, input)
  if (asked.outcome !== 'approval') throw new Error('The deploy was dispatched without an approval.')
  const kill = async () => {
    await server.kill()
    return 'hang up' as const
  }
  world.github.script.onDispatch = accepts ? world.model.accepting(kill) : kill
  await expect(approve(server, asked.approval.id)).rejects.toThrow()
  world.github.script.onDispatch = world.accept
  const intent = await world.intentOn(surfaceId)
  if (intent === null) throw new Error('The intent was lost.')
  const approval = await world.deps.db.approval.findUniqueOrThrow({ where: { id: asked.approval.id } })
  expect([approval.state, intent.approvalId, intent.status]).toEqual(['granted', approval.id, 'requested'])
  return { id: intent.id, approvalId: approval.id, surfaceId }
}

describe('kill -9 of the server', { timeout: TIMEOUT }, () => {
  it('after a kill before the dispatch, the deploy is never sent again, times out with its reason, and holds its surface until released', async () => {
    const { id, surfaceId, key } = await killBeforeDispatch()
    server = await world.startServer()
    expect(await dispatch(server, surfaceId, key)).toMatchObject({ id, status: 'requested', runId: null })
    await world.age([id], 31)
    await world.nextMinute()
    await world.until(id, 'timed_out')
    const seen = await look(server, id)
    expect(seen).toMatchObject({ failureStage: null, runId: null })
    expect(seen.failureDetail).toContain('No run was seen')
    expect(await dispatch(server, surfaceId, key)).toMatchObject({ id, status: 'timed_out' })
    expect(world.github.dispatchesOf(id)).toBe(0)
    expect(await dispatch(server, surfaceId)).toEqual({ refused: 'surface_busy' })
    expect(await release(server, id)).toBe(200)

    const next = await dispatch(server, surfaceId)
    if ('refused' in next) throw new Error(`The surface is still held: ${next.refused}`)
    expect(world.model.runsOf(next.id)).toHaveLength(1)
  })

  it('after a kill during the dispatch, the deploy follows the run that GitHub started to its end', async () => {
    const { id, surfaceId, key } = await killDuringDispatch()
    await world.age([id], 2)
    server = await world.startServer()
    await world.until(id, 'dispatched')
    expect(await dispatch(server, surfaceId, key)).toMatchObject({ id, status: 'dispatched' })
    expect(await dispatch(server, surfaceId)).toEqual({ refused: 'surface_busy' })
    for (const status of ['building', 'deploying', 'succeeded']) {
      expect((await callBack(server, id, { status, run_id: world.model.runsOf(id)[0]?.id.toString() })).status).toBe(
        200,
      )
    }
    const seen = await look(server, id)
    expect(seen).toMatchObject({ status: 'succeeded', runId: world.model.runsOf(id)[0]?.id.toString() })
    expect(seen.timeline.find(({ status }) => status === 'dispatched')?.note).toMatch(/^From GitHub’s record: run \d+/)
    expect(world.model.runsOf(id)).toHaveLength(1)
  })

  it('after a kill during a callback, nothing of the callback was stored, and its repeat is applied once', async () => {
    const surfaceId = await world.newSurface()
    const made = await dispatch(server, surfaceId)
    if ('refused' in made) throw new Error(`refused: ${made.refused}`)
    const { id } = made
    const holder = await lockAuditTable()
    const webhookId = randomUUID()
    const body = { status: 'building', log_line: 'once', run_id: world.model.runsOf(id)[0]?.id.toString() }
    const cut = expect(callBack(server, id, body, webhookId)).rejects.toThrow()
    await untilLockIsAwaited(holder)
    await server.kill()
    await cut
    await releaseLock(holder)

    server = await world.startServer()
    expect(await world.statusOf(id)).toBe('dispatched')
    expect(await world.deps.db.callbackReceipt.count({ where: { deployId: id } })).toBe(0)
    expect(await (await callBack(server, id, body, webhookId)).json()).toEqual({ applied: true, status: 'building' })
    expect(await (await callBack(server, id, body, webhookId)).json()).toEqual({ applied: false, status: 'building' })
    expect(await world.deps.db.deployLogLine.findMany({ where: { deployId: id } })).toMatchObject([{ seq: 1 }])
    const seen = await look(server, id)
    expect(seen.timeline.filter(({ status }) => status === 'building')).toHaveLength(1)
    expect(world.model.runsOf(id)).toHaveLength(1)
  })

  it('after a kill before GitHub started the run of an approval, the approval is kept, another approval sends nothing, and the deploy times out', async () => {
    const { id, approvalId, surfaceId } = await killDuringApproval('ada', false)
    server = await world.startServer()
    expect(await approve(server, approvalId)).toBe(202)
    await world.age([id], 31)
    await world.nextMinute()
    await world.until(id, 'timed_out')
    expect(await world.deps.db.deploy.count({ where: { surfaceId } })).toBe(1)
    expect(world.model.runsOf(id)).toHaveLength(0)
  })

  it('after a kill once GitHub started the run of an approval, the deploy follows that run, and another approval starts none', async () => {
    const { id, approvalId } = await killDuringApproval('eve', true)
    await world.age([id], 2)
    server = await world.startServer()
    await world.until(id, 'dispatched')
    expect(await approve(server, approvalId)).toBe(202)
    expect(world.model.runsOf(id)).toHaveLength(1)
  })
})

/** Lets every writer get as far as the audit row, which comes last, and no further until the lock is released. */
async function lockAuditTable(): Promise<pg.Client> {
  const holder = new pg.Client({ connectionString: world.deps.config.databaseUrl })
  await holder.connect()
  await holder.query('BEGIN')
  await holder.query('LOCK TABLE audit_events IN SHARE MODE')
  return holder
}

async function releaseLock(holder: pg.Client): Promise<void> {
  await holder.query('ROLLBACK')
  await holder.end()
}

/** Waits until a writer waits for the lock that the test holds: it has begun to write and cannot commit. */
async function untilLockIsAwaited(client: pg.Client): Promise<void> {
  const waits = async () => {
    const { rows } = await client.query<{ waiting: boolean }>(
      'SELECT EXISTS (SELECT FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database WHERE d.datname = current_database() AND NOT l.granted) AS waiting',
    )
    return rows[0]?.waiting ? true : undefined
  }
  if ((await waitFor(waits, { withinMs: 60_000 })) === undefined) throw new Error('No writer waits for the lock.')
}
