import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { call, dispatch, getJobs, REPO, until, untilEnded } from '~test/integration/sandbox/github-client'
import { type RunningSandbox, sampleSurfaces, startSandbox } from '~test/support/start-sandbox'

let sandbox: RunningSandbox
let hookToken: string
let main: string

const versionSchema = z.object({ version: z.string(), ref: z.string(), deployed_at: z.iso.datetime() })

beforeAll(async () => {
  sandbox = await startSandbox({
    consoleUrl: 'http://127.0.0.1:9',
    callbackSecret: 'a secret for the callbacks of tests',
  })
  const secrets = readFileSync(path.join(sandbox.dir, 'secrets.json'), 'utf8')
  hookToken = z.object({ deployHookToken: z.string() }).parse(JSON.parse(secrets)).deployHookToken
  const commit = await call(sandbox, 'GET', `${REPO}/commits/main`)
  main = z.object({ sha: z.string() }).parse(commit.json).sha
})

afterAll(() => sandbox?.stop())

const get = (id: string, rest: string) => fetch(`${sandbox.url}/surfaces/${id}${rest}`)

const versionOf = async (id: string): Promise<string> =>
  versionSchema.parse(await (await get(id, '/version')).json()).version

const behave = (id: string, behaviour: string) =>
  fetch(`${sandbox.url}/control/surfaces/${id}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${sandbox.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ behaviour }),
  })

const deploy = (id: string, body: unknown, token = hookToken) =>
  fetch(`${sandbox.url}/surfaces/${id}/deploy`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

const behindMain = async (version: string): Promise<number> => {
  const answer = await call(sandbox, 'GET', `${REPO}/compare/${version}...main`)
  return z.object({ ahead_by: z.number() }).parse(answer.json).ahead_by
}

test('on the first start the surfaces are at different distances behind main, and one is at main', async () => {
  const ofPlatform = sampleSurfaces.filter(({ repository }) => repository === 'acme/platform')
  const versions = await Promise.all(ofPlatform.map(({ id }) => versionOf(id)))
  const behind = await Promise.all(versions.map(behindMain))
  expect(new Set(behind).size).toBe(ofPlatform.length)
  expect(behind.filter((commits) => commits === 0)).toHaveLength(1)
})

test('a surface answers its name, its version and its health', async () => {
  const version = await versionOf('api-prod')
  const health = await get('api-prod', '/health')
  expect([health.status, await health.json()]).toEqual([200, { status: 'ok', version }])
  const page = await (await get('api-prod', '/')).text()
  for (const text of ['API', 'production', version]) expect(page).toContain(text)
  expect((await get('no-such-surface', '/health')).status).toBe(404)
})

test('a deploy starts a new server and then stops the old one, without a gap', async () => {
  const old = await versionOf('api-prod')
  expect((await deploy('api-prod', { sha: main, ref: 'main' })).status).toBe(202)
  const seen: string[] = []
  await until(
    async () => {
      const answer = await get('api-prod', '/version')
      expect(answer.status).toBe(200)
      return versionSchema.parse(await answer.json()).version
    },
    (version) => {
      seen.push(version)
      return version === main
    },
  )
  expect(seen.filter((version) => version !== main && version !== old)).toEqual([])
  expect(await (await get('api-prod', '/health')).json()).toEqual({ status: 'ok', version: main })
})

test("a deploy without the hook's token, with an unknown commit or without a ref is refused and changes nothing", async () => {
  const before = await versionOf('api-staging')
  expect((await deploy('api-staging', { sha: main, ref: 'main' }, 'another token')).status).toBe(401)
  expect((await deploy('api-staging', { sha: 'f'.repeat(40), ref: 'main' })).status).toBe(422)
  expect((await deploy('api-staging', { sha: 'main' })).status).toBe(400)
  const status = await fetch(`${sandbox.url}/control/status`, { headers: { authorization: `Bearer ${sandbox.token}` } })
  const { surfaces } = z
    .object({ surfaces: z.array(z.object({ id: z.string(), deploying: z.boolean(), version: z.string() })) })
    .parse(await status.json())
  expect(surfaces.find(({ id }) => id === 'api-staging')).toMatchObject({ deploying: false, version: before })
})

test('a later deploy replaces one that is still starting', async () => {
  const older = await versionOf('customer-docs')
  await behave('status-page', 'slow')
  await deploy('status-page', { sha: older, ref: 'main' })
  await behave('status-page', 'normal')
  await deploy('status-page', { sha: main, ref: 'main' })
  const deploying = async (): Promise<boolean> => (await (await fetch(sandbox.url)).text()).includes('deploying')
  await until(deploying, (is) => !is)
  expect(await versionOf('status-page')).toBe(main)
})

test('with fail-smoke, the surface gives a reason, and the workflow deploys nothing', async () => {
  await behave('console', 'fail-smoke')
  const smoke = await get('console', '/smoke')
  expect(smoke.status).toBe(503)
  expect(z.object({ reason: z.string() }).parse(await smoke.json()).reason).toContain('does not take a deploy')

  const before = await versionOf('console')
  const run = await dispatch(sandbox, 'deploy-console.yml', { environment: 'production', ref: main })
  expect((await untilEnded(sandbox, run)).conclusion).toBe('failure')
  const jobs = await getJobs(sandbox, run)
  expect(jobs.find(({ name }) => name === 'smoke')?.conclusion).toBe('failure')
  expect(jobs.find(({ name }) => name === 'deploy')?.conclusion).toBe('skipped')
  expect(await versionOf('console')).toBe(before)
})

test("with normal, this repository's own workflow brings the surface to main", async () => {
  const run = await dispatch(sandbox, 'deploy-console.yml', { environment: 'staging', ref: main })
  expect((await untilEnded(sandbox, run)).conclusion).toBe('success')
  expect(await versionOf('console-staging')).toBe(main)
})

test('with unhealthy, the next version starts and stays unhealthy until another one replaces it', async () => {
  await behave('api-staging', 'unhealthy')
  expect((await get('api-staging', '/health')).status).toBe(200)
  await deploy('api-staging', { sha: main, ref: 'main' })
  await until(
    () => versionOf('api-staging'),
    (version) => version === main,
  )
  const health = await get('api-staging', '/health')
  expect([health.status, await health.json()]).toEqual([503, { status: 'unhealthy', version: main }])

  await behave('api-staging', 'normal')
  expect((await get('api-staging', '/health')).status).toBe(503)
  await deploy('api-staging', { sha: main, ref: 'main' })
  await until(
    () => get('api-staging', '/health').then(({ status }) => status),
    (status) => status === 200,
  )
})

test('replacing a version loses no request', async () => {
  await behave('api-staging', 'quick')
  let replacing = true
  const statuses = new Set<number>()
  const visit = async () => {
    while (replacing) statuses.add((await get('api-staging', '/version')).status)
  }
  const visitors = Promise.all(Array.from({ length: 8 }, visit))
  for (let round = 0; round < 20; round += 1) {
    const deployedAt = async () =>
      z.object({ deployed_at: z.string() }).parse(await (await get('api-staging', '/version')).json())
    const { deployed_at: before } = await deployedAt()
    await deploy('api-staging', { sha: main, ref: 'main' })
    await until(deployedAt, ({ deployed_at: now }) => now !== before)
  }
  replacing = false
  await visitors
  await behave('api-staging', 'normal')
  expect([...statuses]).toEqual([200])
})
