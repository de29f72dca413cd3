import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { deployFilter, VIEWS_AT_MOST } from '~/domain/deploy/deploy-list'
import { listViews, removeView, saveView } from '~/server/account/saved-views'
import { searchDeploys } from '~/server/deploys/read/deploy-list.sql'
import { findDeploys, listAllDeploys, listDeployFacets } from '~/server/deploys/read/list-all-deploys'
import { listDeploys } from '~/server/deploys/read/list-deploys'
import type { Prisma } from '~/server/platform/generated/client.ts'
import { actorNamed } from '~test/support/actors'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { insertMember } from '~test/support/members'
import { parseCsv } from '~test/support/parse-csv'
import { restClient } from '~test/support/rest-client'

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
})
afterAll(() => console_.close())

async function insertPastDeploys(surfaceId: string, count: number, facts: Partial<Prisma.DeployCreateManyInput> = {}) {
  const { deps } = console_
  const ids = Array.from({ length: count }, () => deps.newId())
  await deps.db.deploy.createMany({
    data: ids.map((id) => ({
      id,
      surfaceId,
      environment: 'production',
      repository: 'acme/platform',
      workflow: 'deploy-console.yml',
      ref: 'main',
      workflowRef: 'main',
      status: 'succeeded',
      requestedBy: 'ada',
      idempotencyKey: randomUUID(),
      requestDigest: 'digest',
      phaseCallbacks: true,
      requestedAt: deps.now(),
      lastEventAt: deps.now(),
      finishedAt: deps.now(),
      ...facts,
    })),
  })
  return ids
}

it("a surface's history lists each of its deploys once, newest first, while new ones are added", async () => {
  const surface = await insertSurface(console_.deps)
  const ids = await insertPastDeploys(surface.id, 25)
  await insertPastDeploys((await insertSurface(console_.deps)).id, 5)
  const seen: string[] = []
  let cursor: string | null = null
  do {
    const page: Awaited<ReturnType<typeof listDeploys>> = await listDeploys(console_.deps, {
      surfaceId: surface.id,
      cursor,
      limit: 10,
    })
    seen.push(...page.deploys.map(({ id }) => id))
    cursor = page.nextCursor
    // A deploy that starts meanwhile belongs to the first page, which was read before.
    await insertPastDeploys(surface.id, 1)
  } while (cursor !== null)
  expect(seen).toEqual(ids.toReversed())
})

it('an archived surface keeps its history, and an unknown surface is refused', async () => {
  const { id } = await insertSurface(console_.deps)
  await console_.deps.db.surface.update({ where: { id }, data: { archivedAt: new Date() } })
  const page = await listDeploys(console_.deps, { surfaceId: id, cursor: null, limit: 10 })
  expect(page).toMatchObject({ surface: { id, archived: true }, deploys: [], nextCursor: null })
  await expect(listDeploys(console_.deps, { surfaceId: 'nowhere', cursor: null, limit: 10 })).rejects.toMatchObject({
    code: 'surface_unknown',
  })
})

