import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findSession } from '~/server/auth/sessions/sessions'
import { insertDeploy, type NewDeploy } from '~/server/deploys/admit/insert-deploy'
import { readRequest } from '~/server/deploys/admit/read-request'
import { freezesInForce } from '~/server/freezes/freezes-in-force'
import { readMember } from '~/server/members/members'
import type { SurfaceDeclaration } from '~/server/surfaces/declare/declarations'
import { findToken, findTokenByDigest, insertToken } from '~/server/tokens/api-tokens'
import { actorNamed, OPERATOR } from '~test/support/actors'
import {
  createTestConsole,
  declarationOf,
  insertDeployAt,
  insertSurface,
  type TestConsole,
} from '~test/support/console'
import { insertMember } from '~test/support/members'

// Rows as the functions read and write them, with a different value in every column.

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
  await insertMember(console_.deps, OPERATOR)
})
afterAll(() => console_.close())

describe('inserting a deploy', () => {
  async function newDeploy(overrides: Partial<NewDeploy> = {}): Promise<NewDeploy> {
    const { id: surfaceId } = await insertSurface(console_.deps)
    const declared = { environment: 'environment', repository: 'repository', workflow: 'workflow' }
    await console_.deps.db.surface.update({
      where: { id: surfaceId },
      data: { ...declared, callbacks: 'oidc', repositoryId: 9007199254740993n },
    })
    return {
      id: console_.deps.newId(),
      surfaceId,
      ...declared,
      ref: 'ref',
      onMoved: null,
      workflowRef: 'workflowRef',
      sha: 'sha',
      reason: 'reason',
      requestedBy: 'token:ci',
      requestedByUserId: randomUUID(),
      idempotencyKey: randomUUID(),
      requestDigest: 'digest',
      phaseCallbacks: true,
      inputs: { version: 'v1' },
      checklist: [],
      kind: 'promotion',
      sourceId: 'source',
      ...overrides,
    }
  }

  const inserted = async (deploy: NewDeploy, at: Date, declaration?: string) => {
    const checked = declaration ?? (await declarationOf(console_.deps, deploy.surfaceId))
    return console_.deps.db.$transaction((tx) => insertDeploy(tx, deploy, { at, declaration: checked }))
  }

  const OTHER = {
    name: 'Other',
    environment: 'staging',
    repository: 'acme/other',
    workflow: 'other.yml',
    service: 'other',
    ref: 'release',
    url: 'https://other.example.com',
    healthUrl: 'https://other.example.com/health',
    confirm: 'other',
    timeoutMinutes: 31,
    requiresApproval: true,
    approvalMinutes: 61,
    callbacks: 'repository',
    repositoryId: 9007199254740995n,
    dispatchInputs: { version: `\${sha}` },
    dispatchAsk: ['region'],
    onMoved: 'cancel',
    githubEnvironment: 'live',
    phaseJobs: { deploy: ['ship'] },
    probeSeconds: 121,
    rollbackMode: 'auto',
    watchMinutes: 11,
    paths: ['services/api/**'],
    checklist: ['Ask support'],
    versionSource: { url: null, in: 'header', at: 'x-version', is: 'ref' },
    archivedAt: new Date(),
  } as const satisfies Record<Exclude<keyof SurfaceDeclaration | 'archivedAt', 'id' | 'position'>, unknown>

  it.each(Object.entries(OTHER))(
    'a deploy is refused when surfaces.yaml changed %s of its surface since it was checked',
    async (key, value) => {
      const { deps } = console_
      const deploy = await newDeploy()
      const declaration = await declarationOf(deps, deploy.surfaceId)
      await deps.db.surface.update({ where: { id: deploy.surfaceId }, data: { [key]: value } })
      await expect(inserted(deploy, deps.now(), declaration)).rejects.toMatchObject({ code: 'surface_changed' })
      expect(await deps.db.deploy.count({ where: { id: deploy.id } })).toBe(0)
    },
  )

  it('a deploy is refused when its declaration changes while it is inserted', async () => {
    const { deps } = console_
    const deploy = await newDeploy()
    const declaration = await declarationOf(deps, deploy.surfaceId)
    // Another connection changes the declaration after it was read, and before the surface is updated.
    const change = () =>
      deps.db.surface.update({ where: { id: deploy.surfaceId }, data: { healthUrl: OTHER.healthUrl } })
    const inserting = deps.db.$transaction((tx) => {
      const create: typeof tx.deploy.create = (args) => change().then(() => tx.deploy.create(args)) as never
      const raced = new Proxy(tx, {
        get: (target, key) => (key === 'deploy' ? { create } : Reflect.get(target, key)),
      })
      return insertDeploy(raced, deploy, { at: deps.now(), declaration })
    })
    await expect(inserting).rejects.toMatchObject({ code: 'surface_changed' })
  })

  it("an inserted deploy has every value in its column, is the surface's newest deploy, and is audited", async () => {
    const { db } = console_.deps
    const override = { overrideReason: 'overrideReason', overriddenFreezeIds: [randomUUID(), randomUUID()] }
    const deploy = await newDeploy(override)
    const at = new Date('2026-11-21T12:34:56.789Z')
    await inserted(deploy, at)
    const found = await db.deploy.findUniqueOrThrow({ where: { id: deploy.id } })
    expect(found).toMatchObject({ ...deploy, status: 'requested', requestedAt: at, lastEventAt: at, finishedAt: null })
    expect([found.approvalId, found.approvedBy, found.githubRunId, found.logCount]).toEqual([null, null, null, 0])
    // The deploy keeps who may report as the surface declares it now, so the history stays true when the file changes.
    expect([found.callbacks, found.repositoryId]).toEqual(['oidc', 9007199254740993n])
    const surface = await db.surface.findUniqueOrThrow({ where: { id: deploy.surfaceId } })
    expect(surface.lastDeployId).toBe(deploy.id)
    const { ref, sha, environment, reason, requestedByUserId: user_id } = deploy
    expect(await db.auditEvent.findMany({ where: { deployId: deploy.id }, omit: { id: true } })).toEqual([
      {
        at,
        actor: 'token:ci',
        action: 'console.deploy.requested',
        deployId: deploy.id,
        surfaceId: deploy.surfaceId,
        status: 'requested',
        payload: { ref, sha, environment, reason, user_id },
      },
    ])
  })

  it('an inserted deploy has null for every value that was not given', async () => {
    const none = { reason: null, sourceId: null, kind: 'deploy' } as const
    const deploy = await newDeploy(none)
    await inserted(deploy, new Date())
    const found = await console_.deps.db.deploy.findUniqueOrThrow({ where: { id: deploy.id } })
    expect(found).toMatchObject({ ...deploy, overrideReason: null, overriddenFreezeIds: [] })
  })
})

