import { afterAll, beforeAll, expect, test } from 'vitest'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { repositorySecret } from '~/server/platform/verify-signature'
import { CALLBACK_SECRET, createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { CLAIMS, startRunTokenIssuer } from '~test/support/run-token-issuer'
import { startServer } from './http-server'
import { notify } from './notify-script'

// Runs notify.sh against the console itself, with each kind of proof.

let issuer: Awaited<ReturnType<typeof startRunTokenIssuer>>
beforeAll(async () => {
  issuer = await startRunTokenIssuer()
})
afterAll(() => issuer.close())

const RUN = '30433642001'

/** A listening console that has a deploy, with the headers that it received. */
async function startConsole(env: Record<string, string> = {}, callbacks: 'shared' | 'repository' | 'oidc' = 'shared') {
  const seen: Headers[] = []
  let own: TestConsole | undefined
  let id = ''
  const url = await startServer(async (request, body) => {
    if (own === undefined) throw new Error('The console has not started yet.')
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

/** The environment that GitHub gives a job that may request a token, and the tokens that were issued. */
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

test('a job with a run token reports with the token, without a secret or openssl, and its run is recorded', async () => {
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

test('the run token and the request token appear in no arguments, environment of another program or output', async () => {
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

test("a repository's own secret is accepted by the repository's name, and the shared secret is refused if it is off", async () => {
  const console_ = await startConsole({ CALLBACK_SHARED_SECRET: 'off' }, 'repository')
  const variables = { CONSOLE_DEPLOY_ID: console_.id, CONSOLE_URL: console_.url, GITHUB_REPOSITORY: CLAIMS.repository }
  const own = await notify({ ...variables, HMAC_SECRET: repositorySecret(CALLBACK_SECRET, CLAIMS.repository) })
  expect(own.output).toContain('Console told: building\n')
  expect(await console_.ways()).toEqual(['repository'])
  const shared = await notify({ ...variables, HMAC_SECRET: CALLBACK_SECRET, DEPLOY_STATUS: 'deploying' })
  expect(shared.output).toContain("The console refused 'deploying' with 401")
  await console_.close()
})

test('a job that gets no run token signs with the secret instead', async () => {
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

test('a run token that the console refuses is replaced by a signature with the secret, under the same webhook-id', async () => {
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

test('a job with neither token nor secret is told what to set', async () => {
  const result = await notify({ CONSOLE_URL: 'http://127.0.0.1:9' })
  expect(result.exitCode).toBe(1)
  expect(result.output.trimEnd()).toBe(
    '::error::Nothing was sent: hmac_secret is empty, and the job may have no token of GitHub. Set the secret DEPLOY_CALLBACK_HMAC_SECRET, or give the job the permission "id-token: write".',
  )
})

test.each([
  ['a byte that is not UTF-8', "$'\\xff'", '\uFFFD'],
  ['an incomplete character', "$'Build \\xf0\\x9f done'", 'Build \uFFFD done'],
  ['more continuation bytes than fit', '"$(printf \'\\200%.0s\' {1..5000})"', '…'],
])('the status arrives if the log line has %s', async (_name, line, arrives) => {
  const console_ = await startConsole()
  const variables = { CONSOLE_DEPLOY_ID: console_.id, CONSOLE_URL: console_.url, HMAC_SECRET: CALLBACK_SECRET }
  const result = await notify(variables, { before: `LOG_LINE=${line}` })
  expect(result.output).toContain('Console told: building\n')
  expect(await console_.stored()).toMatchObject({ status: 'building', logLines: [{ line: arrives }] })
  await console_.close()
})
