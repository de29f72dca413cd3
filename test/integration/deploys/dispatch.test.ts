import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { DispatchInput } from '~/domain/deploy/request'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { dispatchDeploy } from '~/server/deploys/dispatch/dispatch-deploy'
import { createDeps } from '~/server/deps'
import { reviewDeploy } from '~/server/surfaces/review/review-deploy'
import { OPERATOR } from '~test/support/actors'
import { createTestConsole, insertSurface, type TestConsole } from '~test/support/console'
import { insertMember } from '~test/support/members'
import { moveDeploy } from '~test/support/move-deploy'
import { answers, commit, deployIdOf, SHA, startScriptedGitHub } from '~test/support/scripted-github'
import { signedCallback } from '~test/support/signed-callback'

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
const initial: { script?: typeof github.script } = {}

beforeAll(async () => {
  github = await startScriptedGitHub()
  initial.script = { ...github.script }
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  await insertMember(console_.deps, OPERATOR)
})
beforeEach(() => {
  Object.assign(github.script, initial.script)
  github.requests.length = 0
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

async function newRequest(overrides: Partial<DispatchInput> = {}): Promise<DispatchInput> {
  const surface = await insertSurface(console_.deps)
  return {
    surfaceId: surface.id,
    ref: 'main',
    confirmation: surface.confirm,
    idempotencyKey: randomUUID(),
    ...overrides,
  }
}
const dispatch = (input: DispatchInput) => dispatchDeploy(console_.deps, OPERATOR, input)
const deploysOf = (surfaceId: string) => console_.deps.db.deploy.findMany({ where: { surfaceId } })
const actionsOf = async (deployId: string) =>
  (await console_.deps.db.auditEvent.findMany({ where: { deployId }, orderBy: { id: 'asc' } })).map(
    ({ action }) => action,
  )

describe('the intent of a deploy', () => {
  it('the deploy is committed as requested before GitHub receives the dispatch', async () => {
    const input = await newRequest()
    let seen: unknown
    github.script.onDispatch = async () => {
      seen = (await deploysOf(input.surfaceId)).map(({ status }) => status)
      return { status: 204 }
    }
    await dispatch(input)
    expect(seen).toEqual(['requested'])
  })

  it("the dispatch sends the workflow the deploy's id, environment, commit and whether to report phases", async () => {
    const input = await newRequest({ expectedSha: SHA })
    const { id } = await dispatch(input)
    expect(github.dispatches()).toHaveLength(1)
    expect(github.dispatches()[0]).toMatchObject({
      method: 'POST',
      path: '/api/v3/repos/acme/platform/actions/workflows/deploy-console.yml/dispatches',
      body: {
        ref: 'main',
        inputs: { console_deploy_id: id, environment: 'production', ref: SHA, phase_callbacks: 'true' },
      },
    })
  })
})

describe('a dispatch that GitHub accepts', () => {
  it("a run id in GitHub's answer is stored exactly, even beyond 2^53", async () => {
    github.script.onDispatch = () => ({ status: 200, body: { workflow_run_id: 9007199254740993n } })
    const answer = await dispatch(await newRequest())
    expect(answer).toMatchObject({ status: 'dispatched', runId: '9007199254740993' })
    expect(await actionsOf(answer.id)).toEqual(['console.deploy.requested', 'console.deploy.dispatched'])
  })

  it.each([
    ['204 without a body', { status: 204 }],
    ['200 with an unexpected body', { status: 200, body: { surprise: true } }],
  ])('a dispatch answered %s is dispatched without a run id', async (_, answer) => {
    github.script.onDispatch = () => answer
    expect(await dispatch(await newRequest())).toMatchObject({ status: 'dispatched', runId: null })
  })

  it("GitHub's answer does not move the deploy back after the workflow's first callback", async () => {
    const input = await newRequest()
    github.script.onDispatch = async (request) => {
      const id = deployIdOf(request)
      await receiveCallback(console_.deps, signedCallback(id, { status: 'smoke_gate_started' }), id)
      return { status: 200, body: { workflow_run_id: 77 } }
    }
    expect(await dispatch(input)).toMatchObject({ status: 'smoke_gate_started', runId: '77' })
  })

  it('an older Enterprise Server that refuses the newest API version is asked in the older one', async () => {
    const versions: unknown[] = []
    github.script.onDispatch = ({ headers }) => {
      versions.push(headers['x-github-api-version'])
      return headers['x-github-api-version'] === '2022-11-28'
        ? { status: 204 }
        : { status: 400, body: { message: 'X-GitHub-Api-Version is not a supported API version.' } }
    }
    const older = await createTestConsole({ githubApiUrl: github.apiUrl })
    await insertMember(older.deps, OPERATOR)
    const surface = await insertSurface(older.deps)
    const input = { surfaceId: surface.id, ref: 'main', confirmation: surface.confirm, idempotencyKey: randomUUID() }
    expect(await dispatchDeploy(older.deps, OPERATOR, input)).toMatchObject({ status: 'dispatched' })
    expect(versions).toEqual(['2026-03-10', '2022-11-28'])
    await older.close()
  })

  it('two simultaneous first requests to an older Enterprise Server each start one run', async () => {
    const runs: string[] = []
    let bothSent = () => {}
    const both = new Promise<void>((resolve) => {
      bothSent = resolve
    })
    let waiting = 0
    // Both requests are sent with the newest version before either is refused.
    github.script.onDispatch = async (request) => {
      const { headers } = request
      if (headers['x-github-api-version'] === '2022-11-28') {
        runs.push(deployIdOf(request))
        return { status: 204 }
      }
      waiting += 1
      if (waiting === 2) bothSent()
      await both
      return { status: 400, body: { message: 'X-GitHub-Api-Version is not a supported API version.' } }
    }
    const older = await createTestConsole({ githubApiUrl: github.apiUrl })
    await insertMember(older.deps, OPERATOR)
    const ask = async () => {
      const { id, confirm } = await insertSurface(older.deps)
      const input = { surfaceId: id, ref: 'main', confirmation: confirm, idempotencyKey: randomUUID() }
      return dispatchDeploy(older.deps, OPERATOR, input)
    }
    const asked = await Promise.all([ask(), ask()])
    expect(asked.map(({ status }) => status)).toEqual(['dispatched', 'dispatched'])
    expect(runs.toSorted()).toEqual(asked.map(({ id }) => id).toSorted())
    await older.close()
  })
})

describe('a dispatch that GitHub refuses', () => {
  it.each([
    [400, 'Problems parsing JSON', /Problems parsing JSON/],
    [401, 'Bad credentials', /credentials/],
    [403, 'Resource not accessible by personal access token', /Actions: read and write/],
    [404, 'Not Found', /deploy-console\.yml/],
    [422, 'Unexpected inputs provided: ["phase_callbacks"]', /Unexpected inputs/],
    [429, 'You have exceeded a secondary rate limit', /rate limit/],
  ])(
    'a dispatch refused with %i fails with dispatch_failed and a reason for the operator',
    async (status, message, words) => {
      github.script.onDispatch = () => ({ status, body: { message } })
      const answer = await dispatch(await newRequest())
      const deploy = await console_.deps.db.deploy.findUniqueOrThrow({ where: { id: answer.id } })
      expect(deploy).toMatchObject({ status: 'failed', failureStage: 'dispatch_failed' })
      expect(deploy.failureDetail).toMatch(words)
      expect(deploy.finishedAt).not.toBeNull()
      expect(github.dispatches()).toHaveLength(1)
    },
  )
})

it('a dispatch refused because the rate limit is used up fails, and the reason says until when', async () => {
  github.script.onDispatch = () => answers.primaryLimit(new Date(Date.now() + 600_000))
  // Each process keeps its own count of the rate limit, so this is a separate one.
  const deps = createDeps(console_.deps.config)
  const { id } = await dispatchDeploy(deps, OPERATOR, await newRequest())
  await deps.db.$disconnect()
  const deploy = await console_.deps.db.deploy.findUniqueOrThrow({ where: { id } })
  expect(deploy).toMatchObject({ status: 'failed', failureStage: 'dispatch_failed' })
  expect(deploy.failureDetail).toMatch(/rate limit is exceeded until/)
})

describe('a refused dispatch after a callback', () => {
  it('a refusal does not fail a deploy whose callback proves that the run started', async () => {
    github.script.onDispatch = async (request) => {
      const id = deployIdOf(request)
      await receiveCallback(console_.deps, signedCallback(id, { status: 'building' }), id)
      return { status: 422, body: { message: 'answered by a proxy' } }
    }
    expect(await dispatch(await newRequest())).toMatchObject({ status: 'building' })
  })
})

describe('a dispatch whose outcome is unknown', () => {
  it.each([
    ['500', answers.serverError(500)],
    ['502', answers.html(502)],
    ['an undocumented status', { status: 499, body: {} }],
    ['a cut connection', 'hang up' as const],
  ])('a dispatch answered with %s stays requested, holds its surface, and is never sent again', async (_, answer) => {
    const input = await newRequest()
    github.script.onDispatch = () => answer
    const first = await dispatch(input)
    expect(first).toMatchObject({ status: 'requested', runId: null })
    expect(await actionsOf(first.id)).toEqual(['console.deploy.requested', 'console.deploy.dispatch_unknown'])
    await expect(dispatch({ ...input, idempotencyKey: randomUUID() })).rejects.toMatchObject({ code: 'surface_busy' })
    expect(await dispatch(input)).toMatchObject({ id: first.id })
    expect(github.dispatches()).toHaveLength(1)
  })
})

describe('checks before a deploy is recorded', () => {
  it('an incorrect confirmation is refused before GitHub is asked', async () => {
    const input = await newRequest({ confirmation: 'Console' })
    await expect(dispatch(input)).rejects.toMatchObject({ code: 'confirmation_mismatch' })
    expect(await deploysOf(input.surfaceId)).toEqual([])
    expect(github.requests).toEqual([])
  })

  it('a ref that moved since the review is refused with both commits', async () => {
    const moved = 'b'.repeat(40)
    github.script.onCommit = () => ({ status: 200, body: commit(moved) })
    const input = await newRequest({ expectedSha: SHA })
    await expect(dispatch(input)).rejects.toMatchObject({
      code: 'ref_moved',
      details: { expected_sha: SHA, actual_sha: moved },
    })
    expect(await deploysOf(input.surfaceId)).toEqual([])
    expect(github.dispatches()).toEqual([])
  })

  it('a ref that GitHub does not know is refused', async () => {
    github.script.onCommit = () => ({ status: 422, body: { message: 'No commit found for SHA: nope' } })
    const input = await newRequest({ ref: 'nope', expectedSha: SHA })
    await expect(dispatch(input)).rejects.toMatchObject({ code: 'ref_unknown' })
  })

  it('an unknown or archived surface is refused', async () => {
    const input = await newRequest()
    await expect(dispatch({ ...input, surfaceId: 'nowhere' })).rejects.toMatchObject({ code: 'surface_unknown' })
    await console_.deps.db.surface.update({ where: { id: input.surfaceId }, data: { archivedAt: new Date() } })
    await expect(dispatch(input)).rejects.toMatchObject({ code: 'surface_archived' })
  })
})

describe('one deploy for one intent', () => {
  it('a request sent eight times at once under one key starts one workflow run', async () => {
    const input = await newRequest()
    const answers = await Promise.all(Array.from({ length: 8 }, () => dispatch(input)))
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1)
    expect(await deploysOf(input.surfaceId)).toHaveLength(1)
    expect(github.dispatches()).toHaveLength(1)
  })

  it('another request under the same key is refused', async () => {
    const input = await newRequest()
    await dispatch(input)
    await expect(dispatch({ ...input, ref: 'other' })).rejects.toMatchObject({ code: 'idempotency_mismatch' })
    expect(github.dispatches()).toHaveLength(1)
  })

  it('a surface has one active deploy, however many requests arrive at once', async () => {
    const input = await newRequest()
    const asked = Array.from({ length: 8 }, () => dispatch({ ...input, idempotencyKey: randomUUID() }))
    const settled = await Promise.allSettled(asked)
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of settled) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'surface_busy' })
    }
    expect(github.dispatches()).toHaveLength(1)
  })

  it('the refusal and the review name the deploy that holds the surface', async () => {
    const input = await newRequest()
    const { id } = await dispatch(input)
    await expect(dispatch({ ...input, idempotencyKey: randomUUID() })).rejects.toMatchObject({
      code: 'surface_busy',
      details: { deploy_id: id },
    })
    const { warnings } = await reviewDeploy(console_.deps, { surfaceId: input.surfaceId, ref: 'main' })
    expect(warnings).toContainEqual(expect.objectContaining({ kind: 'busy', blocking: true, deployId: id }))
  })

  it('a surface is free once its deploy has ended', async () => {
    const input = await newRequest()
    const { id, runId } = await dispatch(input)
    await receiveCallback(console_.deps, signedCallback(id, { status: 'failed', run_id: runId }), id)
    expect(await dispatch({ ...input, idempotencyKey: randomUUID() })).toMatchObject({ status: 'dispatched' })
  })
})

