import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import type { DeployStatus } from '~/domain/deploy/status'
import { createDeps, type Deps } from '~/server/deps'
import { claimDueProbes, releaseProbe } from '~/server/surfaces/probe/surface-probes.sql'
import { createProber } from '~/server/worker/prober'
import { createTestConsole, insertDeployAt, insertSurface, type TestConsole } from '~test/support/console'

const SECOND = 1_000

let console_: TestConsole
let asked: string[] = []
let answer = (response: ServerResponse) => void response.end('{}')
const server = createServer((request, response) => {
  asked.push(request.url?.slice(1) ?? '')
  answer(response)
  server.emit('asked')
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const address = server.address()
const port = typeof address === 'object' ? address?.port : undefined

beforeEach(async () => {
  console_ = await createTestConsole()
  asked = []
  answer = (response) => void response.end('{}')
  return () => console_.close()
})
afterAll(() => server.close())

async function probeDue(deps: Deps = console_.deps) {
  const prober = createProber(deps)
  await prober.probeDue()
  await prober.idle()
}

/** Points the surface's health endpoint here, last asked `secondsAgo`. */
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

it('a quiet surface is asked every 30 seconds, and a new surface at once', async () => {
  await lastAsked((await insertSurface(console_.deps)).id, 25)
  const due = await lastAsked((await insertSurface(console_.deps)).id, 31)
  const fresh = await lastAsked((await insertSurface(console_.deps)).id, null)
  await probeDue()
  expect(asked.toSorted()).toEqual([due, fresh].toSorted())
})

it.each<[DeployStatus, 'every pass' | 'every 30 seconds']>([
  ['requested', 'every 30 seconds'],
  ['dispatched', 'every 30 seconds'],
  ['freeze_check_passed', 'every 30 seconds'],
  ['building', 'every pass'],
  ['deploying', 'every pass'],
])('a surface whose deploy has the status %s is asked %s', async (status, cadence) => {
  const { surface } = await insertDeployAt(console_.deps, status)
  await lastAsked(surface.id, 2)
  await probeDue()
  expect(asked).toEqual(cadence === 'every pass' ? [surface.id] : [])
  await lastAsked(surface.id, 31)
  asked = []
  await probeDue()
  expect(asked).toEqual([surface.id])
})

it('a surface is asked at every pass until a minute after its deploy ended, and then as a quiet surface', async () => {
  const { id, surface } = await insertDeployAt(console_.deps, 'failed')
  const endedAgo = async (seconds: number) => {
    await console_.deps.db.deploy.update({
      where: { id },
      data: { finishedAt: new Date(Date.now() - seconds * SECOND) },
    })
    await lastAsked(surface.id, 2)
    asked = []
    await probeDue()
    return asked
  }
  expect(await endedAgo(30)).toEqual([surface.id])
  expect(await endedAgo(90)).toEqual([])
})

it('at most 16 quiet surfaces are asked at once, and one that does not answer within a second makes room', async () => {
  for (let count = 0; count < 40; count += 1) await lastAsked((await insertSurface(console_.deps)).id, null)
  const open: ServerResponse[] = []
  answer = (response) => {
    open.push(response)
    server.emit('asked')
  }
  let letSecondPass = () => {}
  const second = new Promise<void>((resolve) => {
    letSecondPass = resolve
  })
  const prober = createProber({ ...console_.deps, pause: () => second })
  expect([await prober.probeDue(), await prober.probeDue()]).toEqual([16, 0])
  const freed = prober.placeFreed()
  letSecondPass()
  await freed
  expect(await prober.probeDue()).toBe(16)
  const { surface } = await insertDeployAt(console_.deps, 'deploying')
  await lastAsked(surface.id, 2)
  // A surface with a deploy has its own lane.
  expect(await prober.probeDue()).toBeGreaterThan(0)
  while (!asked.includes(surface.id)) await once(server, 'asked')
  answer = (response) => void response.end('{}')
  for (const response of open) response.end('{}')
  await prober.idle()
  expect(new Set(asked).size).toBe(asked.length)
})

it('several workers ask each surface once', async () => {
  for (let count = 0; count < 60; count += 1) await lastAsked((await insertSurface(console_.deps)).id, null)
  const workers = Array.from({ length: 3 }, () => createDeps(console_.deps.config))
  const all = workers.map(async (deps) => {
    const prober = createProber(deps)
    while ((await prober.probeDue()) > 0) await prober.placeFreed()
    await prober.idle()
  })
  await Promise.all(all)
  while (asked.length < 60) await probeDue()
  expect([asked.length, new Set(asked).size]).toEqual([60, 60])
  await Promise.all(workers.map(({ db }) => db.$disconnect()))
})

it('a probe that a dead worker claimed is claimed again after fifteen seconds', async () => {
  const { deps } = console_
  const id = await lastAsked((await insertSurface(deps)).id, null)
  const now = deps.now()
  expect(await claimDueProbes(deps.db, 'quiet', 16, now)).toMatchObject([{ id }])
  const later = (seconds: number) => new Date(now.getTime() + seconds * SECOND)
  expect(await claimDueProbes(deps.db, 'quiet', 16, later(14))).toEqual([])
  expect(await claimDueProbes(deps.db, 'quiet', 16, later(15))).toMatchObject([{ id }])
})

it('a surface that left surfaces.yaml is asked until its deploy has ended', async () => {
  const { deps } = console_
  const { id, surface } = await insertDeployAt(deps, 'building')
  const seen = { archivedAt: deps.now(), healthCheckedAt: null }
  await deps.db.surface.update({ where: { id: surface.id }, data: seen })
  expect(await claimDueProbes(deps.db, 'deploying', 16, deps.now())).toMatchObject([{ id: surface.id }])
  await deps.db.surfaceProbe.updateMany({ data: { claimedUntil: null } })
  await deps.db.deploy.update({ where: { id }, data: { status: 'failed', finishedAt: deps.now() } })
  expect(await claimDueProbes(deps.db, 'deploying', 16, deps.now())).toEqual([])
})

describe('a surface that does not answer in time', () => {
  /** The seconds after the last probe at which the next one is due, up to half an hour. */
  async function pauseOf(id: string) {
    const { deps } = console_
    const { healthCheckedAt } = await deps.db.surface.findUniqueOrThrow({ where: { id } })
    for (let seconds = 30; seconds <= 1_800; seconds += 30) {
      const now = new Date((healthCheckedAt?.getTime() ?? 0) + seconds * SECOND)
      if ((await claimDueProbes(deps.db, 'quiet', 1, now)).length === 0) continue
      await deps.db.surfaceProbe.updateMany({ data: { claimedUntil: null } })
      return seconds
    }
    return null
  }
  const unanswered = (id: string) => releaseProbe(console_.deps.db, id, { lane: 'quiet', answered: false })

  it('a surface that does not answer is asked at growing pauses, and at the usual pause once it answered', async () => {
    const id = await lastAsked((await insertSurface(console_.deps)).id, null)
    await probeDue()
    const pauses = [await pauseOf(id)]
    for (let times = 0; times < 6; times += 1) {
      await unanswered(id)
      pauses.push(await pauseOf(id))
    }
    expect(pauses).toEqual([30, 30, 60, 120, 240, 480, 600])
    await lastAsked(id, 601)
    await probeDue()
    expect(await pauseOf(id)).toBe(30)
  })

  it('a surface that does not answer is asked at once during a deploy, and at the usual pause afterwards', async () => {
    const { surface } = await insertDeployAt(console_.deps, 'building')
    await lastAsked(surface.id, 31)
    await probeDue()
    for (let times = 0; times < 6; times += 1) await unanswered(surface.id)
    await lastAsked(surface.id, 2)
    asked = []
    await probeDue()
    expect(asked).toEqual([surface.id])
    await console_.deps.db.deploy.updateMany({
      data: { status: 'failed', finishedAt: new Date(Date.now() - 90 * SECOND) },
    })
    expect(await pauseOf(surface.id)).toBe(30)
  })
})
