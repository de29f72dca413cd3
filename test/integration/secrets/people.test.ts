import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { runningDatabase } from '~/launch/database/embedded-postgres'
import { generatedSecrets } from '~/launch/secrets'
import { startAppGitHub } from '~test/support/app-github'
import { GITHUB_CLIENT } from '~test/support/github-oauth'
import { CLIENT as OIDC_CLIENT, signInAtProvider, startOidcProvider } from '~test/support/oidc-provider'
import { type Secret, secretsIn } from '~test/support/secrets-in-use'
import { type Product, startProduct } from '~test/support/start-product'
import { codeAt, secretBytes } from '~test/support/totp'
import { watchProcesses } from '~test/support/watch-processes'
import { databaseRows, leakingFiles } from './find-secrets.ts'
import { type RecordedAnswer, recordedBrowser } from './recorded-browser.ts'

const RUN = 120_000
const PAGES = ['/', '/people', '/tokens', '/account', '/approvals', '/audit', '/flags', '/freezes', '/sign-in', '/none']

const SURFACES = `surfaces:
  - id: api-staging
    name: API
    environment: staging
    repository: acme/platform
    workflow: deploy-heroku.yml
    ref: main
    url: http://127.0.0.1:9
    health_url: http://127.0.0.1:9/health
`

const key = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = (type: 'pkcs1' | 'pkcs8') => key.privateKey.export({ type, format: 'pem' }).toString()
/** A line from the middle of the key, which is the same with, without and with escaped line breaks. */
const lineOf = (text: string) => text.split('\n')[5] ?? ''

let github: Awaited<ReturnType<typeof startAppGitHub>>
let oidc: Awaited<ReturnType<typeof startOidcProvider>>
let product: Product
let declared: string
let printed: string
let commands: readonly string[]
let rows: readonly string[]
const answers: RecordedAnswer[] = []
const secrets: Secret[] = []

const passwords = { ada: randomBytes(18).toString('base64'), bob: randomBytes(18).toString('base64') }
const newPassword = randomBytes(18).toString('base64')
const enrolment = z.object({ totpURI: z.string(), backupCodes: z.array(z.string()).min(1) })
const made = z.object({ path: z.string() })
const people = z.object({ members: z.array(z.object({ userId: z.string(), email: z.string() })) })

const noteSecret = (name: string, value: string) => secrets.push({ name, value })
const tokenOf = (link: string) => link.split('/').at(-1) ?? ''

/** A browser that adds its session to the secrets after each sign-in. */
function visitor() {
  const browser = recordedBrowser(product.url, answers)
  const signIn = async (address: string, body: unknown) => {
    await browser.post(`/api/auth${address}`, body, ['session cookie', 'session token'])
    const { cookie, token } = browser.session()
    if (token === '') return
    noteSecret('session cookie', cookie)
    noteSecret('session token', token)
  }
  return { ...browser, signIn }
}

/** Creates the first admin with the printed link, and then a second factor. */
async function makeAdmin() {
  const ada = visitor()
  const link = await product.printedLink()
  const token = tokenOf(link)
  noteSecret('setup link', token)
  await ada.ask(`/setup/${token}`, {}, ['setup link'])
  const who = { name: 'Ada', email: 'ada@example.com', password: passwords.ada }
  await ada.signIn('/links/accept', { token, ...who })
  const enable = { password: passwords.ada, method: 'totp' }
  const gives = ['TOTP secret', 'TOTP key', 'backup code']
  const { totpURI, backupCodes } = enrolment.parse(await ada.post('/api/auth/two-factor/enable', enable, gives))
  const secret = new URL(totpURI).searchParams.get('secret') ?? ''
  noteSecret('TOTP secret', secret)
  noteSecret('TOTP key', secretBytes(secret).toString('utf8'))
  for (const code of backupCodes) noteSecret('backup code', code)
  await ada.signIn('/two-factor/verify-totp', { code: codeAt(secret, Date.now()) })

  const again = visitor()
  await again.post('/api/auth/sign-in/email', { email: who.email, password: who.password })
  await again.signIn('/two-factor/verify-totp', { code: codeAt(secret, Date.now() + 30_000) })
  return again
}

