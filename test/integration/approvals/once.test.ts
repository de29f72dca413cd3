import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '~/domain/errors'
import { findApproval } from '~/server/approvals/approvals'
import { refuseApproval, withdrawApproval } from '~/server/approvals/close-approval'
import { grantApproval } from '~/server/approvals/grant-approval'
import { expireApproval } from '~/server/approvals/waiting-approval'
import { reconcileDeploy } from '~/server/deploys/runs/reconcile-deploy'
import type { Deps } from '~/server/deps'
import { connectGitHub } from '~/server/github/client'
import { actorNamed } from '~test/support/actors'
import { insertMember } from '~test/support/members'
import { crashBeforeCommit } from '../properties/crash'
import { type ApprovalWorld, createApprovalWorld } from './approval-world'

const TIMEOUT = 240_000
let world: ApprovalWorld
beforeAll(async () => {
  world = await createApprovalWorld()
})
beforeEach(() => world.reset())
afterAll(() => world.close())

const DECISIONS = ['ada grants', 'grace grants', 'hana grants', 'grace refuses', 'ada withdraws', 'it expires'] as const
type Decision = (typeof DECISIONS)[number]

describe('several decisions at once', () => {
  it(
    'several decisions at once end in one decision, at most one run, and one audit event',
    async () => {
      const hana = await insertMember(world.deps, actorNamed('hana', { role: 'approver' }))
      const decide = async (decision: Decision, id: string): Promise<unknown> => {
        if (decision === 'ada grants') return grantApproval(world.deps, { ...world.ada, role: 'admin' }, id)
        if (decision === 'grace grants') return grantApproval(world.deps, world.grace, id)
        if (decision === 'hana grants') return grantApproval(world.deps, hana, id)
        if (decision === 'ada withdraws') return withdrawApproval(world.deps, world.ada, id)
        if (decision === 'grace refuses') return refuseApproval(world.deps, world.grace, { id, reason: 'No' })
        const row = await findApproval(world.deps.db, id)
        return row === null ? null : expireApproval(world.later(61), row)
      }
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.constantFrom(...DECISIONS), { minLength: 2, maxLength: 12 }),
          async (decisions) => {
            const { surface, approval } = await world.waiting()
            const before = world.github.dispatches().length
            const ends = await Promise.allSettled(decisions.map((decision) => decide(decision, approval.id)))
            for (const end of ends) if (end.status === 'rejected') expect(end.reason).toBeInstanceOf(AppError)

            const { state } = await world.deps.db.approval.findUniqueOrThrow({ where: { id: approval.id } })
            const deploys = await world.deploysOf(surface.id)
            const runs = world.github.dispatches().length - before
            expect([deploys.length, runs]).toEqual(state === 'granted' ? [1, 1] : [0, 0])
            if (state === 'granted') expect(deploys[0]?.approvedBy).not.toBe('ada')
            if (decisions.some((decision) => decision !== 'ada grants')) expect(state).not.toBe('waiting')
            const trail = (await world.auditOf(surface.id)).map(({ action }) => action)
            const decided = trail.filter((action) =>
              /^console\.approval\.(granted|refused|withdrawn|expired)$/.test(action),
            )
            expect(decided).toEqual(state === 'waiting' ? [] : [`console.approval.${state}`])
          },
        ),
        { numRuns: 40 },
      )
    },
    TIMEOUT,
  )

  it('a late decision is told how the request was decided, and by whom', async () => {
    const { approval } = await world.waiting()
    const hana = await insertMember(world.deps, actorNamed('ivan', { role: 'approver' }))
    const ends = await Promise.allSettled(
      [world.grace, hana].map((actor) => grantApproval(world.deps, actor, approval.id)),
    )
    const won = ends.findIndex(({ status }) => status === 'fulfilled')
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const winner = [world.grace, hana][won]?.name ?? ''
    const lost = ends.find((end) => end.status === 'rejected')
    expect(lost?.reason).toMatchObject({
      code: 'approval_over',
      message: expect.stringContaining(`granted by ${winner}`),
      details: { state: 'granted', deploy_id: expect.any(String) },
    })
  })
})

describe('a crash of the server during an approval', () => {
  it('after a crash before the decision is committed, nothing was decided or sent, and the request can be approved again', async () => {
    const { surface, approval } = await world.waiting()
    await expect(grantApproval(crashBeforeCommit(world.deps), world.grace, approval.id)).rejects.toThrow(
      'died before the commit',
    )
    expect(await world.deploysOf(surface.id)).toEqual([])
    expect(world.github.dispatches()).toEqual([])
    expect(await grantApproval(world.deps, world.grace, approval.id)).toMatchObject({ state: 'granted' })
    expect(world.github.dispatches()).toHaveLength(1)
  })

  it('after a crash between the decision and the dispatch, the deploy is kept, is never sent again, and times out', async () => {
    const { surface, approval } = await world.waiting()
    await crashDuringDispatch(world.deps, approval.id)
    const [intent] = await world.deploysOf(surface.id)
    if (intent === undefined) throw new Error('The intent was lost.')
    expect(intent).toMatchObject({ status: 'requested', approvalId: approval.id, approvedBy: 'grace' })
    const again = await grantApproval(world.deps, world.grace, approval.id)
    expect(again).toMatchObject({ state: 'granted', deployId: intent.id })
    const afterTheLimit = world.later(31)
    await reconcileDeploy(afterTheLimit, intent.id)
    expect(await world.deploysOf(surface.id)).toMatchObject([{ status: 'timed_out', shipped: 'unknown' }])
    expect(world.github.dispatches()).toEqual([])
  })
})

/** Grants the approval in a process that stops at its POST to GitHub and never sends it. */
async function crashDuringDispatch(deps: Deps, id: string): Promise<void> {
  const { githubApiUrl: apiUrl, githubCredentials: credentials } = deps.config
  const github = connectGitHub({ apiUrl, credentials }, deps.logger)
  await new Promise<void>((resolve, reject) => {
    github.hook.wrap('request', (request, options) => {
      if (options.method !== 'POST') return request(options)
      resolve()
      return new Promise<never>(() => {})
    })
    grantApproval({ ...deps, github }, world.grace, id).catch(reject)
  })
}
