import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { applyAtStart } from '~/launch/apply-at-start'
import { applySurfaces } from '~/server/surfaces/declare/apply-surfaces'
import { parseSurfaces } from '~/server/surfaces/declare/read-surfaces-file'
import { createTestConsole, type TestConsole } from '~test/support/console'

let console_: TestConsole
beforeEach(async () => {
  await console_?.close()
  console_ = await createTestConsole()
})
afterAll(async () => {
  await console_.close()
  rmSync(directory, { recursive: true, force: true })
})

const directory = mkdtempSync(path.join(tmpdir(), 'apply surfaces '))

const surface = (id: string, name = id) =>
  `  - { id: ${id}, name: ${name}, environment: staging, repository: a/b, workflow: w.yml, url: "http://x", health_url: "http://x/h" }\n`
const declaring = (...entries: string[]) => parseSurfaces(`surfaces:\n${entries.join('')}`, 'surfaces.yaml', undefined)
const apply = (...entries: string[]) =>
  applySurfaces(console_.deps, declaring(...entries), { actor: 'seeder', mayApply: () => true })
const changes = async () =>
  (await console_.deps.db.auditEvent.findMany({ orderBy: { id: 'asc' } })).map(
    ({ surfaceId, payload }) => `${surfaceId} ${Reflect.get(Object(payload), 'change')}`,
  )
const storedNames = async () => {
  const rows = await console_.deps.db.surface.findMany({ orderBy: { id: 'asc' } })
  return rows.map(({ name, archivedAt }) => (archivedAt === null ? name : `${name} (archived)`))
}

it('applying matches the table to the file, archives surfaces that left, restores returning ones, and audits only changes', async () => {
  await apply(surface('one'), surface('two'))
  await apply(surface('one'), surface('two'))
  expect(await changes()).toEqual(['one declared', 'two declared'])

  await apply(surface('one', 'Renamed'))
  expect((await changes()).slice(2)).toEqual(['one changed', 'two archived'])
  expect(await storedNames()).toEqual(['Renamed', 'two (archived)'])

  await apply(surface('one', 'Renamed'), surface('two'))
  expect((await changes()).slice(4)).toEqual(['two restored'])
})

it('a change of who may report is stored and audited like any other change', async () => {
  const strict = surface('strict').replace(' }', ', callbacks: oidc, repository_id: 900100 }')
  await apply(surface('strict'))
  const before = (await changes()).length
  await apply(strict)
  await apply(strict)
  expect((await changes()).slice(before)).toEqual(['strict changed'])
  expect(await console_.deps.db.surface.findUniqueOrThrow({ where: { id: 'strict' } })).toMatchObject({
    callbacks: 'oidc',
    repositoryId: 900100n,
  })
})

it('another order in the file becomes the order of the grid', async () => {
  await apply(surface('one'), surface('two'))
  expect(await apply(surface('two'), surface('one'))).toMatchObject({ changes: [], moved: ['two', 'one'] })
  const rows = await console_.deps.db.surface.findMany({ orderBy: { position: 'asc' } })
  expect(rows.map(({ id }) => id)).toEqual(['two', 'one'])
})

it('a difference that is not accepted changes nothing', async () => {
  await apply(surface('one'), surface('two'))
  const declared = declaring(surface('two', 'Renamed'), surface('three'))
  const found = await applySurfaces(console_.deps, declared, { actor: 'console', mayApply: () => false })
  expect(found).toMatchObject({ isApplied: false, stored: 2 })
  expect(found.changes.map(({ id, kind }) => `${id} ${kind}`)).toEqual(['two changed', 'three added', 'one archived'])
  expect(await storedNames()).toEqual(['one', 'two'])
  expect(await changes()).toHaveLength(2)
})

it('of several applications at once, one makes each change', async () => {
  await Promise.all([1, 2, 3, 4].map(() => apply(surface('one'), surface('two'))))
  expect(await changes()).toEqual(['one declared', 'two declared'])
})

/** What a start prints that finds these surfaces in its file. */
async function start(isShared: boolean, ...entries: string[]): Promise<readonly string[]> {
  const surfacesFile = path.join(directory, 'surfaces.yaml')
  writeFileSync(surfacesFile, `surfaces:\n${entries.join('')}`)
  const printed: string[] = []
  const say = (text: string) => void printed.push(text)
  await applyAtStart({
    databaseUrl: console_.deps.config.databaseUrl,
    surfacesFile,
    shownFile: 'surfaces.yaml',
    sandboxUrl: undefined,
    isShared,
    progress: { step: say, note: say, warn: say, done: say, fail: say },
  })
  return printed
}

it('a start stores the declared surfaces in a shared database that holds none, and says so', async () => {
  const printed = await start(true, surface('one'))
  expect(printed).toEqual(['1 surface declared in surfaces.yaml', expect.stringContaining('held no surface')])
  expect(await storedNames()).toEqual(['one'])
})

it('a start on a shared database that holds surfaces says what differs and how to apply it, and changes nothing', async () => {
  await apply(surface('one'), surface('two'))
  expect(await start(true, surface('one'), surface('two'))).toEqual(['2 surfaces declared in surfaces.yaml'])
  const [warning, ...others] = await start(true, surface('two', 'Renamed'), surface('three'))
  expect(warning).toContain('differs from the stored surfaces: added: three; changed: two; no longer declared: one.')
  expect(warning).toContain('npm run console -- surfaces apply --dry-run')
  expect(others).toEqual([])
  expect(await storedNames()).toEqual(['one', 'two'])
})

it('a start on a shared database that holds only archived surfaces does not bring them back', async () => {
  await apply(surface('one'))
  await console_.deps.db.surface.updateMany({ data: { archivedAt: new Date() } })
  expect(await start(true, surface('one'))).toEqual([expect.stringContaining('declared again: one.')])
  expect(await storedNames()).toEqual(['one (archived)'])
})

it('a start on a database of its own applies the file', async () => {
  await start(false, surface('one'))
  expect(await start(false, surface('two'))).toEqual(['1 surface declared in surfaces.yaml'])
  expect(await storedNames()).toEqual(['one (archived)', 'two'])
})
