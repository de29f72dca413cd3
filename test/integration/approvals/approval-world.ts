import { randomUUID } from 'node:crypto'
import type { Actor } from '~/domain/actor'
import type { ApprovalView } from '~/domain/deploy/approval'
import type { DispatchInput } from '~/domain/deploy/request'
import { requestDeploy } from '~/server/deploys/request/request-deploy'
import { actorNamed } from '~test/support/actors'
import { createTestConsole, insertSurface } from '~test/support/console'
import { insertMember } from '~test/support/members'
import { commit, SHA, startScriptedGitHub } from '~test/support/scripted-github'

/** A console with two members, `ada` who asks and `grace` who approves, and a real HTTP GitHub. */
export async function createApprovalWorld() {
  const github = await startScriptedGitHub()
  const { onRef, onContents } = github.script
  const console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  const { deps } = console_
  const ada = await insertMember(deps, actorNamed('ada', { role: 'deployer' }))
  const grace = await insertMember(deps, actorNamed('grace', { role: 'approver' }))

  const newSurface = async (minutes = 60, environment = 'production') => {
    const { id } = await insertSurface(deps, { environment })
    return deps.db.surface.update({ where: { id }, data: { requiresApproval: true, approvalMinutes: minutes } })
  }
  const requestFor = (surface: { id: string; confirm: string }, overrides: Partial<DispatchInput> = {}) => ({
    surfaceId: surface.id,
    ref: 'main',
    confirmation: surface.confirm,
    expectedSha: SHA,
    idempotencyKey: randomUUID(),
    ...overrides,
  })
  const ask = async (input: DispatchInput, actor: Actor = ada): Promise<ApprovalView> => {
    const answer = await requestDeploy(deps, actor, input)
    if (answer.outcome !== 'approval') throw new Error(`${answer.outcome} instead of an approval`)
    return answer.approval
  }
  return {
    deps,
    github,
    ada,
    grace,
    newSurface,
    requestFor,
    ask,
    /** A surface of its own, and ada's request to ship it. */
    waiting: async (overrides: Partial<DispatchInput> = {}) => {
      const surface = await newSurface()
      const input = requestFor(surface, overrides)
      return { surface, input, approval: await ask(input) }
    },
    /** The dependencies, with a clock that is `minutes` ahead. */
    later: (minutes: number) => ({ ...deps, now: () => new Date(Date.now() + minutes * 60_000) }),
    auditOf: async (surfaceId: string) =>
      (await deps.db.auditEvent.findMany({ where: { surfaceId }, orderBy: { id: 'asc' } })).map(
        ({ action, actor, deployId, payload }) => ({ action, actor, deployId, payload }),
      ),
    deploysOf: (surfaceId: string) => deps.db.deploy.findMany({ where: { surfaceId } }),
    moveRef: (sha: string) => {
      github.script.onCommit = () => ({ status: 200, body: commit(sha) })
    },
    reset: async () => {
      github.requests.length = 0
      github.script.onCommit = () => ({ status: 200, body: commit(SHA) })
      Object.assign(github.script, { onRef, onContents })
      github.script.onDispatch = () => ({ status: 200, body: { workflow_run_id: 4294967296 } })
      await deps.db.freeze.deleteMany()
    },
    close: async () => {
      await console_.close()
      await github.close()
    },
  }
}

export type ApprovalWorld = Awaited<ReturnType<typeof createApprovalWorld>>
