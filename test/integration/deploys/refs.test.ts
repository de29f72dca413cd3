import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { DispatchInput } from '~/domain/deploy/request'
import { dispatchDeploy } from '~/server/deploys/dispatch/dispatch-deploy'
import { reviewDeploy } from '~/server/surfaces/review/review-deploy'
import { OPERATOR } from '~test/support/actors'
import { createTestConsole, insertDeployAt, insertSurface, type TestConsole } from '~test/support/console'
import { insertMember } from '~test/support/members'
import { commit, gitRef, SHA, startScriptedGitHub } from '~test/support/scripted-github'

const BRANCH = 'b'.repeat(40)
const TAG = 'c'.repeat(40)
const TAG_OBJECT = 'd'.repeat(40)

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
let refs: Record<string, { readonly sha: string; readonly type?: string }>

beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
  await insertMember(console_.deps, OPERATOR)
})
beforeEach(() => {
  github.requests.length = 0
  refs = {}
  github.script.onRef = ({ path }) => {
    const ref = `refs/${decodeURIComponent(path.split('/git/ref/')[1] ?? '')}`
    const found = refs[ref]
    if (found === undefined) return { status: 404, body: { message: 'Not Found' } }
    return { status: 200, body: gitRef(ref, found.sha, found.type) }
  }
  github.script.onTag = () => ({ status: 200, body: { object: { type: 'commit', sha: TAG } } })
  github.script.onCommit = ({ path }) => ({ status: 200, body: commit(path.slice(-40)) })
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

async function newRequest(overrides: Partial<DispatchInput>): Promise<DispatchInput> {
  const { id, confirm } = await insertSurface(console_.deps)
  return { surfaceId: id, ref: 'main', confirmation: confirm, idempotencyKey: randomUUID(), ...overrides }
}
const dispatch = (input: DispatchInput) => dispatchDeploy(console_.deps, OPERATOR, input)
const deploysOf = (surfaceId: string) => console_.deps.db.deploy.findMany({ where: { surfaceId } })

describe('resolving a ref', () => {
  it.each([
    ['release', 'refs/heads/release'],
    ['refs/heads/refs/heads/main', 'refs/heads/refs/heads/main'],
    ['HEAD', 'refs/heads/HEAD'],
    ['-x', 'refs/heads/-x'],
  ])('the ref %s is stored as %s and dispatched at its commit', async (ref, full) => {
    refs[full] = { sha: BRANCH }
    const input = await newRequest({ ref })
    await dispatch(input)
    expect(await deploysOf(input.surfaceId)).toMatchObject([{ ref: full, sha: BRANCH }])
    expect(github.dispatches()[0]).toMatchObject({ body: { inputs: { ref: BRANCH } } })
  })

  it('a short name of both a branch and a tag is refused with both commits, and nothing is recorded', async () => {
    refs['refs/heads/release'] = { sha: BRANCH }
    refs['refs/tags/release'] = { sha: TAG_OBJECT, type: 'tag' }
    const input = await newRequest({ ref: 'release' })
    await expect(dispatch(input)).rejects.toMatchObject({
      code: 'ref_ambiguous',
      details: { branch: { sha: BRANCH }, tag: { sha: TAG } },
    })
    expect([await deploysOf(input.surfaceId), github.dispatches()]).toEqual([[], []])
  })

  it('a full tag name is reviewed at the commit of its annotated tag, even if a branch has the same name', async () => {
    refs['refs/heads/release'] = { sha: BRANCH }
    refs['refs/tags/release'] = { sha: TAG_OBJECT, type: 'tag' }
    const { surfaceId, ref } = await newRequest({ ref: 'refs/tags/release' })
    expect(await reviewDeploy(console_.deps, { surfaceId, ref })).toMatchObject({ ref: 'refs/tags/release', sha: TAG })
  })

  it('a ref that GitHub does not know is refused before anything is recorded', async () => {
    const input = await newRequest({ ref: 'does-not-exist' })
    await expect(dispatch(input)).rejects.toMatchObject({ code: 'ref_unknown' })
    expect([await deploysOf(input.surfaceId), github.dispatches()]).toEqual([[], []])
  })

  it('a ref for which GitHub answers with another ref is refused, and nothing is recorded', async () => {
    github.script.onRef = () => ({ status: 200, body: gitRef('refs/heads/release-2', BRANCH) })
    const input = await newRequest({ ref: 'release' })
    await expect(dispatch(input)).rejects.toMatchObject({ code: 'ref_unknown' })
    expect([await deploysOf(input.surfaceId), github.dispatches()]).toEqual([[], []])
  })
})

describe("deploys while GitHub's reads fail", () => {
  beforeEach(() => {
    const down = () => ({ status: 503, body: { message: 'Unavailable' } })
    github.script.onRef = down
    github.script.onCommit = down
  })

  it("a deploy of a branch is refused while GitHub's reads fail, and nothing is recorded", async () => {
    const input = await newRequest({ ref: 'main' })
    await expect(dispatch(input)).rejects.toMatchObject({ code: 'github_unavailable' })
    expect([await deploysOf(input.surfaceId), github.dispatches()]).toEqual([[], []])
  })

  it("a rollback is reviewed while GitHub's reads fail, and the review says that the commits cannot be compared", async () => {
    const { id, surface } = await insertDeployAt(console_.deps, 'succeeded')
    const seen = { runningSha: 'b'.repeat(40), runningSeenAt: new Date(Date.now() + 1_000) }
    await console_.deps.db.surface.update({ where: { id: surface.id }, data: seen })
    github.script.onListRuns = () => ({ status: 503, body: { message: 'Unavailable' } })
    const source = { kind: 'rollback', deployId: id } as const
    const review = await reviewDeploy(console_.deps, { surfaceId: surface.id, ref: SHA, source })
    expect(review).toMatchObject({ ref: SHA, sha: SHA, head: null, comparison: null })
    expect(review.warnings.map(({ text }) => text)).toContain(
      'GitHub does not answer, so the commits cannot be compared.',
    )
    const named = reviewDeploy(console_.deps, { surfaceId: surface.id, ref: 'main' })
    await expect(named).rejects.toMatchObject({ code: 'github_unavailable' })
  })

  it("a promotion from staging to production works while GitHub's reads fail, and the reverse is refused", async () => {
    const production = await insertSurface(console_.deps)
    const staging = await insertSurface(console_.deps, { environment: 'staging' })
    const { db } = console_.deps
    await db.surface.updateMany({ where: { id: { in: [production.id, staging.id] } }, data: { runningSha: SHA } })
    const promote = (to: typeof production, from: typeof production) =>
      dispatch({
        surfaceId: to.id,
        ref: SHA,
        confirmation: to.confirm,
        idempotencyKey: randomUUID(),
        source: { kind: 'promotion', surfaceId: from.id },
      })
    await expect(promote(staging, production)).rejects.toMatchObject({ code: 'source_refused' })
    await promote(production, staging)
    expect(await deploysOf(production.id)).toMatchObject([{ sha: SHA, kind: 'promotion', status: 'dispatched' }])
  })
})