it('a request is read with its deploy and its surface, and whether it has an approval', async () => {
  const { db } = console_.deps
  const { id, surface } = await insertDeployAt(console_.deps, 'dispatched', { githubRunId: 9007199254740993n })
  const { name, environment, repository, workflow, service, ref, confirm } = surface
  const dispatch = { dispatchInputs: null, dispatchAsk: [], onMoved: null, checklist: [] }
  const declared = { id: surface.id, name, environment, repository, workflow, service, ref, confirm, ...dispatch }
  const request = { surfaceId: surface.id, requestedBy: 'operator', idempotencyKey: id }
  const deploy = { id, status: 'dispatched', githubRunId: 9007199254740993n, requestDigest: 'digest' }
  expect(await readRequest(db, request)).toEqual({
    hasApproval: false,
    isQueued: false,
    deploy,
    surface: {
      ...declared,
      declaration: await declarationOf(console_.deps, surface.id),
      requiresApproval: false,
      approvalMinutes: 60,
      archived: false,
      deployFreeze: null,
    },
  })
  await db.surface.update({
    where: { id: surface.id },
    data: { requiresApproval: true, approvalMinutes: 61, archivedAt: new Date() },
  })
  expect(await readRequest(db, { ...request, idempotencyKey: 'another' })).toEqual({
    hasApproval: false,
    isQueued: false,
    deploy: null,
    surface: {
      ...declared,
      declaration: await declarationOf(console_.deps, surface.id),
      requiresApproval: true,
      approvalMinutes: 61,
      archived: true,
      deployFreeze: null,
    },
  })
  expect(await readRequest(db, { ...request, requestedBy: 'another', surfaceId: 'nowhere' })).toEqual({
    hasApproval: false,
    isQueued: false,
    deploy: null,
    surface: null,
  })
})

