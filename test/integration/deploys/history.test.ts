import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { listDeploys } from '~/server/deploys/read/list-deploys'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'

let console_: TestConsole
beforeAll(async () => {
  console_ = await createTestConsole()
})
afterAll(() => console_.close())

async function insertPastDeploys(surfaceId: string, count: number) {
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

it('the history shows a status of a newer version as stored', async () => {
  const { id: surfaceId } = await insertSurface(console_.deps)
  const [id] = await insertPastDeploys(surfaceId, 1)
  await console_.deps.db.$executeRaw`ALTER TABLE "console_deploys" DROP CONSTRAINT "console_deploys_status_check"`
  await console_.deps.db.$executeRaw`UPDATE "console_deploys" SET "status" = 'verifying' WHERE "id" = ${id}::uuid`
  const page = await listDeploys(console_.deps, { surfaceId, cursor: null, limit: 10 })
  expect(page.deploys).toMatchObject([{ id, status: 'verifying', terminal: false }])
})
