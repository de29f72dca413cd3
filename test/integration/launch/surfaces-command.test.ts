import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callConsole } from '~test/support/call-console'
import { createTestConsole, insertDeployAt, insertSurface, type TestConsole } from '~test/support/console'

const directory = mkdtempSync(path.join(tmpdir(), 'surfaces command '))
const surfacesFile = path.join(directory, 'surfaces.yaml')
let console_: TestConsole
/** A surface with a deploy in progress. */
let busy: string
beforeAll(async () => {
  console_ = await createTestConsole()
  await insertSurface(console_.deps, { id: 'old' })
  busy = (await insertDeployAt(console_.deps, 'building')).surface.id
  const api = await insertSurface(console_.deps, { id: 'api' })
  await console_.deps.db.surface.update({ where: { id: api.id }, data: { requiresApproval: true } })
  const { name, environment, repository, workflow, url, healthUrl, position } = api
  expect(position).toBeGreaterThan(0)
  const declared = { id: 'api', name, environment, repository, url, health_url: healthUrl }
  const docs = { ...declared, id: 'docs', environment: 'staging', workflow: 'docs.yml' }
  writeFileSync(surfacesFile, JSON.stringify({ surfaces: [{ ...declared, workflow }, docs] }))
})
afterAll(async () => {
  await console_.close()
  rmSync(directory, { recursive: true, force: true })
})

const apply = (...options: string[]) =>
  callConsole(console_.deps.config.databaseUrl, ['surfaces', 'apply', ...options], {
    SURFACES_FILE: surfacesFile,
    DATA_DIR: directory,
  })
const storedIds = async () =>
  (await console_.deps.db.surface.findMany({ where: { archivedAt: null }, orderBy: { id: 'asc' } })).map(({ id }) => id)

const expectedChanges = () => [
  'changed   api',
  '          approval: required → none',
  '          ! deploys no longer need the approval of another person.',
  'added     docs: staging, acme/platform, docs.yml',
  'archived  old',
  `archived  ${busy} (a deploy is in progress or holds it, so its tile stays until then)`,
]

describe('npm run console -- surfaces apply', () => {
  it('refuses to archive a surface without --archive, also as a dry run, and changes nothing', async () => {
    for (const options of [[], ['--dry-run']]) {
      const { code, out, err } = await apply(...options)
      expect({ code, err }).toEqual({ code: 1, err: '' })
      expect(out.split('\n').slice(0, -2)).toEqual(expectedChanges())
      expect(out).toMatch(/REFUSED: \S.* no longer declares old, surface-\d+\. Nothing was changed\. .*--archive/)
    }
    expect(await storedIds()).toEqual(['api', 'old', busy])
  })

  it('with --dry-run prints the difference and changes nothing, and without it applies the same', async () => {
    const printed = (last: string) => ({ code: 0, err: '', out: [...expectedChanges(), last, ''].join('\n') })
    expect(await apply('--archive', '--dry-run')).toEqual(printed('4 changes to apply. Nothing was changed.'))
    expect(await storedIds()).toEqual(['api', 'old', busy])

    expect(await apply('--archive')).toEqual(printed('4 changes applied.'))
    expect(await storedIds()).toEqual(['api', 'docs'])
    const trail = await console_.deps.db.auditEvent.findMany({ orderBy: { id: 'asc' } })
    expect(trail.map(({ actor, surfaceId, payload }) => [actor, surfaceId, payload])).toEqual([
      ['console', 'api', { change: 'changed', weakened: ['approval'] }],
      ['console', 'docs', { change: 'declared' }],
      ['console', 'old', { change: 'archived' }],
      ['console', busy, { change: 'archived' }],
    ])

    const again = await apply()
    expect(again).toMatchObject({ code: 0, out: expect.stringMatching(/^The stored surfaces are the 2 that /) })
    const { code, out } = await apply('--json')
    expect({ code, ...JSON.parse(out) }).toMatchObject({ code: 0, changes: [], isApplied: true, isRefused: false })
    expect(await console_.deps.db.auditEvent.count()).toBe(trail.length)
  })

  it('takes the address of the sandbox from DATA_DIR, and refers to npm start if there is none', async () => {
    const { db } = console_.deps
    await db.claimedDatabase.create({ data: { console: 'sandbox', claimedAt: new Date() } })
    expect(await apply()).toMatchObject({ code: 1, out: '', err: expect.stringContaining('npm start') })

    const text = readFileSync(surfacesFile, 'utf8')
    writeFileSync(surfacesFile, text.replace(/https:\/\/api\.example\.com"/, `\${SANDBOX_URL}/api"`))
    mkdirSync(path.join(directory, 'sandbox'))
    writeFileSync(path.join(directory, 'sandbox/sandbox.json'), JSON.stringify({ url: 'http://127.0.0.1:4010' }))
    expect(await apply()).toMatchObject({ code: 0, out: expect.stringContaining('url: https://api.example.com → ') })
    expect(await db.surface.findUniqueOrThrow({ where: { id: 'api' } })).toMatchObject({
      url: 'http://127.0.0.1:4010/api',
    })
  })
})
