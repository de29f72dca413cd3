import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { restClient } from '~test/support/rest-client'
import { type ScriptedGitHub, SHA, startScriptedGitHub } from '~test/support/scripted-github'

let console_: TestConsole
let github: ScriptedGitHub
let rest: ReturnType<typeof restClient>
beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  rest = restClient(console_.deps)
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

const surfaceAddress = (id: string, part = '') => `/api/internal/surfaces/${id}${part}`
const reviewAnswer = z.object({
  sha: z.string(),
  basis: z.object({ declaration: z.string(), workflow_ref: z.string(), workflow_file: z.string().nullable() }),
})

it('a script reads every surface, and one surface with what a request needs', async () => {
  const { id, confirm } = await insertSurface(console_.deps, { environment: 'staging' })
  const known = { id, confirm, environment: 'staging', version: null, last_deploy: null, freezes: [] }
  expect(await rest.call('GET', surfaceAddress(id))).toMatchObject({ status: 200, body: known })
  expect(await rest.call('GET', '/api/internal/surfaces')).toMatchObject({
    status: 200,
    body: { surfaces: expect.arrayContaining([expect.objectContaining(known)]) },
  })
  expect(await rest.call('GET', surfaceAddress('nowhere'))).toMatchObject({
    status: 404,
    body: { code: 'surface_unknown' },
  })
})

it('a deploy that sends back what its review showed is refused after the declaration changed', async () => {
  const { id, confirm } = await insertSurface(console_.deps, { environment: 'staging' })
  const review = await rest.call('GET', surfaceAddress(id, '/review?ref=main'))
  expect(review).toMatchObject({ status: 200, body: { ref: 'refs/heads/main', sha: SHA, running_sha: null } })
  const { sha, basis } = reviewAnswer.parse(review.body)
  const body = { surface: id, ref: 'main', confirmation: confirm, expected_sha: sha, basis }
  const deploy = () =>
    rest.call('POST', '/api/internal/deploys', { headers: { 'idempotency-key': randomUUID() }, body })
  await console_.deps.db.surface.update({ where: { id }, data: { workflow: 'another.yml' } })
  expect(await deploy()).toMatchObject({ status: 409, body: { code: 'surface_changed' } })
  await console_.deps.db.surface.update({ where: { id }, data: { workflow: 'deploy-console.yml' } })
  expect(await deploy()).toMatchObject({ status: 202 })
})

describe('freezes and locks over REST', () => {
  it('a lock refuses deploys until a script unlocks the surface', async () => {
    const { id } = await insertSurface(console_.deps, { environment: 'staging' })
    const lock = () => rest.call('POST', surfaceAddress(id, '/lock'), { body: { reason: 'Migration' } })
    expect(await lock()).toMatchObject({ status: 201, body: { reason: 'Migration', surface: { id } } })
    expect(await lock()).toMatchObject({ status: 409, body: { code: 'surface_locked' } })
    expect(await rest.call('GET', surfaceAddress(id))).toMatchObject({ body: { freezes: [{ kind: 'locked' }] } })
    const unlock = () => rest.call('DELETE', surfaceAddress(id, '/lock'))
    expect(await unlock()).toMatchObject({ status: 200, body: { surface: id, locked: false } })
    expect(await unlock()).toMatchObject({ status: 404, body: { code: 'freeze_unknown' } })
  })

  it('the review of the holder of a lock warns and does not block, as the deploy would not', async () => {
    const { id } = await insertSurface(console_.deps, { environment: 'staging' })
    await rest.call('POST', surfaceAddress(id, '/lock'), { body: { reason: 'Migration' } })
    expect(await rest.call('GET', surfaceAddress(id, '/review?ref=main'))).toMatchObject({
      body: { warnings: expect.arrayContaining([expect.objectContaining({ kind: 'locked', blocking: false })]) },
    })
    await rest.call('DELETE', surfaceAddress(id, '/lock'))
  })

  it('a freeze window is opened, listed and lifted', async () => {
    await insertSurface(console_.deps, { environment: 'production' })
    const asked = { environment: 'production', reason: 'Release week', ends_at: '2999-01-01T00:00:00+01:00' }
    const opened = await rest.call('POST', '/api/internal/freeze-windows', { body: asked })
    expect(opened).toMatchObject({ status: 201, body: { state: 'in_force', ends_at: '2998-12-31T23:00:00.000Z' } })
    const { id } = z.object({ id: z.string() }).parse(opened.body)
    const list = () => rest.call('GET', '/api/internal/freeze-windows')
    expect(await list()).toMatchObject({ body: { freezes: [expect.objectContaining({ id })] } })
    expect(await rest.call('POST', `/api/internal/freeze-windows/${id}/lift`)).toMatchObject({ status: 200 })
    expect(await list()).toMatchObject({ body: { freezes: [] } })
    const early = { ...asked, ends_at: '1999-01-01T00:00:00Z' }
    expect(await rest.call('POST', '/api/internal/freeze-windows', { body: early })).toMatchObject({ status: 400 })
  })
})

it('a script adds a window that recurs, asks what it does, changes a lock, and is told what contradicts itself', async () => {
  const { id } = await insertSurface(console_.deps, { environment: 'staging' })
  const recurrence = { rule: 'FREQ=DAILY', time_zone: 'UTC', local_start: '2026-01-01T00:00', duration_minutes: 1440 }
  const asked = { surface: id, reason: 'Every day', recurrence, rollbacks_pass: true }
  const opened = await rest.call('POST', '/api/internal/freeze-windows', { body: asked })
  expect(opened).toMatchObject({ status: 201, body: { kind: 'freeze', recurrence, rollbacks_pass: true } })
  const at = new Date(Date.now() + 30 * 86_400_000).toISOString()
  const state = () => rest.call('GET', surfaceAddress(id, `/net-state?at=${at}`))
  expect(await state()).toMatchObject({ status: 200, body: { answer: 'no', at } })
  const contradiction = { ...asked, environment: 'staging' }
  expect(await rest.call('POST', '/api/internal/freeze-windows', { body: contradiction })).toMatchObject({
    status: 400,
  })
  const window = z.object({ id: z.string() }).parse(opened.body)
  await rest.call('POST', `/api/internal/freeze-windows/${window.id}/lift`)
  expect(await state()).toMatchObject({ body: { answer: 'yes' } })
  const body = { reason: 'Ask Grace first', kind: 'notice', ends_at: '2999-01-01T00:00:00Z' }
  const notice = z
    .object({ id: z.string() })
    .parse((await rest.call('POST', surfaceAddress(id, '/lock'), { body })).body)
  const changed = await rest.call('PATCH', `/api/internal/freeze-windows/${notice.id}`, { body: { ends_at: null } })
  expect(changed).toMatchObject({ status: 200, body: { reason: 'Ask Grace first', ends_at: null } })
})

it('the waiting approvals are listed', async () => {
  expect(await rest.call('GET', '/api/internal/approvals')).toMatchObject({ status: 200, body: { waiting: [] } })
})
