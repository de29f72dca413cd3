import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CALLBACK_STATUSES } from '~/domain/deploy/status'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { reconcileDeploy } from '~/server/deploys/runs/reconcile-deploy'
import { createReadiness } from '~/server/health/check-readiness'
import { createCaller } from '~/server/trpc/routers/_app'
import { createContextInner } from '~/server/trpc/routers/procedures'
import { reconcileSilentDeploys } from '~/server/worker/reconciler'
import { OPERATOR } from '~test/support/actors'
import { createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { insertMember } from '~test/support/members'
import { onDatabase } from '~test/support/migrated-template'
import { modelGitHub } from '~test/support/model-github'
import { startScriptedGitHub } from '~test/support/scripted-github'
import { signedCallback } from '~test/support/signed-callback'

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  await insertMember(console_.deps, OPERATOR)
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

const caller = () => createCaller(createContextInner(console_.deps, OPERATOR))
const send = (id: string, body: object, webhookId = randomUUID()) =>
  receiveCallback(console_.deps, signedCallback(id, body, { webhookId }), id)
const stored = (id: string) => console_.deps.db.deploy.findUniqueOrThrow({ where: { id } })

/** A deploy as a newer version left it, with a status, a stage and an audit action that are unknown here. */
async function leftByNewerVersion() {
  const { deps } = console_
  const run = modelGitHub(github)
  const { id, surface } = await insertDeployAt(deps, 'building', { requestedAt: new Date(Date.now() - 3_600_000) })
  run.accept(id)
  run.conclude(id, 'success')
  await deps.db.$executeRaw`ALTER TABLE console_deploys DROP CONSTRAINT IF EXISTS console_deploys_status_check`
  await deps.db.$executeRaw`ALTER TABLE console_deploys DROP CONSTRAINT IF EXISTS console_deploys_failure_stage_check`
  await deps.db
    .$executeRaw`UPDATE console_deploys SET status = 'canary_started', failure_stage = 'canary_failed' WHERE id = ${id}::uuid`
  await deps.db.auditEvent.create({
    data: {
      at: new Date(),
      actor: 'tomorrow',
      action: 'console.deploy.canary',
      deployId: id,
      surfaceId: surface.id,
      status: 'canary_started',
      payload: ['not', 'an', 'object'],
    },
  })
  return { id, surface }
}

describe('rows from a newer version', () => {
  it('an unknown status is shown as stored by poll, grid and history', async () => {
    const { id, surface } = await leftByNewerVersion()
    const view = await caller().deploys.get({ id })
    expect(view).toMatchObject({ status: 'canary_started', failureStage: 'canary_failed', terminal: false })
    expect(view.timeline.map(({ action }) => action)).toContain('console.deploy.canary')
    const { surfaces } = await caller().surfaces.list()
    expect(surfaces.find((tile) => tile.id === surface.id)?.lastDeploy).toMatchObject({ status: 'canary_started' })
    const { deploys } = await caller().deploys.list({ surfaceId: surface.id })
    expect(deploys).toMatchObject([{ id, status: 'canary_started' }])
  })

  it('a deploy with an unknown status is not changed by the reconciler', async () => {
    const { id } = await leftByNewerVersion()
    const before = await stored(id)
    await reconcileSilentDeploys(console_.deps)
    await reconcileDeploy(console_.deps, id)
    expect(await stored(id)).toEqual(before)
  })

  it('a deploy with an unknown status is not moved by any callback, and every refused callback keeps its log line', async () => {
    const { id } = await leftByNewerVersion()
    for (const [index, status] of [...CALLBACK_STATUSES, 'canary_passed'].entries()) {
      const response = await send(id, { status, log_line: `line ${index + 1}` })
      expect(response.status, status).toBe(422)
    }
    expect(await stored(id)).toMatchObject({ status: 'canary_started', failureStage: 'canary_failed' })
    const { logTail, timeline } = await caller().deploys.get({ id })
    expect(logTail.map(({ line }) => line)).toEqual(CALLBACK_STATUSES.map((_, i) => `line ${i + 1}`).concat('line 9'))
    expect(timeline.filter(({ action }) => action === 'console.deploy.callback_rejected')).toHaveLength(9)
  })

  it('a deploy with an unknown status holds its surface', async () => {
    const { surface } = await leftByNewerVersion()
    const input = { surfaceId: surface.id, ref: 'main', confirmation: surface.confirm, idempotencyKey: randomUUID() }
    await expect(caller().deploys.dispatch(input)).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})

describe('this version on an older schema', () => {
  it('a console on an older schema is not ready, stores nothing of a callback, and accepts the callback after the migration', async () => {
    const older = await createTestConsole({ githubApiUrl: github.apiUrl })
    const { deps } = older
    const directory = path.resolve(import.meta.dirname, '../../../prisma/migrations/20261121080100_gate_statuses')
    const sql = (file: string) => readFileSync(path.join(directory, file), 'utf8')
    await onDatabase(deps.config.databaseUrl, (client) => client.query(sql('rollback.sql')))
    await deps.db.$executeRaw`DELETE FROM _prisma_migrations WHERE migration_name = '20261121080100_gate_statuses'`
    expect(await createReadiness(deps).check()).toMatchObject({ ready: false, migrations: 'pending' })

    const { id } = await insertDeployAt(deps, 'dispatched')
    const webhookId = randomUUID()
    const gate = () =>
      receiveCallback(deps, signedCallback(id, { status: 'smoke_gate_started', log_line: 'x' }, { webhookId }), id)
    expect((await gate()).status).toBe(500)
    expect(await deps.db.deploy.findUniqueOrThrow({ where: { id }, include: { receipts: true } })).toMatchObject({
      status: 'dispatched',
      logCount: 0,
      receipts: [],
    })
    await onDatabase(deps.config.databaseUrl, (client) => client.query(sql('migration.sql')))
    expect(await (await gate()).json()).toEqual({ applied: true, status: 'smoke_gate_started' })
    await older.close()
  })
})
