import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { ARMED_ACTOR, type RollbackMode } from '~/domain/deploy/watch'
import { grantApproval } from '~/server/approvals/grant-approval'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { requestDeploy } from '~/server/deploys/request/request-deploy'
import { startArmedRollback } from '~/server/deploys/request/start-armed-rollback'
import type { Deps } from '~/server/deps'
import { probeSurface } from '~/server/surfaces/probe/probe-surface'
import { findSurface } from '~/server/surfaces/surfaces'
import { actorNamed } from '~test/support/actors'
import { createTestConsole, insertSurface } from '~test/support/console'
import { insertMember } from '~test/support/members'
import { moveDeploy } from '~test/support/move-deploy'
import { commit, startScriptedGitHub } from '~test/support/scripted-github'

export const GOOD = '2b67698'.padEnd(40, '0')
export const BAD = 'd41c9e2'.padEnd(40, '0')
const SECOND = 1_000

/** What a surface answers: a status with a version, or nothing. */
export type SurfaceAnswer = { readonly status: number; readonly version?: string } | 'nothing'

/** A console with `ada` who deploys, `grace` who approves, a scripted surface for each test, and a clock that the test moves. */
export async function createArmedWorld() {
  const github = await startScriptedGitHub()
  let compared: { status: string; ahead_by: number; behind_by: number } | null = null
  github.script.around = (request, answer) =>
    request.path.includes('/compare/')
      ? compared === null
        ? { status: 503, body: {} }
        : { status: 200, body: { ...compared, html_url: 'https://github.example.com/compare', commits: [] } }
      : answer(request)
  const console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  let clock = Date.now()
  const now = () => new Date(clock)
  const deps: Deps = { ...console_.deps, now, databaseNow: async () => now() }
  const fresh = (name: string, role: 'deployer' | 'approver') => {
    const actor = actorNamed(name, { role })
    return Object.defineProperty({ ...actor }, 'provedAt', { get: () => new Date(clock), enumerable: true })
  }
  const ada = await insertMember(deps, fresh('ada', 'deployer'))
  const grace = await insertMember(deps, fresh('grace', 'approver'))
  await deps.db.deliveryChannel.updateMany({ data: { disabledAt: null } })

  const answers = new Map<string, SurfaceAnswer>()
  const server = createServer((request, response) => {
    const answer = answers.get(request.url?.split('/')[1] ?? '') ?? 'nothing'
    if (answer === 'nothing') return void request.socket.destroy()
    response
      .writeHead(answer.status)
      .end(JSON.stringify(answer.version === undefined ? {} : { version: answer.version }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`

  const passSeconds = (seconds: number) => {
    clock += seconds * SECOND
  }
  const answer = (surfaceId: string, given: SurfaceAnswer) => void answers.set(surfaceId, given)

  /** Asks the surface once, this long after it was asked last. */
  const probe = async (surfaceId: string, seconds = 10, over: Deps = deps) => {
    passSeconds(seconds)
    const surface = await findSurface(over.db, surfaceId)
    if (surface !== null) await probeSurface(over, surface)
  }
  /** Three failing probes over twenty seconds. */
  const failThrice = async (surfaceId: string, given: SurfaceAnswer = { status: 503, version: BAD }) => {
    answer(surfaceId, given)
    for (let count = 0; count < 3; count += 1) await probe(surfaceId)
  }

  const requestOf = (surfaceId: string, sha: string) => {
    github.script.onCommit = () => ({ status: 200, body: commit(sha) })
    return { surfaceId, ref: 'main', confirmation: surfaceId, expectedSha: sha, idempotencyKey: randomUUID() }
  }
  /** Ends a deploy as succeeded and shipped, now. */
  const succeed = async (deployId: string) => {
    await moveDeploy(deps.db, deployId, 'succeeded')
    await deps.db.deploy.update({ where: { id: deployId }, data: { shipped: 'yes', finishedAt: deps.now() } })
  }
  const ship = async (surfaceId: string, sha: string) => {
    const answered = await requestDeploy(deps, ada, requestOf(surfaceId, sha))
    if (answered.outcome === 'queued') throw new Error('it was queued')
    const id =
      answered.outcome === 'deploy' ? answered.id : (await grantApproval(deps, grace, answered.approval.id)).deployId
    if (id === null) throw new Error('The approval led to no deploy.')
    await succeed(id)
    return id
  }

  /** A surface that was healthy with GOOD until a deploy of BAD, with which it was seen healthy too. */
  const shipped = async (
    mode: RollbackMode | null,
    overrides: { minutes?: number; requiresApproval?: boolean; bad?: string } = {},
  ) => {
    const { minutes = 10, requiresApproval = false, bad = BAD } = overrides
    const { id: surfaceId } = await insertSurface(deps)
    await deps.db.surface.update({
      where: { id: surfaceId },
      data: {
        healthUrl: `${origin}/${surfaceId}/health`,
        versionSource: { url: null, in: 'json', at: 'version', is: 'commit' },
        requiresApproval,
        rollbackMode: mode,
        watchMinutes: mode === null ? null : minutes,
      },
    })
    compared = { status: 'behind', ahead_by: 0, behind_by: 1 }
    const goodId = await ship(surfaceId, GOOD)
    answer(surfaceId, { status: 200, version: GOOD })
    await probe(surfaceId)
    passSeconds(5)
    const deployId = await ship(surfaceId, bad)
    answer(surfaceId, { status: 200, version: bad })
    await probe(surfaceId)
    return { surfaceId, deployId, goodId }
  }

  const watchOf = async (deployId: string) => (await getDeploy(deps, deployId)).watch

  return {
    deps,
    github,
    ada,
    grace,
    answer,
    probe,
    failThrice,
    passSeconds,
    succeed,
    ship,
    shipped,
    requestOf,
    watchOf,
    /** What GitHub answers to a comparison of the running commit with the target; null: nothing. */
    compare: (answered: typeof compared) => {
      compared = answered
    },
    /** Runs the job that starts the rollback. */
    start: (deployId: string, over: Deps = deps) => startArmedRollback(over, deployId),
    rollbacksOf: (surfaceId: string) => deps.db.deploy.findMany({ where: { surfaceId, requestedBy: ARMED_ACTOR } }),
    actionsOf: async (deployId: string) =>
      (
        await deps.db.auditEvent.findMany({
          where: { deployId, action: { startsWith: 'console.rollback.' } },
          orderBy: { id: 'asc' },
        })
      ).map(({ action, actor }) => `${action.slice('console.rollback.'.length)} by ${actor}`),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await console_.close()
      await github.close()
    },
  }
}

export type ArmedWorld = Awaited<ReturnType<typeof createArmedWorld>>
