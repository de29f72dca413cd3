import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dispatchDeploy } from '~/server/deploys/dispatch/dispatch-deploy'
import { actorNamed } from '~test/support/actors'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { insertMember } from '~test/support/members'
import { startScriptedGitHub } from '~test/support/scripted-github'

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  await insertMember(console_.deps, actorNamed('ada'))
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

const provedAgo = (minutes: number) => actorNamed('ada', { provedAt: new Date(Date.now() - minutes * 60_000) })
const request = async (environment: string) => {
  const { id, confirm } = await insertSurface(console_.deps, { environment })
  return { surfaceId: id, ref: 'main', confirmation: confirm, idempotencyKey: randomUUID() }
}

describe('deploying with a proof older than 15 minutes', () => {
  it('a production deploy with an old proof is refused and audited, and dispatched under the same key after a fresh proof', async () => {
    const input = await request('production')
    const before = github.dispatches().length
    await expect(dispatchDeploy(console_.deps, provedAgo(16), input)).rejects.toMatchObject({ code: 'proof_stale' })
    expect(github.dispatches()).toHaveLength(before)
    expect(await console_.deps.db.deploy.count({ where: { surfaceId: input.surfaceId } })).toBe(0)
    expect(await console_.deps.db.auditEvent.findMany({ where: { surfaceId: input.surfaceId } })).toMatchObject([
      { action: 'console.deploy.dispatch_rejected', actor: 'ada', payload: { code: 'proof_stale' } },
    ])
    expect(await dispatchDeploy(console_.deps, provedAgo(1), input)).toMatchObject({ status: 'dispatched' })
  })

  it('a staging deploy needs no fresh proof, unless it overrides a freeze', async () => {
    expect(await dispatchDeploy(console_.deps, provedAgo(16), await request('staging'))).toMatchObject({
      status: 'dispatched',
    })
    const override = { ...(await request('staging')), overrideFreeze: { reason: 'Fixes the outage' } }
    await expect(dispatchDeploy(console_.deps, provedAgo(16), override)).rejects.toMatchObject({ code: 'proof_stale' })
  })

  it('a repeated request gets its deploy without a fresh proof', async () => {
    const input = await request('production')
    const { id } = await dispatchDeploy(console_.deps, provedAgo(1), input)
    expect(await dispatchDeploy(console_.deps, provedAgo(16), input)).toMatchObject({ id })
  })

  it('a deploy with a token needs no fresh proof', async () => {
    const token = actorNamed('token:ci', { via: 'token', provedAt: null, permissions: ['deploy.dispatch'] })
    await insertMember(console_.deps, token)
    expect(await dispatchDeploy(console_.deps, token, await request('production'))).toMatchObject({
      status: 'dispatched',
    })
  })
})
