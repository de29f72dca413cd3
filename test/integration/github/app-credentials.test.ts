import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pino from 'pino'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { connectGitHub } from '~/server/github/client'
import { dispatchWorkflow } from '~/server/github/dispatch-workflow'
import { readServerConfig } from '~/server/platform/config'
import { startAppGitHub } from '~test/support/app-github'
import { createTestDatabase } from '~test/support/database'
import { launchProduct } from '~test/support/start-product'

const keys = () => generateKeyPairSync('rsa', { modulusLength: 2048 })
const own = keys()
const pem = own.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()

let github: Awaited<ReturnType<typeof startAppGitHub>>
beforeAll(async () => {
  github = await startAppGitHub({ appId: '1234', installationId: '99', publicKey: own.publicKey })
})
afterEach(() => {
  vi.useRealTimers()
  github.issued.length = 0
  github.dispatchedWith.length = 0
  github.state.runs = 0
  github.state.unknownFor = 0
})
afterAll(() => github.close())

const appEnvironment = (overrides: Record<string, string> = {}) => ({
  GITHUB_API_URL: github.apiUrl,
  GITHUB_APP_ID: '1234',
  GITHUB_APP_INSTALLATION_ID: '99',
  GITHUB_APP_PRIVATE_KEY: pem,
  DEPLOY_CALLBACK_HMAC_SECRET: 'x'.repeat(32),
  AUTH_SECRET: 'x'.repeat(32),
  ...overrides,
})

/** A client made from configuration alone, and everything that it logs. */
function client(overrides: Record<string, string> = {}) {
  const lines: string[] = []
  const logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) })
  const config = readServerConfig({ DATABASE_URL: 'postgresql://db', ...appEnvironment(overrides) })
  const gitHub = connectGitHub({ apiUrl: config.githubApiUrl, credentials: config.githubCredentials }, logger)
  const dispatch = async () => {
    const outcome = await dispatchWorkflow(gitHub, {
      repository: 'acme/platform',
      workflow: 'deploy-console.yml',
      ref: 'main',
      inputs: {},
    })
    logger.warn({ outcome }, 'dispatched')
    return outcome
  }
  return { dispatch, log: () => lines.join('') }
}

describe('a GitHub App in place of a token', () => {
  it('an App gets an installation token with its signed token, and dispatches with the installation token', async () => {
    const { dispatch } = client()
    expect(await dispatch()).toMatchObject({ kind: 'accepted', runId: 4294967297n })
    expect(github.issued).toHaveLength(1)
    expect(github.dispatchedWith).toEqual(['token ghs_token_number_1'])
  })

  it('an installation token is kept for its hour, and replaced afterwards', async () => {
    const { dispatch } = client()
    await dispatch()
    await dispatch()
    expect(github.issued).toHaveLength(1)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61 * 60_000 })
    expect(await dispatch()).toMatchObject({ kind: 'accepted' })
    expect(github.dispatchedWith).toEqual([1, 1, 2].map((number) => `token ghs_token_number_${number}`))
  })

  it('a dispatch refused with 401 because the token was too new is sent again, and starts one run', async () => {
    github.state.unknownFor = 1
    expect(await client().dispatch()).toMatchObject({ kind: 'accepted' })
    expect(github.dispatchedWith).toEqual(['token ghs_token_number_1', 'token ghs_token_number_1'])
    expect(github.state.runs).toBe(1)
  })

  it('an installation token that GitHub no longer accepts is replaced, and the dispatch is sent once more', async () => {
    const { dispatch } = client()
    await dispatch()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 6_000 })
    github.issued.push('ghs_token_revoked_meanwhile')
    expect(await dispatch()).toMatchObject({ kind: 'accepted' })
    expect(github.dispatchedWith.at(-1)).toBe('token ghs_token_number_3')
    expect(github.state.runs).toBe(2)
  })

  it.each([
    ['new', 0],
    ['older', 6_000],
  ])(
    'a dispatch is sent at most twice if GitHub refuses every token, when the first token is %s',
    async (_, age) => {
      const { dispatch } = client()
      await dispatch()
      github.dispatchedWith.length = 0
      github.state.unknownFor = Number.POSITIVE_INFINITY
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + age })
      const reason = expect.stringMatching(/does not accept the console’s credentials.*Nothing was started\./)
      expect(await dispatch()).toEqual({ kind: 'refused', httpStatus: 401, reason })
      expect(github.dispatchedWith).toHaveLength(2)
      expect(github.state.runs).toBe(1)
    },
    30_000,
  )

  it.each([
    ['another key', { GITHUB_APP_PRIVATE_KEY: keys().privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }],
    ['an unknown installation', { GITHUB_APP_INSTALLATION_ID: '100' }],
  ])('an App with %s is refused with the names of its variables, and nothing is dispatched', async (_, overrides) => {
    const outcome = await client(overrides).dispatch()
    expect(outcome).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(
        /Check GITHUB_APP_ID, its key and GITHUB_APP_INSTALLATION_ID\. Nothing was started/,
      ),
    })
    expect(github.dispatchedWith).toEqual([])
  })

  it('the log of an App contains no key, signed token or installation token', async () => {
    const good = client()
    await good.dispatch()
    const bad = client({ GITHUB_APP_INSTALLATION_ID: '100' })
    await bad.dispatch()
    const log = good.log() + bad.log()
    expect(log).toContain('access_tokens')
    expect(log).not.toMatch(/ghs_token|PRIVATE KEY|eyJ/)
  })
})

const OWN_SURFACES = `surfaces:
  - id: api-prod
    name: API
    environment: production
    repository: acme/platform
    workflow: deploy-heroku.yml
    url: https://api.example.com
    health_url: https://api.example.com/health
`

describe('npm start with a GitHub App', () => {
  it('npm start with a GitHub App starts no sandbox', async () => {
    const database = await createTestDatabase()
    const dataDir = mkdtempSync(path.join(tmpdir(), 'deploy-console-test-'))
    const surfaces = path.join(dataDir, 'surfaces.yaml')
    writeFileSync(surfaces, OWN_SURFACES)
    const product = launchProduct({
      ...appEnvironment(),
      DATABASE_URL: database.url,
      DATA_DIR: dataDir,
      SURFACES_FILE: surfaces,
    })
    expect(await product.untilPrinted(/GitHub is (\S+)/)).toBe(github.apiUrl)
    expect(product.output()).not.toContain('sandbox')
    await product.stop()
    rmSync(dataDir, { recursive: true, force: true })
    await database.drop()
  })
})
