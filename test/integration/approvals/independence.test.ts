import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Actor } from '~/domain/actor'
import type { Role } from '~/domain/permissions'
import { grantApproval } from '~/server/approvals/grant-approval'
import { requestDeploy } from '~/server/deploys/request/request-deploy'
import type { Deps } from '~/server/deps'
import { acceptLink } from '~/server/members/manage/accept-link'
import { changeMember, restoreMember, suspendMember } from '~/server/members/manage/change-member'
import { invite, makePasswordLink } from '~/server/members/manage/links'
import { readMember } from '~/server/members/members'
import { PASSWORD } from '~test/support/auth-client'
import { insertMember } from '~test/support/token-owners'
import { type ApprovalWorld, createApprovalWorld } from './approval-world'

let world: ApprovalWorld
/** An admin who asks, and another admin; neither gave the other access. */
let root: Actor
let otherAdmin: Actor
beforeAll(async () => {
  world = await createApprovalWorld()
})
let count = 0
const address = () => `person-${++count}@example.com`
beforeEach(async () => {
  await world.reset()
  root = await insertMember(world.deps, address())
  otherAdmin = await insertMember(world.deps, address())
})
afterAll(() => world.close())

const HOUR = 60
const earlier = (hours: number): Deps => world.later(-hours * HOUR)
const proved = (actor: Actor, { now }: Deps = world.deps): Actor => ({ ...actor, provedAt: now() })

async function actorOf(userId: string): Promise<Actor> {
  const member = await readMember(world.deps.db, userId)
  if (member === null) throw new Error('nobody came in')
  const { email: name, role, environments } = member
  return { ...root, name, userId, role, environments, provedAt: world.deps.now() }
}

const use = (deps: Deps, path: string, name?: string) => {
  const input = { token: path.slice('/invite/'.length), password: PASSWORD, ...(name === undefined ? {} : { name }) }
  return acceptLink(deps, input, { hash: async (password) => password, host: 'localhost:3000' })
}

/** A person who joined with an invitation from `by`. */
async function inviteMember(by: Actor, role: Role, deps: Deps = world.deps): Promise<Actor> {
  const { path } = await invite(deps, proved(by, deps), { email: address(), role, environments: null })
  return actorOf((await use(deps, path, 'Somebody')).userId)
}

async function askedBy(actor: Actor) {
  const surface = await world.newSurface()
  const answer = await requestDeploy(world.deps, actor, world.requestFor(surface))
  if (answer.outcome !== 'approval') throw new Error('it was dispatched without an approval')
  return { surface, id: answer.approval.id }
}
type Asked = Awaited<ReturnType<typeof askedBy>>

async function expectLinked({ surface, id }: Asked, approver: Actor) {
  await expect(grantApproval(world.deps, proved(approver), id)).rejects.toMatchObject({ code: 'approver_linked' })
  expect(world.github.dispatches()).toEqual([])
  expect(await world.deploysOf(surface.id)).toEqual([])
  expect((await world.deps.db.approval.findUniqueOrThrow({ where: { id } })).state).toBe('waiting')
  expect((await world.auditOf(surface.id)).at(-1)).toMatchObject({
    action: 'console.approval.not_granted',
    actor: approver.name,
    payload: { code: 'approver_linked' },
  })
}
const expectGranted = async ({ id }: Asked, approver: Actor) =>
  expect(await grantApproval(world.deps, proved(approver), id)).toMatchObject({ state: 'granted' })

describe('a person to whom the requester gave access', () => {
  it('a person whom the requester invited after the request, or shortly before, cannot approve it', async () => {
    const before = await inviteMember(root, 'approver', earlier(23))
    const asked = await askedBy(root)
    await expectLinked(asked, before)
    await expectLinked(asked, await inviteMember(root, 'approver'))
    await expectGranted(asked, otherAdmin)
  })

  it('a person whose role or environments the requester extended cannot approve the request', async () => {
    const viewer = await insertMember(world.deps, address(), { role: 'viewer' })
    const limited = await insertMember(world.deps, address(), { role: 'approver', environments: ['staging'] })
    const asked = await askedBy(root)
    await changeMember(world.deps, root, { userId: viewer.userId, role: 'approver', environments: null })
    await changeMember(world.deps, root, { userId: limited.userId, role: 'approver', environments: ['production'] })
    await expectLinked(asked, await actorOf(viewer.userId))
    await expectLinked(asked, await actorOf(limited.userId))
  })

  it('a person who used a password link from the requester cannot approve the request', async () => {
    const approver = await insertMember(world.deps, address(), { role: 'approver' })
    const asked = await askedBy(root)
    const { path } = await makePasswordLink(world.deps, root, approver.userId)
    await use(world.deps, path)
    await expectLinked(asked, approver)
  })

  it('a person whose access the requester restored cannot approve the request', async () => {
    const approver = await insertMember(world.deps, address(), { role: 'approver' })
    await suspendMember(world.deps, root, approver.userId)
    await restoreMember(world.deps, root, approver.userId)
    await expectLinked(await askedBy(root), approver)
  })
})

describe('other people who are not independent of the requester', () => {
  it('a person who admitted the requester cannot approve the request', async () => {
    const deployer = await inviteMember(root, 'deployer')
    await expectLinked(await askedBy(deployer), root)
  })

  it('two people admitted by the same person cannot approve each other’s requests', async () => {
    const [deployer, approver] = [await inviteMember(root, 'deployer'), await inviteMember(root, 'approver')]
    await expectLinked(await askedBy(deployer), approver)
  })

  it('a person admitted by someone whom the requester admitted cannot approve the request', async () => {
    const between = await inviteMember(root, 'admin')
    await expectLinked(await askedBy(root), await inviteMember(between, 'approver'))
  })
})

describe('people who are independent of the requester', () => {
  it('a person admitted by another admin can approve the request', async () => {
    await expectGranted(await askedBy(root), await inviteMember(otherAdmin, 'approver'))
  })

  it('a person whom the requester admitted more than a day before can approve the request', async () => {
    await expectGranted(await askedBy(root), await inviteMember(root, 'approver', earlier(25)))
  })

  it("a person whom the machine's operator admitted can approve the request of an admin", async () => {
    const console_ = { ...root, name: 'console', userId: '00000000-0000-0000-0000-000000000000' }
    await expectGranted(await askedBy(root), await inviteMember(console_, 'approver'))
  })

  it('a person whose rights the requester reduced can approve the request', async () => {
    const admin = await insertMember(world.deps, address())
    await changeMember(world.deps, root, { userId: admin.userId, role: 'approver', environments: null })
    await expectGranted(await askedBy(root), await actorOf(admin.userId))
  })

  it('the sandbox does not require a second person who is independent', async () => {
    const { config } = world.deps
    const sandbox = { ...world.deps, config: { ...config, sandboxUrl: 'http://127.0.0.1:3001' } }
    const approver = await inviteMember(root, 'approver')
    const { id } = await askedBy(root)
    expect(await grantApproval(sandbox, proved(approver), id)).toMatchObject({ state: 'granted' })
  })
})
