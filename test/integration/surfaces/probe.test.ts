import { once } from 'node:events'
import { createServer } from 'node:http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { VersionSource } from '~/domain/surface/version'
import { freePort } from '~/launch/machine/ports'
import { probeSurface } from '~/server/surfaces/probe/probe-surface'
import { findSurface } from '~/server/surfaces/surfaces'
import { createTestConsole, insertDeployAt, insertSurface, type TestConsole } from '~test/support/console'

let console_: TestConsole
let answer: { status: number; body: string; headers?: Record<string, string> } = { status: 200, body: '' }
/** The answer at /version. */
let versionAnswer = answer
const server = createServer(({ url }, response) => {
  const { status, headers, body } = url === '/version' ? versionAnswer : answer
  response.writeHead(status, headers).end(body)
})

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  console_ = await createTestConsole()
})
afterAll(async () => {
  server.close()
  await console_.close()
})

async function surfaceAt(healthUrl: string, versionSource?: VersionSource) {
  const { id } = await insertSurface(console_.deps)
  const data = { healthUrl, ...(versionSource === undefined ? {} : { versionSource }) }
  await console_.deps.db.surface.update({ where: { id }, data })
  return async () => {
    const surface = await findSurface(console_.deps.db, id)
    if (surface === null) throw new Error('the surface is gone')
    return surface
  }
}

const listening = () => {
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/health`
}
const healthBody = (version: string) => JSON.stringify({ status: 'ok', version })

it('a probe stores the reported version, and its distance is unknown until it is compared', async () => {
  const { deps } = console_
  const read = await surfaceAt(listening())
  answer = { status: 200, body: healthBody('a'.repeat(40)) }
  await probeSurface(deps, await read())
  const { id } = await read()
  await deps.db.surface.update({ where: { id }, data: { behindBy: 3, behindCheckedAt: new Date() } })

  answer = { status: 503, body: healthBody('b'.repeat(40)) }
  await probeSurface(deps, await read())
  expect(await read()).toMatchObject({
    health: 'unhealthy',
    runningSha: 'b'.repeat(40),
    behindBy: null,
    behindCheckedAt: null,
  })
})

it('an answer without a valid version keeps the last reported one', async () => {
  const read = await surfaceAt(listening())
  answer = { status: 200, body: healthBody('a'.repeat(40)) }
  await probeSurface(console_.deps, await read())
  for (const body of ['OK', healthBody('latest'), '{', JSON.stringify({ version: 7 })]) {
    answer = { status: 200, body }
    await probeSurface(console_.deps, await read())
    expect(await read()).toMatchObject({ health: 'healthy', runningSha: 'a'.repeat(40) })
  }
})

it.each([
  ['a closed port', async () => `http://127.0.0.1:${await freePort()}/health`, 'refuses the connection'],
  ['a name that does not exist', async () => 'http://no-such-host.invalid/health', /name/],
])("a surface at %s is unreachable, with the system's reason", async (_, healthUrl, detail) => {
  const read = await surfaceAt(await healthUrl())
  await probeSurface(console_.deps, await read())
  expect(await read()).toMatchObject({ health: 'unreachable', healthDetail: expect.stringMatching(detail) })
})

const SHA = '2b67698'.padEnd(40, '0')
const declared = (source: Pick<VersionSource, 'in' | 'at'> & Partial<VersionSource>): VersionSource => ({
  url: null,
  is: 'commit',
  ...source,
})

it.each<[string, VersionSource, typeof answer]>([
  [
    'a member of a JSON body',
    declared({ in: 'json', at: 'builds.0.commit' }),
    { status: 200, body: JSON.stringify({ builds: [{ commit: SHA }] }) },
  ],
  [
    'a header',
    declared({ in: 'header', at: 'X-Version' }),
    { status: 200, body: 'OK', headers: { 'x-version': ` ${SHA.toUpperCase()}` } },
  ],
  [
    'a line of a text',
    declared({ in: 'text', at: '^build (?<version>\\S+)$' }),
    { status: 200, body: `ok\nbuild ${SHA}\n` },
  ],
])('the version is read from %s, as surfaces.yaml declares', async (_, source, answered) => {
  const read = await surfaceAt(listening(), source)
  answer = answered
  await probeSurface(console_.deps, await read())
  expect(await read()).toMatchObject({ health: 'healthy', runningSha: SHA, reportedVersion: null })
})

it('health and version come from different addresses, and an error page at the second one says nothing about the version', async () => {
  const url = listening().replace('/health', '/version')
  const read = await surfaceAt(listening(), declared({ in: 'text', at: '(?<version>[0-9a-f]{7,})', url }))
  answer = { status: 200, body: 'f00f00f' }
  versionAnswer = { status: 200, body: SHA }
  await probeSurface(console_.deps, await read())
  expect(await read()).toMatchObject({ health: 'healthy', runningSha: SHA })
  versionAnswer = { status: 502, body: 'request d41c9e2d41c9e2' }
  answer = { status: 503, body: '' }
  await probeSurface(console_.deps, await read())
  expect(await read()).toMatchObject({ health: 'unhealthy', runningSha: SHA })
})

it('a regular expression that would take for ever is stopped, and the recorded version is kept', async () => {
  const read = await surfaceAt(listening(), declared({ in: 'text', at: '^(?<version>([0-9a-f]+)+)$' }))
  answer = { status: 200, body: SHA }
  await probeSurface(console_.deps, await read())
  answer = { status: 200, body: `${'a'.repeat(8_000)}!` }
  await probeSurface(console_.deps, await read())
  expect(await read()).toMatchObject({ health: 'healthy', runningSha: SHA })
})

it("a version is known without GitHub if it is a commit in full, or a prefix of at least seven digits of the last deploy's commit", async () => {
  const { deps } = console_
  const { id, surface } = await insertDeployAt(deps, 'deploying')
  await deps.db.deploy.update({ where: { id }, data: { sha: SHA } })
  const data = { healthUrl: listening(), versionSource: declared({ in: 'json', at: 'version' }) }
  await deps.db.surface.update({ where: { id: surface.id }, data })
  const seen = async (version: string) => {
    answer = { status: 200, body: healthBody(version) }
    const before = await findSurface(deps.db, surface.id)
    if (before === null) throw new Error('the surface is gone')
    await probeSurface(deps, before)
    const { runningSha, reportedVersion, versionProblem } = (await findSurface(deps.db, surface.id)) ?? before
    return [runningSha, reportedVersion, versionProblem]
  }
  expect(await seen(SHA.slice(0, 7))).toEqual([SHA, SHA.slice(0, 7), null])
  expect(await seen(SHA.slice(0, 6))).toEqual([null, SHA.slice(0, 6), 'not_commit'])
  expect(await seen('2b67699')).toEqual([null, '2b67699', 'unresolved'])
  expect(await seen('dev')).toEqual([null, 'dev', 'not_commit'])

  const tags = { ...data, versionSource: declared({ in: 'json', at: 'version', is: 'ref' }) }
  await deps.db.surface.update({ where: { id: surface.id }, data: tags })
  expect(await seen('refs/tags/v1.4.0')).toEqual([null, 'v1.4.0', 'unresolved'])
  expect(await seen(SHA)).toEqual([SHA, null, null])
})
