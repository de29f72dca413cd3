import { afterAll, beforeAll, expect, it } from 'vitest'
import { parseSurfaces } from '~/server/surfaces/declare/read-surfaces-file'
import { seedSurfaces } from '~/server/surfaces/declare/seed-surfaces'
import { createTestConsole, type TestConsole } from '~test/support/console'

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
})
afterAll(() => console_.close())

const surface = (id: string, name = id) =>
  `  - { id: ${id}, name: ${name}, environment: staging, repository: a/b, workflow: w.yml, url: "http://x", health_url: "http://x/h" }\n`
const seed = (...entries: string[]) =>
  seedSurfaces(console_.deps, parseSurfaces(`surfaces:\n${entries.join('')}`, 'surfaces.yaml', undefined))
const changes = async () =>
  (await console_.deps.db.auditEvent.findMany({ orderBy: { id: 'asc' } })).map(
    ({ surfaceId, payload }) => `${surfaceId} ${Reflect.get(Object(payload), 'change')}`,
  )

it('seeding matches the table to the file, archives surfaces that left, restores returning ones, and audits only changes', async () => {
  await seed(surface('one'), surface('two'))
  await seed(surface('one'), surface('two'))
  expect(await changes()).toEqual(['one declared', 'two declared'])

  await seed(surface('one', 'Renamed'))
  expect((await changes()).slice(2)).toEqual(['one changed', 'two archived'])
  const rows = await console_.deps.db.surface.findMany({ orderBy: { id: 'asc' } })
  expect(rows.map(({ id, name, archivedAt }) => [id, name, archivedAt !== null])).toEqual([
    ['one', 'Renamed', false],
    ['two', 'two', true],
  ])

  await seed(surface('one', 'Renamed'), surface('two'))
  expect((await changes()).slice(4)).toEqual(['two restored'])
})

it('a change of who may report is stored and audited like any other change', async () => {
  const strict = surface('strict').replace(' }', ', callbacks: oidc, repository_id: 900100 }')
  await seed(surface('strict'))
  const before = (await changes()).length
  await seed(strict)
  await seed(strict)
  expect((await changes()).slice(before)).toEqual(['strict changed'])
  expect(await console_.deps.db.surface.findUniqueOrThrow({ where: { id: 'strict' } })).toMatchObject({
    callbacks: 'oidc',
    repositoryId: 900100n,
  })
})
