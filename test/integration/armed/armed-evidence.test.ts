import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { requestDeploy } from '~/server/deploys/request/request-deploy'
import type { Deps } from '~/server/deps'
import { type ArmedWorld, BAD, createArmedWorld } from './armed-world'

// What the armed rollback must not say or do without evidence.

let world: ArmedWorld
beforeAll(async () => {
  world = await createArmedWorld()
})
beforeEach(async () => {
  await world.deps.db.freeze.deleteMany()
})
afterAll(() => world.close())

const healthy = { status: 200, version: BAD }
const failing = { status: 503, version: BAD }

describe('while GitHub is asked for the rollback', () => {
  /** Runs the job, and `meanwhile` when it first reads from GitHub: the comparison, or the workflow file that the request itself reads. */
  async function startWhile(
    deployId: string,
    meanwhile: () => unknown,
    path: '/compare/' | '/contents/' = '/contents/',
  ) {
    const { script } = world.github
    const { around } = script
    let asked = 0
    script.around = async (request, answer) => {
      if (request.path.includes(path) && asked++ === 0) await meanwhile()
      return around(request, answer)
    }
    await world.start(deployId)
    script.around = around
    expect(asked).toBeGreaterThan(0)
  }

  const recover = async (surfaceId: string) => {
    world.answer(surfaceId, healthy)
    await world.probe(surfaceId, 2)
  }

  it.each(['/compare/', '/contents/'] as const)('a healthy answer keeps the console from it (%s)', async (path) => {
    const { surfaceId, deployId } = await world.shipped('auto')
    await world.failThrice(surfaceId)
    await startWhile(deployId, () => recover(surfaceId), path)
    expect(await world.rollbacksOf(surfaceId)).toEqual([])
    const reason = expect.stringContaining('did not say that it is unhealthy')
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'offered', reason })
  })

  it('the end of the watch keeps the console from it', async () => {
    const { surfaceId, deployId } = await world.shipped('auto', { minutes: 1 })
    await world.failThrice(surfaceId)
    await startWhile(deployId, () => world.passSeconds(600))
    expect(await world.rollbacksOf(surfaceId)).toEqual([])
  })

  it('a newer deploy that GitHub refused keeps the console from it', async () => {
    const { surfaceId, deployId } = await world.shipped('auto')
    await world.failThrice(surfaceId)
    await startWhile(deployId, async () => {
      const { onDispatch } = world.github.script
      world.github.script.onDispatch = () => ({ status: 422, body: { message: 'no' } })
      await requestDeploy(world.deps, world.ada, world.requestOf(surfaceId, 'e'.repeat(40)))
      world.github.script.onDispatch = onDispatch
    })
    expect(await world.rollbacksOf(surfaceId)).toEqual([])
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'offered', reason: 'A newer deploy was requested.' })
  })

  it('a second run of the job that refuses is final', async () => {
    const { surfaceId, deployId } = await world.shipped('auto')
    await world.failThrice(surfaceId)
    await startWhile(deployId, async () => {
      await recover(surfaceId)
      await world.start(deployId)
      world.answer(surfaceId, failing)
      await world.probe(surfaceId, 2)
    })
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'offered' })
    expect(await world.rollbacksOf(surfaceId)).toEqual([])
  })

  it('a second run of the same job records the rollback that the first run requested', async () => {
    const { surfaceId, deployId } = await world.shipped('auto')
    await world.failThrice(surfaceId)
    await startWhile(deployId, () => world.start(deployId))
    const rollbacks = await world.rollbacksOf(surfaceId)
    expect(rollbacks).toHaveLength(1)
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'rolling_back', rollbackDeployId: rollbacks[0]?.id })
  })

  it('a request for approval is kept back in the same way', async () => {
    const { surfaceId, deployId } = await world.shipped('auto', { requiresApproval: true })
    await world.failThrice(surfaceId)
    await startWhile(deployId, () => recover(surfaceId))
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'offered', approvalId: null })
  })

  it('a run outside the console that is newer than the deploy keeps the console from it', async () => {
    const { surfaceId, deployId } = await world.shipped('auto')
    await world.failThrice(surfaceId)
    await startWhile(deployId, () =>
      world.deps.db.surface.update({ where: { id: surfaceId }, data: { outsideRunAt: world.deps.now() } }),
    )
    const reason = expect.stringContaining('outside the console')
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'offered', reason })
    expect(await world.rollbacksOf(surfaceId)).toEqual([])
  })
})

