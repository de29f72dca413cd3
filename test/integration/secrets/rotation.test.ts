import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { createDeps, type Deps } from '~/server/deps'
import { readServerConfig } from '~/server/platform/config'
import { AUTH_SECRET, createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { signedCallback } from '~test/support/signed-callback'

const newSecret = () => `whsec_${randomBytes(32).toString('base64')}`
const OLD = newSecret()
const NEW = newSecret()

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
})
afterAll(() => console_.close())

/** A replica whose environment has these secrets, on the database of the others. */
const replicaWith = (secrets: string): Deps => ({
  ...createDeps(
    readServerConfig({
      DATABASE_URL: console_.deps.config.databaseUrl,
      GITHUB_API_URL: 'http://127.0.0.1:9/api/v3',
      GITHUB_DISPATCH_TOKEN: 'test-token',
      DEPLOY_CALLBACK_HMAC_SECRET: secrets,
      AUTH_SECRET,
      LOG_LEVEL: 'silent',
    }),
  ),
  db: console_.deps.db,
})

/** The status of a callback that a workflow with this secret sends to this replica. */
async function statusOf(replica: Deps, secret: string): Promise<number> {
  const { id } = await insertDeployAt(console_.deps, 'dispatched')
  const answer = await receiveCallback(replica, signedCallback(id, { status: 'building' }, { secret }), id)
  const { status } = await console_.deps.db.deploy.findUniqueOrThrow({ where: { id } })
  expect(status).toBe(answer.status === 200 ? 'building' : 'dispatched')
  return answer.status
}

/** The steps in docs/operations/run.md, with the previous replica still running. */
const steps = [
  { setting: OLD, accepted: [OLD], refused: [NEW] },
  { setting: `${NEW},${OLD}`, accepted: [OLD, NEW], refused: [] },
  { setting: NEW, accepted: [NEW], refused: [OLD] },
]

it('while the callback secret is rotated, both secrets are accepted, and the old one is refused once it is removed', async () => {
  let before: Deps | undefined
  for (const { setting, accepted, refused } of steps) {
    const replica = replicaWith(setting)
    for (const secret of accepted) expect(await statusOf(replica, secret)).toBe(200)
    for (const secret of refused) expect(await statusOf(replica, secret)).toBe(401)
    // The replica that is not restarted yet accepts the secret with which workflows sign at this step.
    if (before !== undefined) expect(await statusOf(before, setting === NEW ? NEW : OLD)).toBe(200)
    before = replica
  }
})
