import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CALLBACK_STATUSES, hasPosition } from '~/domain/deploy/status'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { dispatchDeploy } from '~/server/deploys/dispatch/dispatch-deploy'
import { answerFreezeCheck } from '~/server/freezes/check-freeze'
import { jobTokenIssuer } from '~/server/github/run-tokens'
import { startServer } from '~test/integration/runner/http-server'
import { call, dispatch, REPO, until, untilEnded } from '~test/integration/sandbox/github-client'
import { type Checkout, createCheckout } from '~test/integration/sandbox/workflow-checkout'
import { OPERATOR } from '~test/support/actors'
import { createTestConsole, insertSurface } from '~test/support/console'
import { insertMember } from '~test/support/members'
import { type RunningSandbox, startSandbox } from '~test/support/start-sandbox'

/** Two jobs that write down the variables for requesting tokens. The second has no permission. */
const tokens = `name: Tokens
on:
  workflow_dispatch:
    inputs:
      dir: { type: string, required: true }
permissions:
  contents: read
jobs:
  may:
    runs-on: ubuntu-latest
    environment: staging
    permissions:
      id-token: write
    steps:
      - env:
          DIR: \${{ inputs.dir }}
        run: |
          env | grep ACTIONS_ID_TOKEN > "$DIR/may.part" && mv "$DIR/may.part" "$DIR/may"
          echo "asks with $ACTIONS_ID_TOKEN_REQUEST_TOKEN"
          until [ -e "$DIR/gate" ]; do sleep 0.1; done
  may-not:
    runs-on: ubuntu-latest
    steps:
      - env:
          DIR: \${{ inputs.dir }}
        run: env | grep ACTIONS_ID_TOKEN > "$DIR/may-not" || echo none > "$DIR/may-not"
`

let checkout: Checkout
let sandbox: RunningSandbox
beforeAll(async () => {
  checkout = createCheckout()
  checkout.write('.github/workflows/tokens.yml', tokens)
  sandbox = await startSandbox({
    consoleUrl: 'http://127.0.0.1:9',
    callbackSecret: 'a secret for the callbacks of tests',
    workflowsDir: checkout.dir,
  })
})
afterAll(async () => {
  await sandbox?.stop()
  checkout?.remove()
})

