import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { withdrawQueued } from '~/server/queue/leave-queue'
import { takeTurn } from '~/server/queue/take-turn'
import { insertDeployAt } from '~test/support/console'
import { moveDeploy } from '~test/support/move-deploy'
import { type CommandWorld, createCommandWorld, SUCCESS } from './command-world'

let world: CommandWorld
beforeAll(async () => {
  world = await createCommandWorld()
})
afterEach(() => {
  world.github.requests.length = 0
})
afterAll(() => world.close())

const run: CommandWorld['run'] = (...command) => world.run(...command)

describe('a deploy that waits in the queue', () => {
  it('is refused without --queue, and with it is followed from its turn to its end', async () => {
    const { id: ahead, surface } = await insertDeployAt(world.deps, 'building')
    const args = ['deploy', surface.id, '--confirm', surface.id]
    expect(await run(args)).toMatchObject({ code: 1, err: 'Nothing was deployed.' })
    const reports = world.reporting(surface.id, SUCCESS)
    let pauses = 0
    const onPause = async () => {
      pauses += 1
      if (pauses === 1) expect((await run(['status', surface.id])).out).toContain('queued 1: main at')
      if (pauses === 1) await moveDeploy(world.deps.db, ahead, 'succeeded')
      if (pauses === 1) await takeTurn(world.deps, surface.id)
      else await reports()
    }
    const { code, out, err } = await run([...args, '--queue', '--watch'], { onPause })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('Next in the queue, behind the deploy of main by operator. Nothing is deployed yet.')
    expect(out).toMatch(/Deploy: active[\s\S]*Deploy: done/)
  })

  it('says why the queue has stopped, and exits with 3 when the request is withdrawn', async () => {
    const { id: ahead, surface } = await insertDeployAt(world.deps, 'building')
    let pauses = 0
    const onPause = async () => {
      pauses += 1
      if (pauses === 1) await moveDeploy(world.deps.db, ahead, 'failed')
      if (pauses === 1) return
      const { id } = await world.deps.db.queuedRequest.findFirstOrThrow({ where: { surfaceId: surface.id } })
      await withdrawQueued(world.deps, world.ada, id)
    }
    const { code, out } = await run(['deploy', surface.id, '--confirm', surface.id, '--queue', '--watch'], { onPause })
    expect({ code, out }).toMatchObject({ code: 3, out: expect.stringContaining('The queue has stopped') })
    expect(out).toContain('The queued request was withdrawn')
  })
})

describe('one’s own queue', () => {
  /** A queued request behind a deploy under way. */
  async function waiting() {
    const { id: ahead, surface } = await insertDeployAt(world.deps, 'building')
    const { out } = await run(['deploy', surface.id, '--confirm', surface.id, '--queue', '--json'])
    const { queued } = z.object({ queued: z.object({ id: z.uuid() }) }).parse(JSON.parse(out))
    return { ahead, surface, id: queued.id }
  }

  it('lists what waits and how requests ended, as lines or as one JSON document', async () => {
    const [first, second] = [await waiting(), await waiting()]
    await withdrawQueued(world.deps, world.ada, second.id)
    const { code, out } = await run(['queue', 'list'])
    expect(code).toBe(0)
    expect(out).toMatch(new RegExp(`${first.id}  ${first.surface.id} .*main at [0-9a-f]{7}  expires 20`))
    expect(out).toContain('    Next in the queue, behind the deploy of main by operator.')
    expect(out).toContain(`withdrawn by ada@example.com. Nothing was deployed.`)
    const json: unknown = JSON.parse((await run(['queue', 'list', '--json'])).out)
    const withId = (id: string) => expect.arrayContaining([expect.objectContaining({ id })])
    expect(json).toMatchObject({ waiting: withId(first.id), ended: withId(second.id) })
  })

  it('withdraws a request, once, and exits with 1 when it had ended and with 2 without an id', async () => {
    const { id } = await waiting()
    expect(await run(['queue', 'withdraw', id])).toMatchObject({
      code: 0,
      out: 'The request is withdrawn. Nothing of it is deployed.',
    })
    const { id: taken, surface, ahead } = await waiting()
    await moveDeploy(world.deps.db, ahead, 'succeeded')
    await takeTurn(world.deps, surface.id)
    expect(await run(['queue', 'withdraw', taken])).toMatchObject({
      code: 1,
      err: expect.stringContaining('already deployed'),
    })
    expect(await run(['queue', 'withdraw', surface.id])).toMatchObject({ code: 2 })
    expect(await run(['queue', 'withdraw', randomUUID()])).toMatchObject({ code: 1 })
  })

  it('is refused with 4 for a token that may only read', async () => {
    const { id, surface, ahead } = await waiting()
    const reader = await world.tokenFor({ permissions: ['surface.read', 'deploy.read'] })
    const environment = { DEPLOY_CONSOLE_URL: world.server.address, DEPLOY_CONSOLE_TOKEN: reader }
    expect(await run(['queue', 'withdraw', id], { environment })).toMatchObject({ code: 4 })
    await moveDeploy(world.deps.db, ahead, 'failed')
    const args = ['queue', 'continue', surface.id, '--after', ahead]
    expect(await run(args, { environment })).toMatchObject({ code: 4 })
    expect(await run(['queue', 'list'], { environment })).toMatchObject({ code: 0 })
  })

  it('is continued after the deploy that was shown: a script names it, and a person is asked', async () => {
    const { ahead, surface } = await waiting()
    expect(await run(['queue', 'continue', surface.id])).toMatchObject({
      code: 1,
      err: expect.stringContaining('does not wait for a person'),
    })
    await moveDeploy(world.deps.db, ahead, 'failed')
    const unasked = await run(['queue', 'continue', surface.id])
    expect(unasked).toMatchObject({ code: 2, out: 'The deploy ahead failed.' })
    expect(unasked.err).toContain(`A script passes --after ${ahead}.`)
    const declined = await run(['queue', 'continue', surface.id], { ask: async () => 'no' })
    expect(declined).toMatchObject({ code: 3, err: 'The queue was not continued.' })
    expect(await run(['queue', 'continue', surface.id, '--after', randomUUID()])).toMatchObject({ code: 1 })
    expect(await world.deps.db.deploy.findUniqueOrThrow({ where: { id: ahead } })).toMatchObject({
      queueContinuedAt: null,
    })
    const asked: string[] = []
    const ask = async (question: string) => {
      asked.push(question)
      return 'yes'
    }
    const { code, out } = await run(['queue', 'continue', surface.id, '--json'], { ask })
    expect({ code, json: JSON.parse(out) }).toEqual({
      code: 0,
      json: { surface: surface.id, continued_after: ahead },
    })
    expect(asked).toEqual([`Continue after deploy ${ahead}? What waits: 1. (yes or no) `])
    // A repetition by a script gets the same answer.
    expect(await run(['queue', 'continue', surface.id, '--after', ahead])).toMatchObject({ code: 0 })
  })
})