async function passLink(holder: ReturnType<typeof visitor>, name: string, procedure: string, input: unknown) {
  const token = tokenOf(made.parse(await holder.mutate(procedure, input, [name])).path)
  noteSecret(name, token)
  await visitor().ask(`/invite/${token}`, {}, [name])
  return token
}

/** Invites Bob, who joins, forgets his password and gets a password link; somebody else guesses at his password. */
async function inviteBob(ada: ReturnType<typeof visitor>) {
  const limits = { email: 'bob@example.com', role: 'deployer', environments: null }
  const token = await passLink(ada, 'invitation', 'members.invite', limits)
  const bob = visitor()
  await bob.signIn('/links/accept', { token, name: 'Bob', email: limits.email, password: passwords.bob })
  const listed = await (await ada.ask('/api/trpc/members.list?input={"json":{}}')).json()
  const { members } = people.parse(Object(Object(listed).result).data)
  const userId = members.find(({ email }) => email === limits.email)?.userId
  const passwordLink = await passLink(ada, 'password link', 'members.passwordLink', { userId })
  await visitor().post('/api/auth/links/accept', { token: passwordLink, password: newPassword })
  const json = { 'content-type': 'application/json' }
  const old = JSON.stringify({ email: limits.email, password: passwords.bob })
  await visitor().ask('/api/auth/sign-in/email', { method: 'POST', headers: json, body: old })
  // The password typed into the field of the address, as happens.
  const mistyped = JSON.stringify({ email: `${newPassword}@example.com`, password: newPassword })
  await visitor().ask('/api/auth/sign-in/email', { method: 'POST', headers: json, body: mistyped })
  await bob.signIn('/sign-in/email', { email: limits.email, password: newPassword })
  return bob
}

/** A person of an allowed domain signs in through the provider. */
async function signInByProvider() {
  oidc.as({ sub: 'carol', email: 'carol@example.org', email_verified: true, name: 'Carol' })
  const carol = visitor()
  const input = { callbackURL: '/freezes', errorCallbackURL: '/sign-in?next=%2F' }
  await carol.post('/api/auth/sign-in/social', { provider: 'github', ...input })
  const { url } = z
    .object({ url: z.url() })
    .parse(await carol.post('/api/auth/sign-in/social', { provider: 'oidc', ...input }))
  const back = await signInAtProvider(new URL(url))
  await carol.ask(`${back.pathname}${back.search}`, {}, ['session cookie', 'session token'])
  const { cookie, token } = carol.session()
  noteSecret('session cookie', cookie)
  noteSecret('session token', token)
}

