import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Actor } from '~/domain/actor'
import { grantApproval } from '~/server/approvals/grant-approval'
import { dispatchDeploy } from '~/server/deploys/dispatch/dispatch-deploy'
import { requestDeploy } from '~/server/deploys/request/request-deploy'
import type { Database, DatabaseHandle } from '~/server/platform/database'
import { authenticateToken } from '~/server/tokens/authenticate-token'
import { createToken, revokeToken } from '~/server/tokens/manage-tokens'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { commit, SHA, startScriptedGitHub } from '~test/support/scripted-github'
import { insertMember } from '~test/support/token-owners'

// GitHub may take seconds to answer between the request and its record. Rights that are taken away meanwhile count.

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  await insertSurface(console_.deps)
})
beforeEach(() => {
  github.requests.length = 0
  github.script.onCommit = () => ({ status: 200, body: commit(SHA) })
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

/** Makes `change` while GitHub is asked for the commit, and then lets GitHub answer. */
function whileGitHubIsAsked(change: () => Promise<unknown>): void {
  github.script.onCommit = async () => {
    await change()
    return { status: 200, body: commit(SHA) }
  }
}

async function requestFor(environment = 'production', requiresApproval = false) {
  const { id: surfaceId } = await insertSurface(console_.deps, { environment })
  await console_.deps.db.surface.update({ where: { id: surfaceId }, data: { requiresApproval } })
  return { surfaceId, ref: 'main', confirmation: surfaceId, expectedSha: SHA, idempotencyKey: randomUUID() }
}

const newMember = (role: 'deployer' | 'approver' = 'deployer') =>
  insertMember(console_.deps, `${randomUUID()}@example.com`, { role })
const changeMember = ({ userId }: Actor, data: object) => console_.deps.db.member.update({ where: { userId }, data })
const refused = { code: 'permission_refused' }

async function expectNothingShipped(surfaceId: string) {
  expect(github.dispatches()).toEqual([])
  expect(await console_.deps.db.deploy.count({ where: { surfaceId } })).toBe(0)
}

describe('rights that change while GitHub is asked', () => {
  it.each([
    ['is suspended', { suspendedAt: new Date() }],
    ['becomes a viewer', { role: 'viewer' }],
    ['is limited to staging', { allEnvironments: false, environments: ['staging'] }],
  ])(
    'a deploy whose requester %s while GitHub is asked is refused and audited, and nothing ships',
    async (_, change) => {
      const ada = await newMember()
      const input = await requestFor()
      whileGitHubIsAsked(() => changeMember(ada, change))
      await expect(dispatchDeploy(console_.deps, ada, input)).rejects.toMatchObject(refused)
      await expectNothingShipped(input.surfaceId)
      const trail = await console_.deps.db.auditEvent.findMany({ where: { surfaceId: input.surfaceId } })
      expect(trail).toMatchObject([{ action: 'console.deploy.dispatch_rejected', payload: refused }])
    },
  )

  it('a deploy whose token is revoked while GitHub is asked is refused, and nothing ships', async () => {
    const { deps } = console_
    const owner = await newMember()
    const scope = { permissions: ['deploy.dispatch' as const], environments: ['production'], surfaces: null }
    const { secret, token } = await createToken(deps, owner, { label: 'ci', ...scope, expiresInDays: 1 })
    const actor = await authenticateToken(deps, new Headers({ authorization: `Bearer ${secret}` }))
    if (actor === null) throw new Error('the token was not accepted')
    const input = await requestFor()
    whileGitHubIsAsked(() => revokeToken(deps, owner, token.id))
    await expect(dispatchDeploy(deps, actor, input)).rejects.toMatchObject(refused)
    await expectNothingShipped(input.surfaceId)
  })

  it('an override whose requester loses the permission while GitHub is asked is refused', async () => {
    const grace = await newMember('approver')
    const input = { ...(await requestFor()), overrideFreeze: { reason: 'Fixes the outage' } }
    whileGitHubIsAsked(() => changeMember(grace, { role: 'deployer' }))
    await expect(dispatchDeploy(console_.deps, grace, input)).rejects.toMatchObject(refused)
    await expectNothingShipped(input.surfaceId)
  })
})

it.each([
  ['is suspended', { suspendedAt: new Date() }],
  ['becomes a deployer', { role: 'deployer' }],
  ['is limited to staging', { allEnvironments: false, environments: ['staging'] }],
])('an approval whose approver %s while GitHub is asked keeps waiting, and nothing ships', async (_, change) => {
  const [ada, grace] = [await newMember(), await newMember('approver')]
  const input = await requestFor('production', true)
  const asked = await requestDeploy(console_.deps, ada, input)
  if (asked.outcome !== 'approval') throw new Error('the deploy was dispatched without an approval')
  whileGitHubIsAsked(() => changeMember(grace, change))
  await expect(grantApproval(console_.deps, grace, asked.approval.id)).rejects.toMatchObject(refused)
  await expectNothingShipped(input.surfaceId)
  const row = await console_.deps.db.approval.findUnique({ where: { id: asked.approval.id } })
  expect(row).toMatchObject({ state: 'waiting', decidedBy: null })
})

it('a dispatch needs no second connection between checking rights and asking GitHub', async () => {
  const { deps } = console_
  let letGo = () => {}
  const others = new Promise<void>((resolve) => {
    letGo = resolve
  })
  const busy: Promise<void>[] = []
  const db: Database = new Proxy(deps.db, {
    get(target, property) {
      if (property !== '$transaction') return Reflect.get(target, property)
      return (work: (tx: DatabaseHandle) => Promise<unknown>) =>
        target.$transaction((tx) => {
          // All other connections are taken from here until GitHub receives the dispatch.
          for (let n = busy.length; n < 20; n += 1) busy.push(target.$transaction(() => others))
          return work(tx)
        })
    },
  })
  github.script.onDispatch = () => {
    letGo()
    return { status: 204 }
  }
  const input = await requestFor()
  await dispatchDeploy({ ...deps, db }, await newMember(), input)
  expect(github.dispatches()).toHaveLength(1)
  await Promise.all(busy)
})
