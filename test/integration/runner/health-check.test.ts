import { expect, test } from 'vitest'
import { runScript } from './action-script'
import { startServer } from './http-server'

const SHA = 'a'.repeat(40)
const BEFORE = '2026-11-29T00:00:00.000Z'

const check = (url: string, withinSeconds: number) =>
  runScript(
    'health-check/health-check.sh',
    { SURFACE_URL: url, DEPLOY_SHA: SHA, REPLACES: BEFORE, TIMEOUT_SECONDS: String(withinSeconds) },
    { sleep: false },
  )

/** The healthy old server of a commit, replaced after some requests by a new server of the same commit. */
async function surfaceReplacedAfter(requests: number, health: number): Promise<string> {
  let answered = 0
  return startServer(({ url }) => {
    const isNew = answered >= requests
    answered += 1
    if (url === '/health') return { status: isNew ? health : 200, body: {} }
    return { status: 200, body: { version: SHA, deployed_at: isNew ? '2026-11-29T00:05:00.000Z' : BEFORE } }
  })
}

test.each([0, 1, 2, 3])(
  'an unhealthy new server fails the check even if the old server was healthy before request %i',
  async (requests) => {
    const result = await check(await surfaceReplacedAfter(requests, 503), 1)
    expect(result.exitCode).toBe(1)
    expect(result.outputs).toMatch(/^problem=Not healthy with a{7} after 1 s\./)
  },
)

test.each([0, 1, 2, 3])(
  'the check passes if a healthy server of the same commit replaces the old one after %i requests',
  async (n) => {
    const result = await check(await surfaceReplacedAfter(n, 200), 60)
    expect(result).toMatchObject({ exitCode: 0, outputs: `version=${SHA}\n` })
  },
)