describe('the list of all deploys', () => {
  const day = (text: string) => new Date(`${text}T12:00:00Z`)
  const of = async (filter: z.input<typeof deployFilter>) => {
    const found: string[] = []
    let cursor: string | null = null
    do {
      const page = await listAllDeploys(console_.deps, { filter: deployFilter.parse(filter), cursor, limit: 2 })
      found.push(...page.deploys.map(({ reason }) => reason ?? ''))
      cursor = page.nextCursor
    } while (cursor !== null)
    return found
  }
  let surface: string
  beforeAll(async () => {
    surface = (await insertSurface(console_.deps)).id
    const other = (await insertSurface(console_.deps)).id
    const add = (id: string, reason: string, facts: Partial<Prisma.DeployCreateManyInput>) => {
      const at = facts.requestedAt ?? day('2026-03-10')
      return insertPastDeploys(id, 1, { requestedBy: 'grace', requestedAt: at, finishedAt: at, reason, ...facts })
    }
    await add(surface, '1', { requestedAt: day('2026-03-01'), requestedBy: 'lin' })
    const third = (await insertSurface(console_.deps)).id
    for (const time of ['01T23:59:50', '02T00:00:10'])
      await add(third, time, { requestedAt: new Date(`2026-03-${time}Z`), requestedBy: 'kim' })
    await add(surface, '2', { status: 'failed', kind: 'rollback' })
    await add(other, '3', { environment: 'staging', status: 'cancelled', requestedBy: 'lin' })
    await add(surface, '4', { status: 'timed_out', kind: 'promotion' })
    await add(surface, '5', { requestedAt: day('2026-03-20'), status: 'building', finishedAt: null })
  })

  it.each([
    ['one surface', () => ({ surface }), ['5', '4', '2', '1']],
    ['one environment', () => ({ environment: 'staging' }), ['3']],
    ['one person', () => ({ person: 'lin' }), ['3', '1']],
    ['what runs', () => ({ surface, outcome: 'running' as const }), ['5']],
    ['successes', () => ({ surface, outcome: 'succeeded' as const }), ['1']],
    ['failures', () => ({ outcome: 'failed' as const }), ['2']],
    ['what ran out of time', () => ({ outcome: 'timed_out' as const }), ['4']],
    ['what was cancelled', () => ({ outcome: 'cancelled' as const }), ['3']],
    ['rollbacks', () => ({ kind: 'rollback' as const }), ['2']],
    ['promotions', () => ({ kind: 'promotion' as const }), ['4']],
    ['plain deploys of a person', () => ({ kind: 'deploy' as const, person: 'grace' }), ['5']],
    ['whole days', () => ({ person: 'lin', from: '2026-03-01', to: '2026-03-01' }), ['1']],
    ['the last seconds of a day', () => ({ person: 'kim', to: '2026-03-01' }), ['01T23:59:50']],
    ['the first seconds of a day', () => ({ person: 'kim', from: '2026-03-02' }), ['02T00:00:10']],
    ['the time before a day', () => ({ surface, to: '2026-03-09' }), ['1']],
    ['the time since a moment', () => ({ surface, from: '2026-03-10T12:00:00Z' }), ['5', '4', '2']],
    ['two filters that no deploy matches', () => ({ person: 'lin', outcome: 'failed' as const }), []],
  ])('lists %s, newest first, page by page', async (_, filter, expected) => {
    expect(await of(filter())).toEqual(expected)
  })

  it('ends a page at its limit of searched rows, says so, and goes on behind them', async () => {
    const filter = deployFilter.parse({ surface, outcome: 'succeeded' })
    const page = (before: string | null) => searchDeploys(console_.deps.db, { filter, before, limit: 10 }, 3)
    const first = await page(null)
    expect(first).toEqual({ ids: [], searchedTo: { id: expect.any(String), requestedAt: day('2026-03-10') } })
    const second = await page(first.searchedTo?.id ?? null)
    expect(second).toEqual({ ids: [expect.any(String)], searchedTo: null })
  })

  it('names the surfaces, environments and requesters to filter by', async () => {
    const { surfaces, people } = await listDeployFacets(console_.deps)
    expect(surfaces.map(({ id }) => id)).toContain(surface)
    expect(people).toEqual(['ada', 'grace', 'kim', 'lin'])
  })

  it('exports the same deploys as CSV and JSON, and neutralises formulas', async () => {
    await insertPastDeploys(surface, 1, { reason: '=cmd()', requestedBy: 'lin' })
    const rest = restClient(console_.deps)
    const { body, headers } = await rest.call('GET', '/api/deploys/export?format=json&person=lin')
    expect(body).toMatchObject([
      { reason: '=cmd()' },
      { reason: '3', environment: 'staging' },
      { reason: '1', surface },
    ])
    expect(headers.get('content-disposition')).toMatch(/^attachment; filename="deploys-\d{8}T\d{6}Z\.json"$/)
    const [head = [], ...rows] = parseCsv(
      String((await rest.call('GET', '/api/deploys/export?format=csv&person=lin')).body),
    )
    expect(rows.map((row) => row[head.indexOf('reason')])).toEqual(["'=cmd()", '3', '1'])
    const refused = await rest.call('GET', '/api/deploys/export?format=csv&outcome=exploded')
    expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_input' } })
  })
})

