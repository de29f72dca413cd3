import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { isTransitionAction } from '~/domain/audit/actions'
import { DEPLOY_STATUSES, hasPosition } from '~/domain/deploy/status'
import { dispatchDeploy } from '~/server/deploys/dispatch/dispatch-deploy'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { reconcileDeploy } from '~/server/deploys/runs/reconcile-deploy'
import { findOutsideRuns } from '~/server/surfaces/follow/find-outside-runs'
import { listTiles } from '~/server/surfaces/tiles/list-tiles'
import { notFrozen } from '~test/integration/runner/callback-receiver'
import { call, REPO, untilEnded } from '~test/integration/sandbox/github-client'
import { OPERATOR } from '~test/support/actors'
import { CALLBACK_SECRET, createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { insertMember } from '~test/support/members'
import { type RunningSandbox, startSandbox } from '~test/support/start-sandbox'

// Runs this repository's workflows while every callback is lost: the server in the console's place accepts none.

let console_: TestConsole
let sandbox: RunningSandbox
const deaf = createServer((request, response) => {
  request.resume()
  const asksForFreezes = request.url?.startsWith('/api/internal/freezes') === true
  response.writeHead(asksForFreezes ? 200 : 404, { 'content-type': 'application/json' })
  response.end(JSON.stringify(asksForFreezes ? notFrozen : {}))
})
beforeAll(async () => {
  await once(deaf.listen(0, '127.0.0.1'), 'listening')
  const { port } = deaf.address() as AddressInfo
  sandbox = await startSandbox({ consoleUrl: `http://127.0.0.1:${port}`, callbackSecret: CALLBACK_SECRET })
  console_ = await createTestConsole({
    githubApiUrl: sandbox.apiUrl,
    env: { GITHUB_DISPATCH_TOKEN: sandbox.token },
  })
  await insertMember(console_.deps, OPERATOR)
})
afterAll(async () => {
  await console_?.close()
  await sandbox?.stop()
  deaf.close()
})

async function ship(surfaceId: string): Promise<{ readonly id: string; readonly runId: number }> {
  const request = { surfaceId, ref: 'main', confirmation: surfaceId, idempotencyKey: randomUUID() }
  const { id, runId } = await dispatchDeploy(console_.deps, OPERATOR, request)
  return { id, runId: Number(runId) }
}

it("a run without callbacks is followed to its end from GitHub's record, through every status in order", async () => {
  const { deps } = console_
  await insertSurface(deps, { id: 'console' })
  const { id, runId } = await ship('console')
  expect((await untilEnded(sandbox, runId)).conclusion).toBe('success')
  await reconcileDeploy(deps, id)

  const rows = await deps.db.auditEvent.findMany({ where: { deployId: id }, orderBy: { id: 'asc' } })
  const transitions = rows.filter(({ action }) => isTransitionAction(action))
  expect(transitions.map(({ status }) => status)).toEqual(DEPLOY_STATUSES.filter(hasPosition))
  for (const { payload } of transitions.slice(1)) expect(payload).toMatchObject({ source: 'github' })
  const { phases } = await getDeploy(deps, id)
  expect(phases.map(({ state }) => state)).toEqual(['done', 'done', 'done', 'done'])
})

it('a run started again on GitHub does not change its ended deploy, and the tile shows the outside run', async () => {
  const { deps } = console_
  await insertSurface(deps, { id: 'console-staging', environment: 'staging' })
  const { id, runId } = await ship('console-staging')
  await untilEnded(sandbox, runId)
  await reconcileDeploy(deps, id)
  const seen = async () => {
    await findOutsideRuns(deps)
    return (await listTiles(deps)).find((tile) => tile.id === 'console-staging')
  }
  expect((await seen())?.outsideRun).toBeNull()

  expect((await call(sandbox, 'POST', `${REPO}/actions/runs/${runId}/rerun`)).status).toBe(201)
  expect(await seen()).toMatchObject({ outsideRun: { state: 'running' }, lastDeploy: { id, status: 'succeeded' } })
  await untilEnded(sandbox, runId)
  expect(await seen()).toMatchObject({ outsideRun: { state: 'succeeded' }, lastDeploy: { id, status: 'succeeded' } })
})
