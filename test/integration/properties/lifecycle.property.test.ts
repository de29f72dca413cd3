import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { isTransitionAction } from '~/domain/audit/actions'
import { canTransition, DEPLOY_STATUSES, isTerminal } from '~/domain/deploy/status'
import { OPERATOR } from '~test/support/actors'
import { createTestConsole, type TestConsole } from '~test/support/console'
import { insertMember } from '~test/support/members'
import { modelGitHub } from '~test/support/model-github'
import { startScriptedGitHub } from '~test/support/scripted-github'
import { type Dispatch, life } from './deploy-actions'
import type { World } from './first-dispatch'
import { playLife } from './play-life'

/** PROPERTY_SEED repeats a printed run; PROPERTY_RUNS tries more lives. */
const seed = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 2 ** 31)
const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 120)
const LIMIT_MS = 60_000
/** If the machine plays fewer lives than this in the time, the test proves too little. */
const LEAST_RUNS = 30

let console_: TestConsole
let world: World

beforeAll(async () => {
  const github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  await insertMember(console_.deps, OPERATOR)
  world = { deps: console_.deps, github, model: modelGitHub(github) }
})
afterAll(async () => {
  await console_.close()
  await world.github.close()
})

it('every deploy, in any order of events, is dispatched once, moves along the graph to an end, and loses no callback', async () => {
  process.stdout.write(`property seed ${seed} (PROPERTY_SEED=${seed} repeats it)\n`)
  let played = 0
  await fc.assert(
    fc.asyncProperty(life, async (each) => {
      const surfaceId = await playLife(world, each)
      await expectNothingLost(surfaceId)
      await expectOneDispatch(surfaceId, each.dispatch)
      played += 1
    }),
    { seed, numRuns, interruptAfterTimeLimit: process.env['PROPERTY_RUNS'] === undefined ? LIMIT_MS : 3_600_000 },
  )
  expect(played).toBeGreaterThanOrEqual(Math.min(LEAST_RUNS, numRuns))
}, 3_600_000)

/** Compares all stored rows of a surface's deploys, read in one snapshot, with what was promised. */
async function expectNothingLost(surfaceId: string): Promise<void> {
  const deploys = await world.deps.db.$transaction(
    (tx) =>
      tx.deploy.findMany({ where: { surfaceId }, include: { receipts: true, logLines: { orderBy: { seq: 'asc' } } } }),
    { isolationLevel: 'RepeatableRead' },
  )
  expect(deploys.filter(({ status }) => !isTerminal(status))).toEqual([])
  for (const { id, status, receipts, logLines, logCount } of deploys) {
    const audit = await world.deps.db.auditEvent.findMany({ where: { deployId: id }, orderBy: { id: 'asc' } })
    const path = audit.filter(({ action }) => isTransitionAction(action)).map((row) => row.status)
    expect(path[0]).toBe('requested')
    expect(path.at(-1)).toBe(status)
    for (const [index, to] of path.entries()) {
      const from = path[index - 1]
      if (from == null) continue
      const known = DEPLOY_STATUSES.find((one) => one === to)
      expect(known !== undefined && canTransition(from, known), `${from} → ${to} in ${path.join(' ')}`).toBe(true)
    }

    const rows = (action: string) => audit.filter((row) => row.action === action).length
    const outcomes = (outcome: string) => receipts.filter((receipt) => receipt.outcome === outcome).length
    expect(rows('console.deploy.callback')).toBe(outcomes('applied'))
    expect(rows('console.deploy.callback_rejected')).toBe(outcomes('refused'))

    // Every callback of these lives has a log line.
    expect(logLines.map(({ seq }) => seq)).toEqual(Array.from({ length: logCount }, (_, index) => index + 1))
    expect(logLines).toHaveLength(receipts.length)
  }
}

/** Counts dispatches, not runs: another dispatch after a refusal or a 500 would be a second one too. */
async function expectOneDispatch(surfaceId: string, first: Dispatch): Promise<void> {
  const deploys = await world.deps.db.deploy.findMany({ where: { surfaceId }, orderBy: { id: 'asc' } })
  for (const [index, { id }] of deploys.entries()) {
    const neverAsked = index === 0 && first === 'console crashed before it asked'
    expect(world.github.dispatchesOf(id), `dispatches of a deploy that was ${first}`).toBe(neverAsked ? 0 : 1)
    expect(world.model.runsOf(id).length).toBeLessThanOrEqual(1)
  }
}