it('the freezes in force are those of the environment and the lock of the surface, from their start to their end', async () => {
  const { db, newId } = console_.deps
  const [one, other] = [
    await insertSurface(console_.deps, { environment: 'staging' }),
    await insertSurface(console_.deps),
  ]
  const now = new Date('2026-11-21T12:00:00.000Z')
  const minutes = (count: number) => new Date(now.getTime() + count * 60_000)
  const open = async (facts: {
    kind?: string
    environment?: string
    surfaceId?: string
    startsAt?: Date
    endsAt?: Date
    liftedAt?: Date
  }) => {
    const id = newId()
    const { liftedAt = null, startsAt = minutes(-5), ...rest } = facts
    const lifted = { liftedAt, liftedBy: liftedAt === null ? null : 'ada' }
    await db.freeze.create({
      data: { id, reason: id, createdBy: 'ada', createdAt: minutes(-9), startsAt, ...rest, ...lifted },
    })
    return id
  }
  const staging = { environment: 'staging' }
  const window = await open({ ...staging, endsAt: minutes(1) })
  const lock = await open({ kind: 'lock', surfaceId: one.id, startsAt: now })
  await open({ environment: 'production' })
  await open({ surfaceId: other.id })
  await open({ ...staging, startsAt: minutes(1) })
  await open({ ...staging, endsAt: now })
  await open({ ...staging, liftedAt: minutes(-1) })
  const author = { byUserId: null, declaredAt: minutes(-9) }
  expect(await freezesInForce(db, one, now)).toEqual([
    {
      id: window,
      kind: 'frozen',
      reason: window,
      until: minutes(1).toISOString(),
      since: minutes(-5).toISOString(),
      by: 'ada',
      ...author,
    },
    { id: lock, kind: 'locked', reason: lock, until: null, since: now.toISOString(), by: 'ada', ...author },
  ])
})

it('a session is found by its token, with its member, and not without a member', async () => {
  const { db } = console_.deps
  const { userId } = await insertMember(
    console_.deps,
    actorNamed('sess', { role: 'deployer', environments: ['staging'] }),
  )
  await db.member.update({ where: { userId }, data: { suspendedAt: new Date(7), addedBy: 'ada' } })
  const times = { expiresAt: new Date(4), provedAt: new Date(5), activeAt: new Date(6) }
  const { id } = await db.session.create({ data: { id: randomUUID(), token: 'the-token', userId, ...times } })
  expect(await findSession(db, 'the-token')).toEqual({
    sessionId: id,
    ...times,
    member: await readMember(db, userId),
  })
  expect(await findSession(db, 'another')).toBeNull()
  await db.member.delete({ where: { userId } })
  expect(await findSession(db, 'the-token')).toBeNull()
})

it('a token is found by its digest and by its id, and not by the id together with another owner', async () => {
  const { db, newId, now } = console_.deps
  const scope = { permissions: ['deploy.dispatch'], environments: ['staging'], allSurfaces: false, surfaces: ['docs'] }
  const digest = 'd'.repeat(64)
  const token = { id: newId(), label: 'ci', digest, shown: 'dc_…', userId: OPERATOR.userId, ...scope }
  const inserted = await insertToken(db, { ...token, createdAt: now(), expiresAt: new Date(now().getTime() + 60_000) })
  expect(inserted.user.member).toMatchObject({ role: 'admin', suspendedAt: null })
  expect(await findTokenByDigest(db, digest)).toEqual(inserted)
  expect(await findToken(db, token.id, null)).toEqual(inserted)
  expect(await findToken(db, token.id, OPERATOR.userId)).toEqual(inserted)
  expect(await findToken(db, token.id, newId())).toBeNull()
  expect(await findTokenByDigest(db, 'e'.repeat(64))).toBeNull()

  const over = { revokedAt: new Date('2026-11-21T12:00:00.001Z'), revokedBy: 'ada', lastUsedAt: new Date(1) }
  const suspendedAt = new Date('2026-11-21T12:00:00.002Z')
  await db.apiToken.update({ where: { id: token.id }, data: over })
  await db.member.update({ where: { userId: OPERATOR.userId }, data: { suspendedAt } })
  const found = await findTokenByDigest(db, digest)
  expect(found).toMatchObject({ ...over, user: { member: { suspendedAt } } })
  await db.member.delete({ where: { userId: OPERATOR.userId } })
  expect((await findTokenByDigest(db, digest))?.user.member).toBeNull()
})
