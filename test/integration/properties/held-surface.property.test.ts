import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { AppError } from '~/domain/errors'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { releaseSurface } from '~/server/deploys/cancel/release-surface'
import { dispatchDeploy } from '~/server/deploys/dispatch/dispatch-deploy'
import { reconcileDeploy } from '~/server/deploys/runs/reconcile-deploy'
import type { Deps } from '~/server/deps'
import { findOutsideRuns } from '~/server/surfaces/follow/find-outside-runs'
import { OPERATOR } from '~test/support/actors'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { insertMember } from '~test/support/members'
import { type Conclusion, modelGitHub } from '~test/support/model-github'
import { runQueue } from '~test/support/run-queue'
import { answerInTurn, listAnswer, startScriptedGitHub } from '~test/support/scripted-github'
import { signedCallback } from '~test/support/signed-callback'
import type { World } from './first-dispatch'

/** PROPERTY_SEED repeats a printed run; PROPERTY_RUNS tries more lives. */
const seed = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 2 ** 31)
const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 25)

let console_: TestConsole
let world: World
let lists: World['github']['script']['onListRuns']

beforeAll(async () => {
  const github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  await insertMember(console_.deps, OPERATOR)
  world = { deps: console_.deps, github, model: modelGitHub(github) }
  lists = github.script.onListRuns
})
afterAll(async () => {
  await console_.close()
  await world.github.close()
})

type Act =
  | { readonly kind: 'dispatch'; readonly answer: 'accepted' | '204' | 'lost' | 'lost, and never started' }
  | { readonly kind: 'conclude'; readonly which: number; readonly as: Conclusion }
  | { readonly kind: 'start again' | 'call back' | 'release'; readonly which: number }
  | { readonly kind: 'GitHub lists runs'; readonly yes: boolean }
  /** The passes of a minute, after so many minutes. */
  | { readonly kind: 'look'; readonly afterMinutes: number }

const which = fc.nat(5)
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('dispatch' as const),
      answer: fc.constantFrom('accepted', '204', 'lost', 'lost, and never started'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('conclude' as const),
      which,
      as: fc.constantFrom<Conclusion>('success', 'failure', 'cancelled'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('start again' as const), which }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('call back' as const), which }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const), which }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('GitHub lists runs' as const), yes: fc.boolean() }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('look' as const), afterMinutes: fc.constantFrom(1, 11, 31) }) },
)

const accepted: Act = { kind: 'dispatch', answer: 'accepted' }
const look = (afterMinutes: number): Act => ({ kind: 'look', afterMinutes })

/** Lives that failed once: the run is listed late, after the deploy was given up, or is started again. */
const KNOWN_LIVES: [boolean, Act[]][] = [
  [false, [{ kind: 'dispatch', answer: '204' }, look(31), accepted]],
  [
    false,
    [
      { kind: 'dispatch', answer: 'lost' },
      look(11),
      { kind: 'release', which: 0 },
      { kind: 'GitHub lists runs', yes: true },
      look(1),
      accepted,
    ],
  ],
  [
    true,
    [
      accepted,
      { kind: 'conclude', which: 0, as: 'failure' },
      look(1),
      { kind: 'start again', which: 0 },
      look(1),
      accepted,
    ],
  ],
]

it('two deploys of one surface have active runs at once only if a person released the surface with a reason', async () => {
  process.stdout.write(`property seed ${seed} (PROPERTY_SEED=${seed} repeats it)\n`)
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(act, { minLength: 6, maxLength: 20 }), async (listsFromTheStart, acts) => {
      const life = await newLife(listsFromTheStart)
      for (const each of acts) await life.play(each)
    }),
    { seed, numRuns, examples: KNOWN_LIVES },
  )
}, 3_600_000)

/** A surface, and a GitHub that lists runs from the start or only later. */
async function newLife(listsFromTheStart: boolean) {
  const { github, model } = world
  const surface = await insertSurface(console_.deps)
  let offsetMs = 0
  const deps: Deps = { ...console_.deps, now: () => new Date(Date.now() + offsetMs) }
  github.script.onListRuns = listsFromTheStart ? lists : listAnswer([])
  const ids: string[] = []
  const pick = (index: number) => ids[index % Math.max(ids.length, 1)]
  const rows = () => deps.db.deploy.findMany({ where: { surfaceId: surface.id } })

  /** Deploys besides `newest` with active runs that no person released and that the console could know of. */
  const unexplained = async (newest: string) =>
    (await rows()).filter(({ id, releasedAt, githubRunAttempt, githubRunId }) => {
      const active = model.runsOf(id).filter(({ conclusion }) => conclusion === null)
      // Started again on GitHub, and the console could not know it yet.
      const isUnseen = active.every((run) => run.id === githubRunId && run.attempt > (githubRunAttempt ?? 1))
      return id !== newest && active.length > 0 && releasedAt === null && !isUnseen
    })

  const dispatch = async (answer: Extract<Act, { kind: 'dispatch' }>['answer']) => {
    const answers = {
      accepted: model.accepting(),
      '204': model.accepting({ status: 204 }),
      lost: model.accepting('hang up'),
      'lost, and never started': answerInTurn('hang up'),
    }
    github.script.onDispatch = answers[answer]
    try {
      const input = { surfaceId: surface.id, ref: 'main', confirmation: surface.confirm, idempotencyKey: randomUUID() }
      const { id } = await dispatchDeploy(deps, { ...OPERATOR, provedAt: deps.now() }, input)
      ids.push(id)
      expect(await unexplained(id), 'other active deploys when a deploy was started').toEqual([])
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'surface_busy')) throw error
      expect((await rows()).filter((row) => row.holdsSurface || row.finishedAt === null)).not.toEqual([])
    }
  }

  /** Makes the passes of a minute, and runs the jobs that they queued. */
  const look = async () => {
    await findOutsideRuns(deps)
    for (const id of ids) await reconcileDeploy(deps, id)
    await runQueue(deps)
    if (github.script.onListRuns !== lists) return
    for (const row of await rows()) {
      const active = model.runsOf(row.id).some(({ conclusion }) => conclusion === null)
      const isHeld = row.finishedAt === null || row.holdsSurface || row.releasedAt !== null
      expect(!active || isHeld, `an active run of deploy ${row.id}, which is ${row.status}, holds the surface`).toBe(
        true,
      )
    }
  }

  const play = async (each: Act): Promise<unknown> => {
    if (each.kind === 'dispatch') return dispatch(each.answer)
    if (each.kind === 'look') {
      offsetMs += each.afterMinutes * 60_000
      return look()
    }
    if (each.kind === 'GitHub lists runs') {
      github.script.onListRuns = each.yes ? lists : listAnswer([])
      return
    }
    const id = pick(each.which)
    if (id === undefined) return
    switch (each.kind) {
      case 'conclude':
        return model.conclude(id, each.as)
      case 'start again':
        return model.startAgain(id, deps.now())
      case 'call back': {
        const run = model.runsOf(id).find(({ conclusion }) => conclusion === null)
        const status = model.work(id)
        if (run === undefined || status === null) return
        const body = { status, run_id: run.id.toString(), run_attempt: run.attempt }
        // The callback is signed now, and the clock of this life is ahead.
        return receiveCallback({ ...deps, now: console_.deps.now }, signedCallback(id, body), id)
      }
      case 'release':
        return releaseSurface(
          deps,
          { ...OPERATOR, provedAt: deps.now() },
          { id, reason: 'it is known to be over' },
        ).catch((error: unknown) => {
          if (!(error instanceof AppError && error.code === 'release_refused')) throw error
        })
      default:
        return each satisfies never
    }
  }
  return { play }
}
