import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DispatchInput } from '~/domain/deploy/request'
import { dispatchDeploy } from '~/server/deploys/dispatch/dispatch-deploy'
import { actorNamed } from '~test/support/actors'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { insertMember } from '~test/support/members'
import { commit, SHA, startScriptedGitHub } from '~test/support/scripted-github'

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
beforeAll(async () => {
  github = await startScriptedGitHub()
  github.script.onCommit = () => ({ status: 200, body: commit('b'.repeat(40)) })
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  await insertMember(console_.deps, actorNamed('ada'))
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

async function newRequest(overrides: Partial<DispatchInput> = {}): Promise<DispatchInput> {
  const { id, confirm } = await insertSurface(console_.deps)
  return { surfaceId: id, ref: 'main', confirmation: confirm, idempotencyKey: randomUUID(), ...overrides }
}
const dispatch = (input: DispatchInput) => dispatchDeploy(console_.deps, actorNamed('ada'), input)
const rejectionsOf = (surfaceId: string) =>
  console_.deps.db.auditEvent.findMany({
    where: { surfaceId, action: 'console.deploy.dispatch_rejected' },
    select: { actor: true, deployId: true, status: true, payload: true },
  })

describe('refused dispatches in the audit trail', () => {
  it.each([
    ['confirmation_mismatch', { confirmation: 'hunter2-pasted' }, {}],
    ['ref_moved', { expectedSha: SHA }, { expected_sha: SHA, actual_sha: 'b'.repeat(40) }],
  ])('a dispatch refused with %s is audited with its code and details', async (code, overrides, details) => {
    const input = await newRequest(overrides)
    await expect(dispatch(input)).rejects.toMatchObject({ code })
    expect(await rejectionsOf(input.surfaceId)).toEqual([
      { actor: 'ada', deployId: null, status: null, payload: { code, ref: 'main', details } },
    ])
  })

  it('a dispatch to an unknown surface is audited as surface_unknown', async () => {
    await expect(dispatch(await newRequest({ surfaceId: 'nowhere' }))).rejects.toMatchObject({
      code: 'surface_unknown',
    })
    expect(await rejectionsOf('nowhere')).toHaveLength(1)
  })

  it('surface_busy and idempotency_mismatch are audited with the earlier deploy', async () => {
    const input = await newRequest()
    const { id } = await dispatch(input)
    await expect(dispatch({ ...input, idempotencyKey: randomUUID() })).rejects.toMatchObject({ code: 'surface_busy' })
    await expect(dispatch({ ...input, ref: 'other' })).rejects.toMatchObject({ code: 'idempotency_mismatch' })
    expect((await rejectionsOf(input.surfaceId)).map(({ payload }) => payload)).toEqual([
      { code: 'surface_busy', ref: 'main', details: { deploy_id: id } },
      { code: 'idempotency_mismatch', ref: 'other', details: { deploy_id: id } },
    ])
  })
})

it('the typed confirmation is not stored in the audit trail', async () => {
  await expect(dispatch(await newRequest({ confirmation: 'hunter2-pasted' }))).rejects.toThrow()
  const rows = await console_.deps.db.auditEvent.findMany()
  expect(JSON.stringify(rows, (_, value) => (typeof value === 'bigint' ? String(value) : value))).not.toContain(
    'hunter2',
  )
})
