import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BuiltServer, startBuiltServer } from '~test/support/built-server'
import { createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { signedCallback } from '~test/support/signed-callback'

const newSecret = () => `whsec_${randomBytes(32).toString('base64')}`
const OLD = newSecret()
const NEW = newSecret()

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
})
afterAll(() => console_.close())

const startServer = (secrets: string) =>
  startBuiltServer({
    DATABASE_URL: console_.deps.config.databaseUrl,
    GITHUB_API_URL: 'http://127.0.0.1:9/api/v3',
    GITHUB_DISPATCH_TOKEN: 'test-token',
    DEPLOY_CALLBACK_HMAC_SECRET: secrets,
    IN_PROCESS_WORKER: 'off',
  })

/** The status of a callback that a workflow with this secret sends to this server. */
async function statusOf(server: BuiltServer, secret: string): Promise<number> {
  const { id } = await insertDeployAt(console_.deps, 'dispatched')
  const { headers, body } = signedCallback(id, { status: 'building' }, { secret })
  const request = { method: 'POST', headers, body: await new Response(body).text() }
  const answer = await fetch(`${server.url}/api/internal/deploys/${id}/status`, request)
  await answer.body?.cancel()
  const { status } = await console_.deps.db.deploy.findUniqueOrThrow({ where: { id } })
  expect(status).toBe(answer.status === 200 ? 'building' : 'dispatched')
  return answer.status
}

/** The steps in docs/operations/run.md, with the previous replica still running. */
describe('rotating the callback secret', () => {
  const steps = [
    { setting: OLD, accepted: [OLD], refused: [NEW] },
    { setting: `${NEW},${OLD}`, accepted: [OLD, NEW], refused: [] },
    { setting: NEW, accepted: [NEW], refused: [OLD] },
  ]
  it('both secrets are accepted during the rotation, and the old one is refused once it is removed', {
    timeout: 180_000,
  }, async () => {
    let before: BuiltServer | undefined
    for (const { setting, accepted, refused } of steps) {
      const server = await startServer(setting)
      try {
        for (const secret of accepted) expect(await statusOf(server, secret)).toBe(200)
        for (const secret of refused) expect(await statusOf(server, secret)).toBe(401)
        // The replica that is not restarted yet accepts the secret with which workflows sign at this step.
        if (before !== undefined) expect(await statusOf(before, setting === NEW ? NEW : OLD)).toBe(200)
      } finally {
        await before?.stop()
        before = server
      }
    }
    await before?.stop()
  })
})
