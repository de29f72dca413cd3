import { once } from 'node:events'
import { createServer } from 'node:http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePort } from '~/launch/machine/ports'
import { probeSurface } from '~/server/surfaces/probe/probe-surface'
import { findSurface } from '~/server/surfaces/surfaces'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'

let console_: TestConsole
let answer = { status: 200, body: '' }
const server = createServer((_, response) => response.writeHead(answer.status).end(answer.body))

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  console_ = await createTestConsole()
})
afterAll(async () => {
  server.close()
  await console_.close()
})

async function surfaceAt(healthUrl: string) {
  const { id } = await insertSurface(console_.deps)
  await console_.deps.db.surface.update({ where: { id }, data: { healthUrl } })
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