const read = (file: string) => readFileSync(path.join(checkout.dir, file), 'utf8')
const keysOf = (issuer: string) => createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks`))

describe('the sandbox as an issuer of run tokens', () => {
  test("the issuer describes itself as GitHub does, at the address that the console derives from the API's", async () => {
    const issuer = jobTokenIssuer(sandbox.apiUrl)
    const described = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()
    expect(described).toMatchObject({
      issuer,
      jwks_uri: `${issuer}/.well-known/jwks`,
      response_types_supported: ['id_token'],
      id_token_signing_alg_values_supported: ['RS256'],
      scopes_supported: ['openid'],
    })
    const { keys } = await (await fetch(described.jwks_uri)).json()
    expect(keys).toEqual([
      { kty: 'RSA', alg: 'RS256', use: 'sig', e: 'AQAB', kid: expect.any(String), n: expect.any(String) },
    ])
  })

  test("a job with id-token: write gets tokens with GitHub's claims until it ends, and another job gets none", async () => {
    const run = await dispatch(sandbox, 'tokens.yml', { dir: checkout.dir })
    await until(
      async () => existsSync(path.join(checkout.dir, 'may')),
      (there) => there,
    )
    const { ACTIONS_ID_TOKEN_REQUEST_URL: url = '', ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer } = Object.fromEntries(
      read('may')
        .trim()
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    )
    const ask = (token: string | undefined, query = '&audience=https%3A%2F%2Fconsole.example.com') =>
      fetch(`${url}${query}`, { headers: { authorization: `Bearer ${token}` } })
    const issuer = jobTokenIssuer(sandbox.apiUrl)
    const { value } = await (await ask(bearer)).json()
    const { payload, protectedHeader } = await jwtVerify(value, keysOf(issuer), {
      issuer,
      audience: 'https://console.example.com',
      algorithms: ['RS256'],
    })
    expect(protectedHeader).toMatchObject({ typ: 'JWT', alg: 'RS256' })
    expect(payload).toMatchObject({
      repository: 'acme/platform',
      repository_id: expect.stringMatching(/^\d+$/),
      repository_owner: 'acme',
      run_id: String(run),
      run_attempt: '1',
      event_name: 'workflow_dispatch',
      ref: 'refs/heads/main',
      environment: 'staging',
      workflow_ref: 'acme/platform/.github/workflows/tokens.yml@refs/heads/main',
      job_workflow_ref: 'acme/platform/.github/workflows/tokens.yml@refs/heads/main',
      sub: expect.stringMatching(/^repo:acme@\d+\/platform@\d+:environment:staging$/),
    })
    const { claims_supported } = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()
    expect(Object.keys(payload).toSorted()).toEqual(claims_supported.toSorted())

    const { value: byDefault } = await (await ask(bearer, '')).json()
    expect((await jwtVerify(byDefault, keysOf(issuer))).payload.aud).toBe(`${sandbox.url}/acme`)
    expect((await ask('of-no-job')).status).toBe(401)

    writeFileSync(path.join(checkout.dir, 'gate'), '')
    expect((await untilEnded(sandbox, run)).conclusion).toBe('success')
    expect((await ask(bearer)).status).toBe(401)
    expect(read('may-not')).toBe('none\n')
    const jobs = await call(sandbox, 'GET', `${REPO}/actions/runs/${run}/jobs`)
    const [{ id }] = (jobs.json as { jobs: [{ id: number }] }).jobs
    const redirect = await call(sandbox, 'GET', `${REPO}/actions/jobs/${id}/logs`)
    const log = await (await fetch(redirect.headers.get('location') ?? '')).text()
    expect(log).toContain('asks with ***')
  })

  test('the issuer keeps its key over restarts', async () => {
    const options = { consoleUrl: 'http://127.0.0.1:9', callbackSecret: 'a secret for the callbacks of tests' }
    const dir = path.join(checkout.dir, 'state')
    const keys: string[] = []
    for (let start = 0; start < 2; start += 1) {
      const own = await startSandbox({ ...options, workflowsDir: checkout.dir, dir })
      keys.push(await (await fetch(`${jobTokenIssuer(own.apiUrl)}/.well-known/jwks`)).text())
      await own.stop()
    }
    expect(keys[1]).toBe(keys[0])
  })
})

test("a deploy by this repository's own workflow reports and checks freezes with run tokens alone", async () => {
  let answer: ((request: Request) => Promise<Response>) | undefined
  const url = await startServer(async (request, body) => {
    const headers = new Headers(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    const method = request.method ?? 'GET'
    const sent = new Request(`${url}${request.url}`, {
      method,
      headers,
      ...(method === 'GET' ? {} : { body: new Uint8Array(body) }),
    })
    const response = await answer?.(sent)
    return {
      status: response?.status ?? 500,
      body: await response?.json(),
      headers: Object.fromEntries(response?.headers ?? []),
    }
  })
  // The workflows of this sandbox have no secret of this console.
  const callbackSecret = `whsec_${randomBytes(32).toString('base64')}`
  const github = await startSandbox({ consoleUrl: url, callbackSecret })
  const { deps, close } = await createTestConsole({
    githubApiUrl: github.apiUrl,
    env: { GITHUB_DISPATCH_TOKEN: github.token, CONSOLE_URL: url },
  })
  try {
    answer = (request) => {
      const id = /deploys\/([^/]+)\/status$/.exec(new URL(request.url).pathname)?.[1]
      return id === undefined ? answerFreezeCheck(deps, request) : receiveCallback(deps, request, id)
    }
    await insertMember(deps, OPERATOR)
    await insertSurface(deps, { id: 'console' })
    await deps.db.surface.update({ where: { id: 'console' }, data: { callbacks: 'oidc' } })
    const request = { surfaceId: 'console', ref: 'main', confirmation: 'console', idempotencyKey: randomUUID() }
    const { id, runId } = await dispatchDeploy(deps, OPERATOR, request)
    expect((await untilEnded(github, Number(runId))).conclusion).toBe('success')
    const reports = await deps.db.auditEvent.findMany({
      where: { deployId: id, action: { contains: 'callback' } },
      orderBy: { id: 'asc' },
    })
    expect(reports.map(({ action, status }) => `${action} ${status}`)).toEqual(
      CALLBACK_STATUSES.filter(hasPosition).map((status) => `console.deploy.callback ${status}`),
    )
    for (const { payload } of reports) expect(payload).toMatchObject({ way: 'oidc', run_id: runId })
  } finally {
    await close()
    await github.stop()
  }
})
