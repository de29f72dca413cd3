import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { afterAll, beforeEach, expect, it } from 'vitest'
import type { DeployStatus } from '~/domain/deploy-status'
import { probeDueSurfaces } from '~/server/worker/prober'
import { createTestConsole, insertDeployAt, insertSurface, type TestConsole } from '~test/support/console'

const SECOND = 1_000

let console_: TestConsole
let asked: string[] = []
let answer = (response: ServerResponse) => void response.end('{}')
const server = createServer((request, response) => {
  asked.push(request.url?.slice(1) ?? '')
  answer(response)
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const address = server.address()
const port = typeof address === 'object' ? address?.port : undefined

beforeEach(async () => {
  console_ = await createTestConsole()
  asked = []
  return () => console_.close()
})
afterAll(() => server.close())

/** The surface answers here, and was last asked so long ago. */
async function lastAsked(surfaceId: string, secondsAgo: number | null) {
  await console_.deps.db.surface.update({
    where: { id: surfaceId },
    data: {
      healthUrl: `http://127.0.0.1:${port}/${surfaceId}`,
      healthCheckedAt: secondsAgo === null ? null : new Date(Date.now() - secondsAgo * SECOND),
    },
  })
  return surfaceId
}

it('a quiet surface is asked every 30 seconds, and one never asked at once', async () => {
  await lastAsked((await insertSurface(console_.deps)).id, 25)
  const due = await lastAsked((await insertSurface(console_.deps)).id, 31)
  const fresh = await lastAsked((await insertSurface(console_.deps)).id, null)
  await probeDueSurfaces(console_.deps)
  expect(asked.toSorted()).toEqual([due, fresh].toSorted())
})

it.each<[DeployStatus, 'every pass' | 'every 30 seconds']>([
  ['requested', 'every 30 seconds'],
  ['dispatched', 'every 30 seconds'],
  ['freeze_check_passed', 'every 30 seconds'],
  ['building', 'every pass'],
  ['deploying', 'every pass'],
])('a surface whose deploy stands at %s is asked at %s', async (status, cadence) => {
  const { surface } = await insertDeployAt(console_.deps, status)
  await lastAsked(surface.id, 2)
  await probeDueSurfaces(console_.deps)
  expect(asked).toEqual(cadence === 'every pass' ? [surface.id] : [])
  await lastAsked(surface.id, 31)
  asked = []
  await probeDueSurfaces(console_.deps)
  expect(asked).toEqual([surface.id])
})

it('a surface is asked at every pass for a minute after its deploy ended, and as a quiet one from then on', async () => {
  const { id, surface } = await insertDeployAt(console_.deps, 'failed')
  const endedAgo = async (seconds: number) => {
    await console_.deps.db.deploy.update({
      where: { id },
      data: { finishedAt: new Date(Date.now() - seconds * SECOND) },
    })
    await lastAsked(surface.id, 2)
    asked = []
    await probeDueSurfaces(console_.deps)
    return asked
  }
  expect(await endedAgo(30)).toEqual([surface.id])
  expect(await endedAgo(90)).toEqual([])
})

it('no more than 16 surfaces are asked at once, and one that hangs keeps only its own place', async () => {
  for (let count = 0; count < 40; count += 1) await lastAsked((await insertSurface(console_.deps)).id, null)
  const open: ServerResponse[] = []
  answer = (response) => {
    open.push(response)
    server.emit('asked')
  }
  const pass = probeDueSurfaces(console_.deps)
  while (open.length < 16) await once(server, 'asked')
  // Whatever set out before this one has arrived once this one has.
  const later = fetch(`http://127.0.0.1:${port}/later`)
  while (!asked.includes('later')) await once(server, 'asked')
  expect(asked).toHaveLength(16 + 1)

  const [hanging] = open.splice(0, 1)
  for (let answered = 0; answered < 39 + 1; answered += 1) {
    if (open.length === 0) await once(server, 'asked')
    open.shift()?.end('{}')
  }
  expect(new Set(asked).size).toBe(40 + 1)
  hanging?.end('{}')
  await Promise.all([pass, later])
})
