import { randomUUID } from 'node:crypto'
import type { Actor } from '~/domain/actor'
import type { QueuedView } from '~/domain/deploy/queue'
import type { DispatchInput } from '~/domain/deploy/request'
import type { DeployStatus } from '~/domain/deploy/status'
import type { HealthState } from '~/domain/surface/tile'
import { requestDeploy } from '~/server/deploys/request/request-deploy'
import { getQueued } from '~/server/queue/queued-view'
import { actorNamed } from '~test/support/actors'
import { createTestConsole, insertSurface } from '~test/support/console'
import { insertMember } from '~test/support/members'
import { moveDeploy } from '~test/support/move-deploy'
import { commit, SHA, startScriptedGitHub } from '~test/support/scripted-github'

/** A console with two deployers, `ada` and `bob`, an approver `grace`, and a real HTTP GitHub. */
export async function createQueueWorld() {
  const github = await startScriptedGitHub()
  const script = { ...github.script }
  const console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  const { deps } = console_
  const ada = await insertMember(deps, actorNamed('ada', { role: 'deployer' }))
  const bob = await insertMember(deps, actorNamed('bob', { role: 'deployer' }))
  const grace = await insertMember(deps, actorNamed('grace', { role: 'approver' }))

  const requestFor = (surface: { id: string; confirm: string }, overrides: Partial<DispatchInput> = {}) => ({
    surfaceId: surface.id,
    ref: 'main',
    confirmation: surface.confirm,
    idempotencyKey: randomUUID(),
    ...overrides,
  })
  const send = (input: DispatchInput, actor: Actor = bob) => requestDeploy(deps, actor, input)
  const deploy = async (input: DispatchInput, actor: Actor = ada): Promise<string> => {
    const answer = await send(input, actor)
    if (answer.outcome !== 'deploy') throw new Error(`${answer.outcome} instead of a deploy`)
    return answer.id
  }
  const queue = async (input: DispatchInput, actor: Actor = bob): Promise<QueuedView> => {
    const answer = await send({ ...input, queue: true }, actor)
    if (answer.outcome !== 'queued') throw new Error(`${answer.outcome} instead of a queued request`)
    return answer.queued
  }
  const busy = async (environment = 'production') => {
    const surface = await insertSurface(deps, { environment })
    return { surface, ahead: await deploy(requestFor(surface)) }
  }
  return {
    deps,
    github,
    ada,
    bob,
    grace,
    requestFor,
    send,
    deploy,
    queue,
    /** A surface of its own, on which ada's deploy is under way. */
    busy,
    /** That surface, and bob's request behind ada's deploy. */
    waiting: async (overrides: Partial<DispatchInput> = {}, environment = 'production') => {
      const { surface, ahead } = await busy(environment)
      const input = requestFor(surface, { ref: 'release', ...overrides })
      return { surface, ahead, input, queued: await queue(input) }
    },
    end: (deployId: string, status: DeployStatus = 'succeeded') => moveDeploy(deps.db, deployId, status),
    /** The surface is looked at after everything so far. A look within the same millisecond would not count as later. */
    answers: (surfaceId: string, health: HealthState, healthDetail: string | null = null) =>
      deps.db.surface.update({
        where: { id: surfaceId },
        data: { health, healthDetail, healthCheckedAt: new Date(Date.now() + 1) },
      }),
    /** The dependencies, with a clock that is `minutes` ahead. */
    later: (minutes: number) => ({ ...deps, now: () => new Date(Date.now() + minutes * 60_000) }),
    seen: (id: string, actor: Actor = bob) => getQueued(deps, actor, id),
    auditOf: async (surfaceId: string) =>
      (await deps.db.auditEvent.findMany({ where: { surfaceId }, orderBy: { id: 'asc' } })).map(
        ({ action, actor, deployId, payload }) => ({ action, actor, deployId, payload }),
      ),
    deploysOf: (surfaceId: string) => deps.db.deploy.findMany({ where: { surfaceId }, orderBy: { id: 'asc' } }),
    moveRef: (sha: string) => {
      github.script.onCommit = () => ({ status: 200, body: commit(sha) })
    },
    reset: async () => {
      Object.assign(github.script, script)
      github.script.onCommit = () => ({ status: 200, body: commit(SHA) })
      github.requests.length = 0
      await deps.db.freeze.deleteMany()
      const access = { suspendedAt: null, role: 'deployer', allEnvironments: true, environments: [] }
      await deps.db.member.update({ where: { userId: bob.userId }, data: access })
    },
    close: async () => {
      await console_.close()
      await github.close()
    },
  }
}

export type QueueWorld = Awaited<ReturnType<typeof createQueueWorld>>