beforeAll(async () => {
  const app = { appId: '1234', installationId: '99' }
  github = await startAppGitHub({ ...app, publicKey: key.publicKey })
  oidc = await startOidcProvider()
  declared = path.join(mkdtempSync(path.join(tmpdir(), 'deploy-console-secrets-')), 'surfaces.yaml')
  writeFileSync(declared, SURFACES)
  product = await startProduct({
    env: {
      LOG_LEVEL: 'debug',
      SURFACES_FILE: declared,
      GITHUB_API_URL: github.apiUrl,
      GITHUB_APP_ID: app.appId,
      GITHUB_APP_INSTALLATION_ID: app.installationId,
      GITHUB_APP_PRIVATE_KEY: pem('pkcs1'),
      AUTH_GITHUB_CLIENT_ID: GITHUB_CLIENT.id,
      AUTH_GITHUB_CLIENT_SECRET: GITHUB_CLIENT.secret,
      AUTH_ALLOWED_EMAIL_DOMAINS: 'example.org',
      ...oidc.env,
    },
  })
  const stopWatching = watchProcesses(product.launcher.pid ?? 0)
  const { auth, callback } = generatedSecrets(product.dataDir)
  for (const [name, value] of Object.entries({ ...passwords, new: newPassword }))
    noteSecret(`password (${name})`, value)
  noteSecret('session secret', auth)
  noteSecret('callback secret', callback)
  noteSecret('GitHub client secret', GITHUB_CLIENT.secret)
  noteSecret('OpenID client secret', OIDC_CLIENT.secret)
  noteSecret('App key as given', lineOf(pem('pkcs1')))
  noteSecret('App key as used', lineOf(pem('pkcs8')))

  const ada = await makeAdmin()
  const bob = await inviteBob(ada)
  await signInByProvider()
  const scope = { permissions: ['deploy.read', 'deploy.dispatch'], environments: ['staging'], expiresInDays: 7 }
  const created = await bob.mutate('tokens.create', { label: 'nightly', ...scope }, ['API token'])
  const { secret: token } = z.object({ secret: z.string() }).parse(created)
  noteSecret('API token', token)
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'idempotency-key': randomBytes(16).toString('hex'),
  }
  const body = JSON.stringify({ surface: 'api-staging', ref: 'main', confirmation: 'api-staging' })
  await visitor().ask('/api/internal/deploys', { method: 'POST', headers, body })
  for (const [index, issued] of github.issued.entries()) noteSecret(`installation token ${index}`, issued)
  for (const who of [ada, bob, visitor()]) for (const page of PAGES) await who.ask(page)
  await ada.ask('/api/audit/export?format=json')
  await ada.ask('/api/trpc/account.sessions')
  printed = product.output()
  commands = stopWatching()
  rows = await databaseRows((await runningDatabase(path.join(product.dataDir, 'postgres'), 'console'))?.ownerUrl ?? '')
}, RUN)
afterAll(async () => {
  await product.stop()
  await Promise.all([github.close(), oidc.close()])
  rmSync(path.dirname(declared), { recursive: true })
}, RUN)

describe('secrets after every way to sign in', () => {
  it('(precondition) every way to sign in was used, and the search recognises each secret', () => {
    const names = [
      'setup link',
      'invitation',
      'password link',
      'TOTP secret',
      'backup code',
      'session token',
      'API token',
    ]
    expect(secrets.map(({ name }) => name)).toEqual(expect.arrayContaining(names))
    expect(secrets.filter(({ name }) => name === 'session token').length).toBeGreaterThanOrEqual(5)
    expect(github.issued.length).toBeGreaterThan(0)
    for (const { name, value } of secrets) {
      expect(value.length, name).toBeGreaterThan(10)
      expect(secretsIn(`"${value}"`, secrets)).toContain(name)
    }
    // Each secret is in the one answer that hands it out.
    const given = answers.flatMap(({ text, gives }) => secretsIn(text, secrets).filter((name) => gives.includes(name)))
    expect(given).toEqual(expect.arrayContaining(names))
    for (const page of ['/people', '/account', '/tokens', '/approvals', '/sign-in']) {
      expect(answers.map(({ what }) => what)).toContain(`GET ${page} 200`)
    }
  })

  it('only the setup link appears in the output of npm start', () => {
    expect(secretsIn(printed, secrets)).toEqual(['setup link'])
  })

  it('no secret of a person appears in the arguments of any process', () => {
    expect(secretsIn(commands.join('\n'), secrets)).toEqual([])
  })

  it('no secret of a person appears in an answer, except the one that hands it out', () => {
    const leaks = answers.flatMap(({ what, text, gives }) =>
      secretsIn(text, secrets)
        .filter((name) => !gives.includes(name))
        .map((name) => `${name} in ${what}`),
    )
    expect(leaks).toEqual([])
  })

  it('only the session token appears in a row of the database, in its own session', () => {
    expect(rows.join('\n')).toContain('console.session.opened')
    const leaks = rows.flatMap((row) => secretsIn(row, secrets).map((name) => `${name} in ${row.split(' ')[0]}`))
    expect([...new Set(leaks)]).toEqual(['session token in public.sessions'])
  })

  it('no secret of a person appears in a file of DATA_DIR, except the files that store secrets', () => {
    expect(leakingFiles(product.dataDir, secrets)).toEqual(['secrets/auth', 'secrets/callback'])
  })
})
