import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DeployStatus } from '~/domain/deploy/status'
import { listDeploys } from '~/server/deploys/read/list-deploys'
import { listTiles } from '~/server/surfaces/tiles/list-tiles'
import { createTestConsole, insertDeployAt, insertSurface, type TestConsole } from '~test/support/console'

const GOOD = '2b67698'.padEnd(40, '0')
const BAD = 'd41c9e2'.padEnd(40, '0')
const FOREIGN = 'f00f00f'.padEnd(40, '0')

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
})
afterAll(() => console_.close())

/** A surface with these deploys, oldest first. */
async function surfaceWith(
  deploys: readonly {
    readonly status: DeployStatus
    readonly shipped: string
    readonly sha: string
    readonly workflow?: string
  }[],
  running: string | null,
) {
  const { deps } = console_
  const { id: surfaceId } = await insertSurface(deps)
  const finishedAt = new Date(Date.now() - 600_000)
  for (const { status, shipped, sha, workflow } of deploys) {
    const { id } = await insertDeployAt(deps, status)
    await deps.db.surface.updateMany({ where: { lastDeployId: id }, data: { lastDeployId: null } })
    const facts = { surfaceId, shipped, sha, finishedAt, ...(workflow === undefined ? {} : { workflow }) }
    await deps.db.deploy.update({ where: { id }, data: facts })
    await deps.db.surface.update({ where: { id: surfaceId }, data: { lastDeployId: id } })
  }
  const seen = { runningSha: running, runningSeenAt: running === null ? null : new Date() }
  await deps.db.surface.update({ where: { id: surfaceId }, data: seen })
  return surfaceId
}

const tileOf = async (surfaceId: string) => (await listTiles(console_.deps)).find(({ id }) => id === surfaceId)
const good = { status: 'succeeded', shipped: 'yes', sha: GOOD } as const

describe('the version that a surface runs', () => {
  it('a version is marked as shipped here only if a deploy of the surface is proven to have shipped it', async () => {
    const shipped = await surfaceWith([good], GOOD)
    const foreign = await surfaceWith([good], FOREIGN)
    const unproven = await surfaceWith([{ ...good, shipped: 'unknown' }], GOOD)
    const first = await surfaceWith([], FOREIGN)
    const versions = await Promise.all([shipped, foreign, unproven, first].map(tileOf))
    expect(versions.map((tile) => tile?.version?.shippedHere)).toEqual([true, false, false, false])
  })

  it('a version is not credited to a deploy of another surface', async () => {
    await surfaceWith([{ ...good, sha: BAD }], BAD)
    const other = await surfaceWith([good], BAD)
    expect((await tileOf(other))?.version?.shippedHere).toBe(false)
  })
})

describe('the last good version', () => {
  it('the last good version is offered if the running version never succeeded', async () => {
    const surface = await surfaceWith([good, { status: 'failed', shipped: 'yes', sha: BAD }], BAD)
    expect((await tileOf(surface))?.lastGood).toMatchObject({ sha: GOOD })
  })

  it('the last good version is offered if the running version came from elsewhere', async () => {
    const surface = await surfaceWith([good], FOREIGN)
    expect((await tileOf(surface))?.lastGood).toMatchObject({ sha: GOOD })
  })

  it('no last good version is offered if it runs already, is unproven, or was shipped by another workflow', async () => {
    const running = await surfaceWith([good], GOOD)
    const unproven = await surfaceWith([{ ...good, shipped: 'unknown' }], BAD)
    const elsewhere = await surfaceWith([{ ...good, workflow: 'other.yml' }], BAD)
    const tiles = await Promise.all([running, unproven, elsewhere].map(tileOf))
    expect(tiles.map((tile) => tile?.lastGood)).toEqual([null, null, null])
  })

  it('the history names the running version', async () => {
    const surfaceId = await surfaceWith([good, { status: 'failed', shipped: 'yes', sha: BAD }], BAD)
    const page = await listDeploys(console_.deps, { surfaceId, cursor: null, limit: 10 })
    expect(page.surface.runs).toBe(BAD)
  })
})

describe('a surface that left surfaces.yaml', () => {
  it('stays on the grid, marked, until its deploy has ended and holds it no longer', async () => {
    const { deps } = console_
    const { id, surface } = await insertDeployAt(deps, 'building')
    await deps.db.surface.update({ where: { id: surface.id }, data: { archivedAt: new Date() } })
    expect(await tileOf(surface.id)).toMatchObject({ archived: true, held: null })
    const ended = { status: 'failed', finishedAt: new Date(), holdsSurface: true }
    await deps.db.deploy.update({ where: { id }, data: ended })
    expect(await tileOf(surface.id)).toMatchObject({ archived: true, held: { deployId: id } })
    await deps.db.deploy.update({ where: { id }, data: { holdsSurface: false } })
    expect(await tileOf(surface.id)).toBeUndefined()
  })
})