describe('three in a row', () => {
  it('are not three with a pause of half an hour between them', async () => {
    const { surfaceId, deployId } = await world.shipped('auto', { minutes: 120 })
    world.answer(surfaceId, failing)
    await world.probe(surfaceId)
    await world.probe(surfaceId, 1800)
    await world.probe(surfaceId, 2)
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'watching' })
  })

  it('are not three if a server of an older version, which follows no watch, got a healthy answer in between', async () => {
    const { surfaceId, deployId } = await world.shipped('auto')
    world.answer(surfaceId, failing)
    await world.probe(surfaceId)
    world.passSeconds(10)
    const at = world.deps.now()
    const data = { health: 'healthy', healthDetail: null, healthCheckedAt: at, runningSeenAt: at }
    await world.deps.db.surface.update({ where: { id: surfaceId }, data })
    world.answer(surfaceId, failing)
    await world.probe(surfaceId)
    await world.probe(surfaceId, 1)
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'watching' })
  })

  describe('of replicas with clocks 25 seconds apart', () => {
    const ahead = (): Deps => ({ ...world.deps, now: () => new Date(world.deps.now().getTime() + 25_000) })

    it('are not over twenty seconds if only the clocks say so', async () => {
      const { surfaceId, deployId } = await world.shipped('auto')
      world.answer(surfaceId, failing)
      await world.probe(surfaceId, 1)
      await world.probe(surfaceId, 1, ahead())
      await world.probe(surfaceId, 2, ahead())
      expect(await world.watchOf(deployId)).toMatchObject({ state: 'watching' })
    })

    it('end with a healthy answer of the one behind', async () => {
      const { surfaceId, deployId } = await world.shipped('auto')
      world.answer(surfaceId, failing)
      await world.probe(surfaceId, 1, ahead())
      world.answer(surfaceId, healthy)
      await world.probe(surfaceId)
      world.answer(surfaceId, failing)
      await world.probe(surfaceId, 10, ahead())
      await world.probe(surfaceId, 10, ahead())
      expect(await world.watchOf(deployId)).toMatchObject({ state: 'watching' })
    })
  })

  it('that answer with anything else than a server error are offered, and start nothing', async () => {
    const { surfaceId, deployId } = await world.shipped('auto')
    await world.failThrice(surfaceId, { status: 404, version: BAD })
    const reason = expect.stringContaining('server error')
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'offered', reason })
  })

  it('without an answer count only if another surface answered since the second of them', async () => {
    const { surfaceId, deployId } = await world.shipped('offer')
    const other = await world.shipped(null)
    world.answer(surfaceId, 'nothing')
    await world.probe(surfaceId)
    await world.probe(other.surfaceId, 1)
    await world.probe(surfaceId, 9)
    await world.probe(surfaceId)
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'watching' })
    await world.probe(other.surfaceId, 1)
    await world.probe(surfaceId, 9)
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'offered' })
  })
})

describe('a surface that was never seen healthy with the deploy', () => {
  const NEXT = 'e'.repeat(40)

  it('is said to be so, and not to be watched or healthy', async () => {
    const { surfaceId } = await world.shipped('auto')
    const next = await world.ship(surfaceId, NEXT)
    expect(await world.watchOf(next)).toMatchObject({
      state: 'armed',
      sentences: [
        'Armed: rolls back by itself if unhealthy within 10 min of this deploy.',
        'Not watching yet: the surface was not seen healthy with this deploy.',
      ],
    })
    world.passSeconds(601)
    expect(await world.watchOf(next)).toMatchObject({
      state: 'unseen',
      sentences: ['The surface was not seen healthy with this deploy, so the console did not watch it.'],
      stoppable: false,
    })
  })

  it.each(['offer', 'auto'] as const)(
    'gets the offer if it answers with errors from the first second, and nothing starts by itself (%s)',
    async (mode) => {
      const { surfaceId } = await world.shipped(mode)
      const next = await world.ship(surfaceId, NEXT)
      await world.failThrice(surfaceId, { status: 503, version: NEXT })
      const watch = await world.watchOf(next)
      expect(watch).toMatchObject({ state: 'offered', healthyAt: null, target: { sha: BAD } })
      expect(watch?.sentences[0]).toBe(
        'The surface is unhealthy with this deploy, and was not seen healthy with it: answers HTTP 503.',
      )
      expect(watch?.reason).toBe(mode === 'auto' ? 'The surface was not seen healthy with this deploy before.' : null)
      await world.start(next)
      expect(await world.rollbacksOf(surfaceId)).toEqual([])
    },
  )

  it.each([
    ['an error without a version', { status: 502 }],
    ['no answer', 'nothing'],
    ['the version before', { status: 503, version: BAD }],
  ] as const)('gets no offer for %s', async (_, given) => {
    const { surfaceId } = await world.shipped('offer')
    const next = await world.ship(surfaceId, NEXT)
    await world.failThrice(surfaceId, given)
    expect(await world.watchOf(next)).toMatchObject({ state: 'armed' })
  })
})

describe('a version that was shipped outside the console', () => {
  it('disarms when it is seen healthy', async () => {
    const { surfaceId, deployId } = await world.shipped('offer')
    world.answer(surfaceId, { status: 200, version: '9'.repeat(40) })
    await world.probe(surfaceId)
    const reason = 'The surface was seen healthy with another version.'
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'disarmed', reason })
    await world.failThrice(surfaceId, { status: 502 })
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'disarmed' })
  })

  it('is not blamed on the deploy when it fails without a version later', async () => {
    const { surfaceId, deployId } = await world.shipped('offer')
    world.answer(surfaceId, { status: 503, version: '9'.repeat(40) })
    await world.probe(surfaceId)
    await world.failThrice(surfaceId, { status: 502 })
    expect(await world.watchOf(deployId)).toMatchObject({ state: 'watching', target: null })
  })
})

it('a health address that was declared anew is not blamed on the deploy', async () => {
  const { surfaceId, deployId } = await world.shipped('offer')
  const { healthUrl } = await world.deps.db.surface.findUniqueOrThrow({ where: { id: surfaceId } })
  world.answer('moved', { status: 404 })
  const data = { healthUrl: healthUrl.replace(`/${surfaceId}/`, '/moved/') }
  await world.deps.db.surface.update({ where: { id: surfaceId }, data })
  for (let count = 0; count < 3; count += 1) await world.probe(surfaceId)
  const reason = expect.stringContaining('surfaces.yaml')
  expect(await world.watchOf(deployId)).toMatchObject({ state: 'disarmed', reason, target: null })
})
