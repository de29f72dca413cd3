import { once } from 'node:events'
import { createServer } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { probeSurface } from '~/server/surfaces/probe/probe-surface'
import { listSurfaces } from '~/server/surfaces/surfaces'
import { listTiles } from '~/server/surfaces/tiles/list-tiles'
import { createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'

const BEFORE = '1a2b3c4'.padEnd(40, '0')
const SHIPPED = 'd41c9e2'.padEnd(40, '0')
const MINUTE = 60_000

let console_: TestConsole
let reported: string | null = null
let clock = Date.UTC(2026, 10, 28, 14, 0)
const server = createServer((_, response) => {
  response.end(JSON.stringify(reported === null ? { status: 'ok' } : { version: reported }))
})

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { deps, close } = await createTestConsole()
  console_ = { deps: { ...deps, now: () => new Date(clock) }, close }
})
afterAll(async () => {
  server.close()
  await console_.close()
})

let deploy: Awaited<ReturnType<typeof insertDeployAt>>
beforeEach(async () => {
  const { deps } = console_
  deploy = await insertDeployAt(deps, 'succeeded')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : ''
  await deps.db.surface.update({
    where: { id: deploy.surface.id },
    data: { healthUrl: `http://127.0.0.1:${port}/health` },
  })
  await deps.db.deploy.update({ where: { id: deploy.id }, data: { sha: SHIPPED, finishedAt: deps.now() } })
})

async function probeAfter(ms: number, version: string | null) {
  clock += ms
  reported = version
  const surface = (await listSurfaces(console_.deps.db)).find(({ id }) => id === deploy.surface.id)
  if (surface === undefined) throw new Error('the surface is gone')
  await probeSurface(console_.deps, surface)
}

const tile = async () => (await listTiles(console_.deps)).find(({ id }) => id === deploy.surface.id)
const alarms = () =>
  console_.deps.db.auditEvent.count({
    where: { deployId: deploy.id, action: 'console.deploy.other_version_runs' },
  })

describe('a succeeded deploy whose surface reports another version', () => {
  it('another version that is reported twice raises one alarm with both versions and the time', async () => {
    await probeAfter(MINUTE, BEFORE)
    expect((await tile())?.alarm).toBeNull()
    await probeAfter(2 * MINUTE, BEFORE)
    await probeAfter(MINUTE, BEFORE)
    expect(await alarms()).toBe(1)
    expect((await tile())?.alarm).toMatch(
      /^The surface reported 1a2b3c4 at 2026-11-28 \d\d:\d\d UTC, but the workflow reported d41c9e2/,
    )
  })

  it('another version that is reported once raises no alarm', async () => {
    await probeAfter(10 * MINUTE, BEFORE)
    expect(await alarms()).toBe(0)
  })

  it('another version that is reported within two minutes of the end raises no alarm', async () => {
    for (let asked = 0; asked < 5; asked += 1) await probeAfter(20_000, BEFORE)
    expect(await alarms()).toBe(0)
  })

  it('another version raises no alarm for a deploy that ended more than a day before the second report', async () => {
    await probeAfter(24 * 60 * MINUTE, BEFORE)
    await probeAfter(MINUTE, BEFORE)
    expect(await alarms()).toBe(0)
  })

  it('the alarm ends once the surface reports the deployed commit', async () => {
    await probeAfter(MINUTE, BEFORE)
    await probeAfter(2 * MINUTE, BEFORE)
    await probeAfter(MINUTE, SHIPPED)
    expect((await tile())?.alarm).toBeNull()
  })

  it('a surface that reported the deployed commit raises no alarm, whatever version follows', async () => {
    await probeAfter(MINUTE, SHIPPED)
    await probeAfter(5 * MINUTE, BEFORE)
    await probeAfter(5 * MINUTE, BEFORE)
    expect(await alarms()).toBe(0)
  })

  it('a surface without a version raises no alarm', async () => {
    await probeAfter(5 * MINUTE, null)
    await probeAfter(5 * MINUTE, null)
    expect(await alarms()).toBe(0)
    expect((await tile())?.version).toBeNull()
  })
})
