import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { reaches } from '~/domain/actor'
import { lockSurface, openFreeze } from '~/server/freezes/change-freezes'
import { freezesInForce } from '~/server/freezes/freezes-in-force'
import { applySurfaces } from '~/server/surfaces/declare/apply-surfaces'
import { explainWeakenings } from '~/server/surfaces/declare/compare-surfaces'
import { parseSurfaces } from '~/server/surfaces/declare/read-surfaces-file'
import { listTiles } from '~/server/surfaces/tiles/list-tiles'
import { OPERATOR } from '~test/support/actors'
import { createTestConsole, type TestConsole } from '~test/support/console'

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
})
beforeEach(async () => {
  await console_.deps.db.freeze.deleteMany()
})
afterAll(() => console_.close())

const surface = (id: string, facts: Readonly<Record<string, string | number>> = {}) => {
  const all = {
    id,
    name: id,
    environment: 'production',
    repository: 'a/b',
    workflow: `${id}.yml`,
    url: 'http://x',
    health_url: 'http://x/h',
    ...facts,
  }
  return `  - ${JSON.stringify(all)}\n`
}
/** Applies a file of these surfaces, as a start does. Returns the warnings of that start. */
const apply = async (...entries: string[]) => {
  const declared = parseSurfaces(`surfaces:\n${entries.join('')}`, 'surfaces.yaml', undefined)
  const applied = await applySurfaces(console_.deps, declared, { actor: 'seeder', mayApply: () => true })
  return [...explainWeakenings(applied), ...applied.idleFreezes]
}
const lastApplied = async (surfaceId: string) =>
  (
    await console_.deps.db.auditEvent.findFirst({
      where: { surfaceId, action: 'console.surface.seeded' },
      orderBy: { id: 'desc' },
    })
  )?.payload

it.each([
  ['approval', { approval: 'required' }, { approval: 'none' }],
  ['environment', {}, { environment: 'staging' }],
  ['callbacks', { callbacks: 'oidc', repository_id: 7 }, { callbacks: 'shared', repository_id: 7 }],
  ['repository_id', { callbacks: 'oidc', repository_id: 7 }, { callbacks: 'oidc' }],
])('a weakened %s of a surface is audited and is a warning at the start', async (key, before, after) => {
  await apply(surface('api', before))
  const warnings = await apply(surface('api', after))
  expect(warnings).toEqual([expect.stringContaining('"api"')])
  expect(await lastApplied('api')).toEqual({ change: 'changed', weakened: [key] })
  expect(await apply(surface('api', after))).toEqual([])
})

it('a change that strengthens a surface gives no warning', async () => {
  await apply(surface('web', { environment: 'staging' }))
  const stronger = { environment: 'production', approval: 'required', callbacks: 'oidc', repository_id: 7, name: 'Web' }
  expect(await apply(surface('web', stronger))).toEqual([])
  expect(await lastApplied('web')).toEqual({ change: 'changed' })
})

it('a surface that returns is compared with what it was when it left', async () => {
  await apply(surface('api', { approval: 'required' }))
  await apply(surface('web'))
  expect(await apply(surface('api'), surface('web'))).toHaveLength(1)
  expect(await lastApplied('api')).toEqual({ change: 'restored', weakened: ['approval'] })
})

it('a freeze of an environment without surfaces gives a warning', async () => {
  await apply(surface('api', { environment: 'live' }))
  await openFreeze(console_.deps, OPERATOR, { environment: 'live', reason: 'Release week' })
  const warnings = await apply(surface('api', { environment: 'prod' }))
  expect(warnings).toContainEqual(expect.stringMatching(/no surface is in the environment live/i))
})

it('a surface that leaves the file and returns keeps its lock', async () => {
  await apply(surface('api'), surface('web'))
  await lockSurface(console_.deps, OPERATOR, { surfaceId: 'api', reason: 'Being migrated' })
  await apply(surface('web'))
  await apply(surface('api'), surface('web'))
  const held = await freezesInForce(console_.deps.db, { id: 'api', environment: 'production' }, new Date())
  expect(held).toMatchObject([{ kind: 'locked', reason: 'Being migrated' }])
})

it('a renamed surface is not locked by the lock of its old name, and the start and the grid warn of it', async () => {
  await apply(surface('api'))
  await lockSurface(console_.deps, OPERATOR, { surfaceId: 'api', reason: 'Being migrated' })
  const warnings = await apply(surface('api-two', { workflow: 'api.yml' }))
  const sentence = 'The lock of “api”, which left surfaces.yaml, does not hold “api-two”'
  expect(warnings).toEqual([expect.stringContaining(sentence)])
  const alarmOf = async (id: string) => (await listTiles(console_.deps)).find((tile) => tile.id === id)?.alarm
  expect(await alarmOf('api-two')).toContain(sentence)
  await console_.deps.db.freeze.deleteMany()
  expect(await alarmOf('api-two')).toBeNull()
})

it('a renamed surface is not held by the windows of its old name, and the start and the grid warn of each kind that refuses', async () => {
  await apply(surface('api'))
  const recurrence = { rule: 'FREQ=DAILY', timeZone: 'UTC', localStart: '2026-01-01T16:00', durationMinutes: 60 }
  for (const kind of ['freeze', 'allow'] as const) {
    await openFreeze(console_.deps, OPERATOR, { kind, surfaceId: 'api', reason: 'Evenings', recurrence })
  }
  const rest = 'of “api”, which left surfaces.yaml, does not hold “api-two”'
  const freezeSentence = expect.stringContaining(`A freeze window ${rest}`)
  const allowSentence = expect.stringContaining(`An allow window ${rest}`)
  expect(await apply(surface('api-two', { workflow: 'api.yml' }))).toEqual([freezeSentence, allowSentence])
  const alarm = async () => (await listTiles(console_.deps)).find(({ id }) => id === 'api-two')?.alarm
  expect(await alarm()).toEqual(freezeSentence)
  await openFreeze(console_.deps, OPERATOR, { surfaceId: 'api-two', reason: 'Evenings', recurrence })
  expect(await alarm()).toEqual(allowSentence)
})

it('a token limited to environments or surfaces that no longer exist can change nothing', () => {
  const scope = { environment: 'production', surfaceId: 'api' }
  for (const limit of [
    { environments: ['gone'], surfaces: null },
    { environments: [], surfaces: null },
  ]) {
    expect(reaches(limit, scope)).toBe(false)
  }
  expect(reaches({ environments: null, surfaces: ['gone'] }, scope)).toBe(false)
  expect(reaches({ environments: null, surfaces: [] }, scope)).toBe(false)
})
