import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Actor } from '~/domain/actor'
import { openFreeze } from '~/server/freezes/change-freezes'
import { createCaller } from '~/server/trpc/routers/_app'
import { createContextInner } from '~/server/trpc/routers/procedures'
import { actorNamed, OPERATOR } from '~test/support/actors'
import { createTestConsole, insertDeployAt, insertSurface, type TestConsole } from '~test/support/console'
import { restClient } from '~test/support/rest-client'
import { startScriptedGitHub } from '~test/support/scripted-github'
import { signedInAs } from '~test/support/sessions'

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

describe('a deployer limited to staging', () => {
  const dispatchTo = async (environment: string) => {
    const limits = { email: 'sten@example.com', role: 'deployer', environments: ['staging'] } as const
    const rest = restClient(console_.deps, () => signedInAs(console_.deps, limits))
    const { id: surface, confirm: confirmation } = await insertSurface(console_.deps, { environment })
    return rest.call('POST', '/api/internal/deploys', {
      headers: { 'idempotency-key': randomUUID() },
      body: { surface, ref: 'main', confirmation },
    })
  }

  it('a deployer limited to staging can deploy to staging', async () => {
    expect(await dispatchTo('staging')).toMatchObject({ status: 202 })
  })

  it('a deployer limited to staging is refused a deploy to production, and nothing is dispatched or recorded', async () => {
    const dispatched = github.requests.length
    const deploys = await console_.deps.db.deploy.count()
    expect(await dispatchTo('production')).toMatchObject({ status: 403, body: { code: 'permission_refused' } })
    expect(github.requests.slice(dispatched).filter(({ method }) => method === 'POST')).toEqual([])
    expect(await console_.deps.db.deploy.count()).toBe(deploys)
  })
})

describe('an admin limited to staging', () => {
  const stella = actorNamed('stella', { environments: ['staging'] })
  const as = (actor: Actor) => createCaller(createContextInner(console_.deps, actor))
  const refused = { cause: { code: 'permission_refused', details: { environment: 'production' } } }
  const openFreezeOver = (environment: string) =>
    openFreeze(console_.deps, OPERATOR, { environment, reason: 'Release week' })
  const locked = async (environment: string) => {
    const { id: surfaceId } = await insertSurface(console_.deps, { environment })
    await as(OPERATOR).surfaces.lock({ surfaceId, reason: 'Broken' })
    return surfaceId
  }

  afterEach(() => console_.deps.db.freeze.deleteMany())

  it('an admin limited to staging cannot open a freeze of production', async () => {
    const input = { environment: 'production', reason: 'Mine' }
    await expect(as(stella).freezes.open(input)).rejects.toMatchObject(refused)
    expect(await console_.deps.db.freeze.count({ where: { reason: 'Mine' } })).toBe(0)
    await as(stella).freezes.open({ ...input, environment: 'staging' })
  })

  it('an admin limited to staging cannot lift a freeze of production', async () => {
    const { id } = await openFreezeOver('production')
    await expect(as(stella).freezes.lift({ id })).rejects.toMatchObject(refused)
    expect(await console_.deps.db.freeze.findUnique({ where: { id } })).toMatchObject({ liftedAt: null })
    await as(stella).freezes.lift({ id: (await openFreezeOver('staging')).id })
  })

  it('an admin limited to staging cannot lock a production surface', async () => {
    const { id: surfaceId } = await insertSurface(console_.deps, { environment: 'production' })
    await expect(as(stella).surfaces.lock({ surfaceId, reason: 'Mine' })).rejects.toMatchObject(refused)
    expect(await console_.deps.db.freeze.count({ where: { surfaceId } })).toBe(0)
    const { id: other } = await insertSurface(console_.deps, { environment: 'staging' })
    await as(stella).surfaces.lock({ surfaceId: other, reason: 'Mine' })
  })

  it('an admin limited to staging cannot unlock a production surface', async () => {
    const surfaceId = await locked('production')
    await expect(as(stella).surfaces.unlock({ surfaceId })).rejects.toMatchObject(refused)
    expect(await console_.deps.db.freeze.findFirst({ where: { surfaceId } })).toMatchObject({ liftedAt: null })
    await as(stella).surfaces.unlock({ surfaceId: await locked('staging') })
  })

  it('an admin limited to staging cannot cancel a production deploy', async () => {
    const { id } = await insertDeployAt(console_.deps, 'building')
    await expect(as(stella).deploys.cancel({ id })).rejects.toMatchObject(refused)
    expect(await console_.deps.db.deploy.findUnique({ where: { id } })).toMatchObject({ cancelRequestedAt: null })
  })

  it('an admin limited to staging cannot switch a flag for production', async () => {
    const flag = 'FLAG_CONSOLE_DEPLOY_PHASE_CALLBACKS'
    const promotions = () => console_.deps.db.flagPromotion.findMany({ where: { flag, environment: 'production' } })
    const before = await promotions()
    const input = { flag, environment: 'production' } as const
    await expect(as(stella).flags.promote(input)).rejects.toMatchObject(refused)
    await expect(as(stella).flags.demote(input)).rejects.toMatchObject(refused)
    expect(await promotions()).toEqual(before)
    await as(stella).flags.promote({ flag, environment: 'staging' })
  })
})
