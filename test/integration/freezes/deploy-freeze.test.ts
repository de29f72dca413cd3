import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openFreeze } from '~/server/freezes/change-freezes'
import { refreshDeployFreeze } from '~/server/freezes/read-deploy-freeze'
import { reviewDeploy } from '~/server/surfaces/review/review-deploy'
import { listTiles } from '~/server/surfaces/tiles/list-tiles'
import { createCaller } from '~/server/trpc/routers/_app'
import { createContextInner } from '~/server/trpc/routers/procedures'
import { actorNamed, OPERATOR } from '~test/support/actors'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { insertMember } from '~test/support/members'
import { type Answer, answers, startScriptedGitHub } from '~test/support/scripted-github'

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
let production: { readonly id: string; readonly confirm: string }
let staging: { readonly id: string; readonly confirm: string }

beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  await insertMember(console_.deps, OPERATOR)
})
beforeEach(async () => {
  await console_.deps.db.freeze.deleteMany()
  await console_.deps.db.surface.updateMany({
    data: { deployFreeze: null, deployFreezeReadAt: null, archivedAt: new Date() },
  })
  production = await insertSurface(console_.deps)
  staging = await insertSurface(console_.deps, { environment: 'staging' })
  answerWith(answers.notFound)
  github.script.onRepository = () => ({ status: 200, body: {} })
  github.requests.length = 0
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

const NOT_KNOWN =
  'The console could not read DEPLOY_FREEZE of acme/platform from GitHub. The workflow checks the variable before it deploys.'
const set = (value: string): Answer => ({ status: 200, body: { name: 'DEPLOY_FREEZE', value } })

function answerWith(answer: Answer) {
  github.script.onVariable = () => answer
}
const look = () => refreshDeployFreeze(console_.deps, 'acme/platform')
const asked = () => github.requests.filter(({ path }) => path.endsWith('/actions/variables/DEPLOY_FREEZE'))
const tileOf = async (id: string) => (await listTiles(console_.deps)).find((tile) => tile.id === id)
const warnings = async (id: string) =>
  (await reviewDeploy(console_.deps, { surfaceId: id, ref: 'main' })).warnings.filter(({ kind }) =>
    ['deploy_freeze', 'deploy_freeze_unread'].includes(kind),
  )
const deploy = (surface: { readonly id: string; readonly confirm: string }, override?: string) =>
  createCaller(createContextInner(console_.deps, OPERATOR)).deploys.dispatch({
    surfaceId: surface.id,
    ref: 'main',
    confirmation: surface.confirm,
    idempotencyKey: randomUUID(),
    ...(override === undefined ? {} : { overrideFreeze: { reason: override } }),
  })

describe('the repository variable DEPLOY_FREEZE', () => {
  it('DEPLOY_FREEZE is read once for all production surfaces of a repository, and shown on production tiles only', async () => {
    answerWith(set('release week'))
    await insertSurface(console_.deps)
    await look()
    expect(asked()).toHaveLength(1)
    expect(await tileOf(production.id)).toMatchObject({
      deployFreeze: { reason: 'release week', readAt: expect.any(String) },
    })
    expect((await tileOf(staging.id))?.deployFreeze).toBeNull()
  })

  it.each(['', 'false', '0'])('DEPLOY_FREEZE does not freeze with the value "%s"', async (value) => {
    answerWith(set(value))
    await look()
    expect((await tileOf(production.id))?.deployFreeze).toBeNull()
    expect(await warnings(production.id)).toEqual([])
    expect(await deploy(production)).toMatchObject({ outcome: 'deploy' })
  })

  it('DEPLOY_FREEZE freezes with any other value, even a blank, as in the workflow', async () => {
    for (const value of ['False', ' ', 'no', '00']) {
      answerWith(set(value))
      await look()
      expect((await tileOf(production.id))?.deployFreeze, value).toMatchObject({ reason: value })
    }
  })

  it('the review of a production deploy reads DEPLOY_FREEZE again, blocks and names the repository', async () => {
    answerWith(set('release week'))
    expect(await warnings(production.id)).toEqual([
      {
        kind: 'deploy_freeze',
        blocking: true,
        text: expect.stringMatching(
          /^Production is frozen by DEPLOY_FREEZE in acme\/platform: “release week” \(read \d{4}-\d\d-\d\d \d\d:\d\d UTC\)\./,
        ),
      },
    ])
    expect(await warnings(staging.id)).toEqual([])
    expect(asked()).toHaveLength(1)
    expect(await tileOf(production.id)).toMatchObject({ deployFreeze: { reason: 'release week' } })
  })

  it('DEPLOY_FREEZE refuses a production deploy as frozen with its origin, and a staging deploy ships', async () => {
    answerWith(set('release week'))
    await look()
    await expect(deploy(production)).rejects.toMatchObject({
      cause: {
        code: 'frozen',
        details: { origin: 'DEPLOY_FREEZE', repository: 'acme/platform', reason: 'release week' },
      },
    })
    expect(github.dispatches()).toEqual([])
    expect(await deploy(staging)).toMatchObject({ outcome: 'deploy' })
  })

  it('an override of a freeze does not cover DEPLOY_FREEZE', async () => {
    await openFreeze(console_.deps, actorNamed('ada'), { environment: 'production', reason: 'Incident' })
    answerWith(set('release week'))
    await look()
    await expect(deploy(production, 'Fixes the outage')).rejects.toThrow(/override .* does not cover/i)
    expect(github.dispatches()).toEqual([])
  })

  it('a production deploy ships as soon as DEPLOY_FREEZE is cleared', async () => {
    answerWith(set('release week'))
    await look()
    answerWith(answers.notFound)
    expect(await deploy(production)).toMatchObject({ outcome: 'deploy' })
  })

  it('a dispatch does not read DEPLOY_FREEZE if the last look found it unset', async () => {
    await look()
    github.requests.length = 0
    await deploy(production)
    expect(asked()).toEqual([])
  })
})

describe('a DEPLOY_FREEZE that cannot be read', () => {
  it('a DEPLOY_FREEZE that cannot be read is a warning in the review of a production deploy, and blocks nothing', async () => {
    answerWith(answers.forbidden)
    await look()
    expect(await tileOf(production.id)).toMatchObject({ deployFreeze: null, deployFreezeUnknown: true })
    expect(await warnings(production.id)).toEqual([
      {
        kind: 'deploy_freeze_unread',
        blocking: false,
        text: NOT_KNOWN,
      },
    ])
    expect(await deploy(production)).toMatchObject({ outcome: 'deploy' })
  })

  it('a 404 for DEPLOY_FREEZE of a hidden repository is shown as unknown, not as unfrozen', async () => {
    await look()
    expect(await tileOf(production.id)).toMatchObject({ deployFreeze: null, deployFreezeUnknown: false })
    github.script.onRepository = () => answers.notFound
    await look()
    expect(await tileOf(production.id)).toMatchObject({ deployFreeze: null, deployFreezeUnknown: true })
    expect((await tileOf(staging.id))?.deployFreezeUnknown).toBe(false)
    expect(await warnings(production.id)).toMatchObject([{ kind: 'deploy_freeze_unread', text: NOT_KNOWN }])
  })

  it('a known DEPLOY_FREEZE still refuses a deploy if the repository is hidden at the dispatch', async () => {
    answerWith(set('release week'))
    await look()
    answerWith(answers.notFound)
    github.script.onRepository = () => answers.notFound
    await expect(deploy(production)).rejects.toMatchObject({ cause: { code: 'frozen' } })
    expect(github.dispatches()).toEqual([])
  })

  it('a known DEPLOY_FREEZE stays while GitHub does not answer, and is unknown once the token may not read it', async () => {
    answerWith(set('release week'))
    await look()
    const before = await tileOf(production.id)
    answerWith(answers.serverError())
    await look()
    expect((await tileOf(production.id))?.deployFreeze).toEqual(before?.deployFreeze)
    await expect(deploy(production)).rejects.toMatchObject({ cause: { code: 'frozen' } })
    answerWith(answers.forbidden)
    await look()
    expect((await tileOf(production.id))?.deployFreeze).toBeNull()
  })
})