describe('the running commit at the review', () => {
  const [A, B] = ['a1'.repeat(20), 'b2'.repeat(20)] as const
  const runs = (surfaceId: string, runningSha: string | null, runningSeenAt = new Date()) =>
    console_.deps.db.surface.update({ where: { id: surfaceId }, data: { runningSha, runningSeenAt } })
  /** A deploy of the surface that has just ended. */
  const endedDeploy = async (surfaceId: string, sha: string, shipped: string) => {
    const { id } = await dispatch({ ...(await newRequest()), surfaceId, confirmation: surfaceId })
    await moveDeploy(console_.deps.db, id, shipped === 'no' ? 'failed' : 'succeeded')
    await console_.deps.db.deploy.update({ where: { id }, data: { sha, shipped } })
    github.requests.length = 0
  }

  it.each([
    ['another commit', A, B, /ran a1a1a1a in the review, and it runs b2b2b2b now/],
    ['a commit that was unknown', 'unknown', B, /was unknown in the review, and it runs b2b2b2b now/],
    ['an unknown commit', A, null, /ran a1a1a1a in the review, and the running version is unknown now/],
  ])('a deploy is refused and nothing is sent if the surface now runs %s', async (_, reviewed, now, message) => {
    const input = await newRequest({ reviewedRunningSha: reviewed })
    await runs(input.surfaceId, now)
    await expect(dispatch(input)).rejects.toMatchObject({ code: 'running_changed', message })
    await expect(dispatch(input)).rejects.toThrow(/Nothing was deployed\. Review the deploy again\.$/)
    expect([await deploysOf(input.surfaceId), github.dispatches()]).toEqual([[], []])
  })

  it('a deploy is accepted if the running commit is the same, still unknown, or not given', async () => {
    for (const [reviewed, now] of [
      [A, A],
      ['unknown', null],
      [undefined, B],
    ] as const) {
      const input = await newRequest(reviewed === undefined ? {} : { reviewedRunningSha: reviewed })
      await runs(input.surfaceId, now)
      await dispatch(input)
      expect(await deploysOf(input.surfaceId)).toMatchObject([{ status: 'dispatched' }])
    }
  })

  it('a deploy that shipped since the review counts as the running commit before the surface reports it', async () => {
    const input = await newRequest({ reviewedRunningSha: A })
    await runs(input.surfaceId, A, new Date(Date.now() - 60_000))
    await endedDeploy(input.surfaceId, B, 'yes')
    // A later deploy that shipped nothing does not restore the earlier running commit.
    await endedDeploy(input.surfaceId, A, 'no')
    github.script.onListRuns = () => ({ status: 404, body: { message: 'Not Found' } })
    expect(await reviewDeploy(console_.deps, input)).toMatchObject({ runningSha: B })
    await expect(dispatch(input)).rejects.toMatchObject({ code: 'running_changed', details: { running_sha: B } })
    await runs(input.surfaceId, A)
    await dispatch(input)
    expect(github.dispatches()).toHaveLength(1)
  })

  it('the running commit is unknown after a deploy that may have shipped, and the review says so', async () => {
    const input = await newRequest({ reviewedRunningSha: A })
    await runs(input.surfaceId, A, new Date(Date.now() - 60_000))
    await endedDeploy(input.surfaceId, B, 'unknown')
    const review = await reviewDeploy(console_.deps, input)
    expect([review.runningSha, review.warnings.find(({ kind }) => kind === 'not_comparable')?.text]).toEqual([
      null,
      'A deploy that may have shipped has ended since the surface last reported a version, so the commits cannot be compared.',
    ])
    await expect(dispatch(input)).rejects.toMatchObject({ code: 'running_changed' })
  })

  it('another running commit under the same idempotency key is refused', async () => {
    const input = await newRequest({ reviewedRunningSha: 'unknown' })
    await dispatch(input)
    const { reviewedRunningSha: _, ...other } = input
    await expect(dispatch(other)).rejects.toMatchObject({ code: 'idempotency_mismatch' })
  })
})
