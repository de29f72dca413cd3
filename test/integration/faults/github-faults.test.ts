import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DeployStatus } from '~/domain/deploy/status'
import {
  type Answer,
  answerInTurn,
  answers,
  deployIdOf,
  type Handler,
  neverAnswered,
} from '~test/support/scripted-github'
import type { SignedInServer } from './fault-world'
import { createFaultWorld, type Dispatched, dispatch, type FaultWorld, look } from './fault-world'

const TIMEOUT = 180_000

interface Fault {
  readonly accepts: boolean
  readonly answer: Answer | Handler
  /** The status of the deploy when the dispatch is answered, and what the operator reads. */
  readonly first: DeployStatus
  readonly says: RegExp | null
  /** The status once GitHub works again and the reconciler has looked. */
  readonly last: DeployStatus
}

const NOTHING = 'nothing for fifteen seconds after it accepted'
/** What the timeline says of a deploy whose run is known, and of one without a run. */
const SAYS_WHERE_FROM = /From GitHub’s record: run \d+|Run \d+ belongs to this deploy/
const SAYS_WHY = /No run was seen in 30 minutes|rate limit is exceeded until/
const UNKNOWN = /GitHub gave no usable answer to the dispatch/

const FAULTS: Readonly<Record<string, Fault>> = {
  '500 without having accepted': {
    accepts: false,
    answer: answers.serverError(500),
    first: 'requested',
    says: UNKNOWN,
    last: 'timed_out',
  },
  '502 after it accepted': {
    accepts: true,
    answer: answers.html(502),
    first: 'requested',
    says: UNKNOWN,
    last: 'dispatched',
  },
  '429, its rate limit': {
    accepts: false,
    answer: answers.primaryLimit(new Date(Date.now() + 60_000), 429),
    first: 'failed',
    says: /rate limit is exceeded until \d\d:\d\d UTC\. Nothing was started; deploy again after that/,
    last: 'failed',
  },
  'a lost connection after it accepted': {
    accepts: true,
    answer: 'hang up',
    first: 'requested',
    says: UNKNOWN,
    last: 'dispatched',
  },
  'garbage after it accepted': {
    accepts: true,
    answer: answers.html(200),
    first: 'requested',
    says: UNKNOWN,
    last: 'dispatched',
  },
  [NOTHING]: {
    accepts: true,
    answer: neverAnswered,
    first: 'requested',
    says: UNKNOWN,
    last: 'dispatched',
  },
}

let world: FaultWorld
let server: SignedInServer
const made = new Map<string, Dispatched>()
const waitedMs = new Map<string, number>()

beforeAll(async () => {
  world = await createFaultWorld()
  server = await world.startServer()
  const answerOf = new Map<string, Handler>()
  world.github.script.onDispatch = async (request) => {
    const { surfaceId } = await world.deps.db.deploy.findUniqueOrThrow({ where: { id: deployIdOf(request) } })
    const answer = answerOf.get(surfaceId)
    if (answer === undefined) throw new Error(`no fault is planned for ${surfaceId}`)
    return answer(request)
  }
  // All at once, so that the fault of fifteen seconds does not delay the others.
  const ask = async ([name, { accepts, answer }]: [string, Fault]) => {
    const surfaceId = await world.newSurface()
    answerOf.set(surfaceId, accepts ? world.model.accepting(answer) : answerInTurn(answer))
    const asked = performance.now()
    made.set(name, await dispatch(server, surfaceId))
    waitedMs.set(name, performance.now() - asked)
  }
  await Promise.all(Object.entries(FAULTS).map(ask))
}, TIMEOUT)
afterAll(() => world.close(), TIMEOUT)

const idOf = (name: string): string => {
  const answer = made.get(name)
  if (answer === undefined || 'refused' in answer) throw new Error(`The dispatch was not recorded: ${answer?.refused}`)
  return answer.id
}
const cases = Object.entries(FAULTS)

describe("a fault of GitHub's answer to a dispatch", { timeout: TIMEOUT }, () => {
  it.each(cases)(
    'a dispatch that GitHub answers with %s is sent once, and the operator reads what is known',
    async (name, fault) => {
      const id = idOf(name)
      const seen = await look(server, id)
      expect(seen.status).toBe(fault.first)
      const said = [seen.failureDetail, ...seen.timeline.map(({ note }) => note)].filter((text) => text !== null)
      if (fault.says !== null) expect(said.join(' ')).toMatch(fault.says)
      expect(world.github.dispatchesOf(id)).toBe(1)
    },
  )

  it('a dispatch that GitHub does not answer is given up within 25 seconds', () => {
    expect(waitedMs.get(NOTHING)).toBeLessThan(25_000)
  })

  it('after the faults and a restart, every deploy shows what GitHub did, and no second run was started', async () => {
    const ids = cases.map(([name]) => idOf(name))
    await world.age(ids, 31)
    await server.kill()
    server = await world.startServer()
    for (const [name, { last, accepts }] of cases) {
      const id = idOf(name)
      await world.until(id, last)
      if (accepts) await world.untilRunKnown(id)
      expect(world.model.runsOf(id), name).toHaveLength(accepts ? 1 : 0)
      const { runId, failureDetail, timeline } = await look(server, id)
      expect(runId, name).toBe(world.model.runsOf(id)[0]?.id.toString() ?? null)
      // The reason for the status: GitHub's answer or GitHub's record.
      const why = [failureDetail, ...timeline.map(({ note }) => note)].join(' ')
      expect(why, name).toMatch(accepts ? SAYS_WHERE_FROM : SAYS_WHY)
      expect(world.github.dispatchesOf(id), name).toBe(1)
    }
  })
})