describe('saved views', () => {
  const member = (name: string) => insertMember(console_.deps, actorNamed(name))

  it('belong to one person, and the same name replaces a view', async () => {
    const { deps } = console_
    const [ada, eve] = [await member('ada'), await member('eve')]
    await saveView(deps, ada, { name: 'Red', filter: { outcome: 'failed' } })
    const { id } = await saveView(deps, ada, { name: 'Red', filter: { outcome: 'failed', environment: 'production' } })
    expect(await listViews(deps, ada)).toEqual([
      { id, name: 'Red', filter: { outcome: 'failed', environment: 'production' } },
    ])
    expect(await listViews(deps, eve)).toEqual([])
    await removeView(deps, eve, id)
    expect(await listViews(deps, ada)).toHaveLength(1)
    await removeView(deps, ada, id)
    expect(await listViews(deps, ada)).toEqual([])
  })

  it('are refused beyond the limit, and one that a newer version wrote is left out', async () => {
    const { deps } = console_
    const kim = await member('kim')
    const filter = { outcome: 'exploded' }
    const many = Array.from({ length: VIEWS_AT_MOST }, (_, index) => ({
      ...{ id: deps.newId(), userId: kim.userId, name: `View ${index}`, createdAt: deps.now() },
      filter: index === 0 ? filter : {},
    }))
    await deps.db.savedView.createMany({ data: many })
    expect(await listViews(deps, kim)).toHaveLength(VIEWS_AT_MOST - 1)
    await expect(saveView(deps, kim, { name: 'One more', filter: {} })).rejects.toMatchObject({ code: 'views_full' })
    expect(await saveView(deps, kim, { name: 'View 3', filter: { person: 'lin' } })).toMatchObject({ name: 'View 3' })
  })
})

it('the history shows a status of a newer version as stored', async () => {
  const { id: surfaceId } = await insertSurface(console_.deps)
  const [id] = await insertPastDeploys(surfaceId, 1)
  await console_.deps.db.$executeRaw`ALTER TABLE "console_deploys" DROP CONSTRAINT "console_deploys_status_check"`
  await console_.deps.db.$executeRaw`UPDATE "console_deploys" SET "status" = 'verifying' WHERE "id" = ${id}::uuid`
  const page = await listDeploys(console_.deps, { surfaceId, cursor: null, limit: 10 })
  expect(page.deploys).toMatchObject([{ id, status: 'verifying', terminal: false }])
})

describe('finding a deploy by text', () => {
  it('finds it by the beginning of its id or commit, and by a part of its ref, whose signs mean themselves', async () => {
    const { deps } = console_
    const surface = await insertSurface(deps)
    const [byRef = ''] = await insertPastDeploys(surface.id, 1, {
      ref: 'refs/tags/Release_9%',
      sha: 'ab12cd3'.padEnd(40, '0'),
    })
    const [other = ''] = await insertPastDeploys(surface.id, 1, {
      ref: 'refs/heads/releaseX99',
      sha: 'ab12ce'.padEnd(40, '1'),
    })
    const find = async (text: string) => (await findDeploys(deps, text)).deploys.map(({ id }) => id)
    expect(await find(byRef.slice(0, 30))).toContain(byRef)
    expect(await find(byRef.toUpperCase())).toEqual([byRef])
    expect(await find('ab12cd3')).toEqual([byRef])
    expect(await find('ab12')).toEqual([other, byRef])
    expect(await find('release_9%')).toEqual([byRef])
    expect(await find('release')).toEqual([other, byRef])
    expect(await find('nothing of the kind')).toEqual([])
  })

  it('finds an id however old, and says until when it searched for other texts', async () => {
    const { deps } = console_
    const surface = await insertSurface(deps)
    const [old = ''] = await insertPastDeploys(surface.id, 1, { sha: 'feed'.padEnd(40, '0') })
    await insertPastDeploys(surface.id, 5)
    expect((await findDeploys(deps, old, 3)).deploys.map(({ id }) => id)).toEqual([old])
    expect(await findDeploys(deps, 'feed', 3)).toEqual({ deploys: [], searchedTo: expect.any(String) })
  })
})
