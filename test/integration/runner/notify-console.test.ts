import { afterAll, beforeAll, expect, test } from 'vitest'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { repositorySecret } from '~/server/platform/verify-signature'
import { CALLBACK_SECRET, createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { CLAIMS, startRunTokenIssuer } from '~test/support/run-token-issuer'
import { startServer } from './http-server'
import { notify } from './notify-script'

// notify.sh against the console itself, for each way to prove who sends.

let issuer: Awaited<ReturnType<typeof startRunTokenIssuer>>
beforeAll(async () => {
  issuer = await startRunTokenIssuer()
})
afterAll(() => issuer.close())

const RUN = '30433642001'

/** A console that listens, knows itself by the address it has, and has a deploy. Its headers are noted. */
async function startConsole(env: Record<string, string> = {}, callbacks: 'shared' | 'repository' | 'oidc' = 'shared') {
  const seen: Headers[] = []
  let own: TestConsole | undefined
  let id = ''
  const url = await startServer(async (request, body) => {
    if (own === undefined) throw new Error('The console is not there yet.')
    const headers = new Headers(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    seen.push(headers)
    const response = await receiveCallback(
      own.deps,
      new Request(url, { method: 'POST', headers, body: new Uint8Array(body) }),
      id,
    )
    return { status: response.status, body: await response.json(), headers: Object.fromEntries(response.headers) }
  })
  own = await createTestConsole({ githubApiUrl: issuer.apiUrl, env: { CONSOLE_URL: url, ...env } })
  const { deps, close } = own
  id = (await insertDeployAt(deps, 'dispatched', { callbacks })).id
  const stored = () => deps.db.deploy.findUniqueOrThrow({ where: { id }, include: { logLines: true } })
  const ways = async () =>
    (await deps.db.auditEvent.findMany({ where: { deployId: id, action: { contains: 'callback' } } })).map(
      ({ payload }) => (typeof payload === 'object' && payload !== null ? Reflect.get(payload, 'way') : null),
    )
  return { url, id, seen, stored, ways, close }
}

/** What GitHub gives the environment of a job that may have a token, and the tokens it has given out. */
async function tokenService(claims: Record<string, string> = {}) {
  const given: string[] = []
  const audiences: (string | null)[] = []
  const url = await startServer(async (request) => {
    if (request.headers.authorization !== 'Bearer request-token-of-the-job') return { status: 401, body: {} }
    const audience = new URL(String(request.url), 'http://x').searchParams.get('audience')
    audiences.push(audience)
    const value = await issuer.mint({ audience: audience ?? '', claims: { run_id: RUN, run_attempt: '2', ...claims } })
    given.push(value)
    return { status: 200, body: { count: 1, value } }
  })
  const environment = {
    ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/idtoken?api-version=2.0`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'request-token-of-the-job',
  }
  return { environment, given, audiences }
}

test('a job that may have a token reports with it, without any secret or openssl, and the run is on record', async () => {
  const console_ = await startConsole({}, 'oidc')
  const { environment, audiences } = await tokenService()
  const variables = { CONSOLE_DEPLOY_ID: console_.id, CONSOLE_URL: `${console_.url}/`, ...environment }
  const result = await notify(variables, { without: 'openssl' })
  expect(result.output).toContain('Console told: building\n')
  expect(await console_.stored()).toMatchObject({ status: 'building', githubRunId: BigInt(RUN), githubRunAttempt: 2 })
  expect(audiences).toEqual([console_.url])
  expect(console_.seen[0]?.has('webhook-signature')).toBe(false)
  expect(await console_.ways()).toEqual(['oidc'])
  await console_.close()
})

test('neither token, nor what it is asked for with, is in arguments, the environment of a child or the output', async () => {
  const console_ = await startConsole()
  const { environment, given } = await tokenService()
  const result = await notify({ CONSOLE_DEPLOY_ID: console_.id, CONSOLE_URL: console_.url, ...environment })
  expect(result.exitCode, result.output).toBe(0)
  expect(given).toHaveLength(1)
  for (const text of [result.calls, result.environments, result.output]) {
    for (const secret of [...given, 'request-token-of-the-job']) expect(text).not.toContain(secret)
  }
  await console_.close()
})

test('a repository’s own secret is told from the shared one by the name that goes with it', async () => {
  const console_ = await startConsole({ CALLBACK_SHARED_SECRET: 'off' }, 'repository')
  const variables = { CONSOLE_DEPLOY_ID: console_.id, CONSOLE_URL: console_.url, GITHUB_REPOSITORY: CLAIMS.repository }
  const own = await notify({ ...variables, HMAC_SECRET: repositorySecret(CALLBACK_SECRET, CLAIMS.repository) })
  expect(own.output).toContain('Console told: building\n')
  expect(await console_.ways()).toEqual(['repository'])
  const shared = await notify({ ...variables, HMAC_SECRET: CALLBACK_SECRET, DEPLOY_STATUS: 'deploying' })
  expect(shared.output).toContain("The console refused 'deploying' with 401")
  await console_.close()
})

test('where GitHub gives no token, the secret signs instead', async () => {
  const console_ = await startConsole()
  const { environment } = await tokenService()
  const variables = { CONSOLE_DEPLOY_ID: console_.id, CONSOLE_URL: console_.url, ...environment }
  const denied = { ...variables, ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'of-another-job' }
  const without = await notify(denied, { sleep: false })
  expect(without).toMatchObject({ exitCode: 1, output: expect.stringContaining('GitHub gave no token for this job') })
  const signed = await notify({ ...denied, HMAC_SECRET: CALLBACK_SECRET }, { sleep: false })
  expect(signed.output).toContain('signing with hmac_secret instead')
  expect(signed.output).toContain('Console told: building\n')
  expect(await console_.ways()).toEqual(['shared'])
  await console_.close()
})

test('where the console does not accept the token (it is for another address), the secret signs under the same id', async () => {
  const console_ = await startConsole({ CONSOLE_URL: 'https://console.example.com' })
  const { environment } = await tokenService()
  const variables = { CONSOLE_DEPLOY_ID: console_.id, CONSOLE_URL: console_.url, ...environment }
  expect((await notify(variables)).output).toContain("The console refused 'building' with 401")
  const both = await notify({ ...variables, HMAC_SECRET: CALLBACK_SECRET })
  expect(both.output).toContain('CONSOLE_INTERNAL_URL has to be the CONSOLE_URL of the console')
  expect(both.output).toContain('Console told: building\n')
  const [, token, signed] = console_.seen
  expect(signed?.get('webhook-id')).toBe(token?.get('webhook-id'))
  await console_.close()
})

test('with neither token nor secret it says what to do', async () => {
  const result = await notify({ CONSOLE_URL: 'http://127.0.0.1:9' })
  expect(result.exitCode).toBe(1)
  expect(result.output.trimEnd()).toBe(
    '::error::Nothing was sent: hmac_secret is empty, and the job may have no token of GitHub. Set the secret DEPLOY_CALLBACK_HMAC_SECRET, or give the job the permission "id-token: write".',
  )
})

test.each([
  ['a byte that is no UTF-8', "$'\\xff'", '\uFFFD'],
  ['half a character', "$'Build \\xf0\\x9f done'", 'Build \uFFFD done'],
  ['nothing but continuation bytes, more than fit', '"$(printf \'\\200%.0s\' {1..5000})"', '…'],
])('%s in the log line never costs the status', async (_name, line, arrives) => {
  const console_ = await startConsole()
  const variables = { CONSOLE_DEPLOY_ID: console_.id, CONSOLE_URL: console_.url, HMAC_SECRET: CALLBACK_SECRET }
  const result = await notify(variables, { before: `LOG_LINE=${line}` })
  expect(result.output).toContain('Console told: building\n')
  expect(await console_.stored()).toMatchObject({ status: 'building', logLines: [{ line: arrives }] })
  await console_.close()
})
