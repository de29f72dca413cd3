import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SignedInServer } from './fault-world'
import { createFaultWorld, type Dispatched, dispatch, type FaultWorld } from './fault-world'

const TIMEOUT = 180_000

let world: FaultWorld
let servers: readonly [SignedInServer, SignedInServer]
beforeAll(async () => {
  world = await createFaultWorld()
  servers = [await world.startServer(), await world.startServer()]
}, TIMEOUT)
afterAll(() => world.close(), TIMEOUT)

const twelve = <Value>(make: (server: SignedInServer, index: number) => Promise<Value>) =>
  Promise.all(Array.from({ length: 12 }, (_, index) => make(servers[index % 2 === 0 ? 0 : 1], index)))
const madeIds = (answers: readonly Dispatched[]) => answers.flatMap((one) => ('refused' in one ? [] : [one.id]))

describe('two servers on one database', { timeout: TIMEOUT }, () => {
  it('simultaneous requests with one idempotency key make one deploy and one run, and all are answered with that deploy', async () => {
    const surfaceId = await world.newSurface()
    const key = randomUUID()
    const ids = madeIds(await twelve((server) => dispatch(server, surfaceId, key)))
    expect(ids).toHaveLength(12)
    expect(new Set(ids).size).toBe(1)
    expect(world.model.runsOf(ids[0] ?? '')).toHaveLength(1)
  })

  it('simultaneous requests for two surfaces with one idempotency key ship one surface and are refused for the other', async () => {
    const surfaces = [await world.newSurface(), await world.newSurface()] as const
    const key = randomUUID()
    const answers = await twelve((server, index) => dispatch(server, surfaces[index % 4 < 2 ? 0 : 1], key))
    expect(new Set(madeIds(answers)).size).toBe(1)
    const refusals = answers.flatMap((one) => ('refused' in one ? [one.refused] : []))
    expect(refusals).toEqual(Array.from({ length: 6 }, () => 'idempotency_mismatch'))
    expect(await world.deps.db.deploy.count({ where: { idempotencyKey: key } })).toBe(1)
  })

  it('simultaneous requests for one surface with their own keys make one deploy, and the others are refused as surface_busy', async () => {
    const surfaceId = await world.newSurface()
    const answers = await twelve((server) => dispatch(server, surfaceId))
    const ids = madeIds(answers)
    expect(ids).toHaveLength(1)
    expect(answers.filter((one) => 'refused' in one && one.refused === 'surface_busy')).toHaveLength(11)
    expect(await world.deps.db.deploy.count({ where: { surfaceId } })).toBe(1)
    expect(world.model.runsOf(ids[0] ?? '')).toHaveLength(1)
  })
})
