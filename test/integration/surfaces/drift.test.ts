import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { hearingState } from '~/domain/github/webhook-hearing'
import { createDeps } from '~/server/deps'
import { measureDrift } from '~/server/surfaces/follow/measure-drift'
import { reviewDeploy } from '~/server/surfaces/review/review-deploy'
import { listTiles } from '~/server/surfaces/tiles/list-tiles'
import { readHearings, recordHearing } from '~/server/webhooks/webhook-hearings.sql'
import { createTestConsole, insertDeployAt, insertSurface, type TestConsole } from '~test/support/console'
import { commit, gitRef, SHA, startScriptedGitHub } from '~test/support/scripted-github'

const RUNNING = 'b'.repeat(40)
const TAG = 'c'.repeat(40)
let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
})
beforeEach(async () => {
  github.requests.length = 0
  await console_.deps.db.surface.updateMany({ data: { archivedAt: new Date() } })
  await console_.deps.db.defaultRef.deleteMany()
  github.script.onListRuns = () => ({
    status: 200,
    body: { status: 'diverged', ahead_by: 3, behind_by: 2, html_url: 'https://github.example.com', commits: [] },
  })
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

async function measured() {
  const { deps } = console_
  const { id } = await insertSurface(deps)
  await deps.db.surface.update({ where: { id }, data: { runningSha: RUNNING, runningSeenAt: deps.now() } })
  await measureDrift(deps, 'acme/platform')
  return (await listTiles(deps)).find((tile) => tile.id === id)?.version
}

it('the version of an unmerged branch is behind and ahead of the default ref, with the time of the comparison', async () => {
  expect(await measured()).toMatchObject({ behindBy: 3, aheadBy: 2, comparedAt: expect.any(String) })
  expect(github.requests.at(-1)?.path).toContain(`/compare/${RUNNING}...${SHA}`)
})

it('a commit is compared once for all surfaces and workers, and again when the default ref moves', async () => {
  const { deps } = console_
  const compared = () =>
    github.requests.filter(({ path }) => path.includes('/compare/')).map(({ path }) => path.slice(-83))
  const surfaces = await Promise.all([insertSurface(deps), insertSurface(deps), insertSurface(deps)])
  await deps.db.surface.updateMany({
    where: { id: { in: surfaces.map(({ id }) => id) } },
    data: { runningSha: RUNNING, runningSeenAt: deps.now() },
  })
  const another = createDeps(deps.config)
  await measureDrift(deps, 'acme/platform')
  await measureDrift(another, 'acme/platform')
  await another.db.$disconnect()
  expect(compared()).toEqual([`${RUNNING}...${SHA}`])
  expect((await listTiles(deps)).map(({ version }) => version?.behindBy)).toEqual([3, 3, 3])

  const before = github.script.onCommit
  github.script.onCommit = () => ({ status: 200, body: commit(TAG) })
  await measureDrift(deps, 'acme/platform')
  await measureDrift(deps, 'acme/platform')
  github.script.onCommit = before
  expect(compared()).toEqual([`${RUNNING}...${SHA}`, `${RUNNING}...${TAG}`])
})

it('a look costs one request while the default ref has not moved', async () => {
  await measured()
  github.requests.length = 0
  await measureDrift(console_.deps, 'acme/platform')
  expect(github.requests.map(({ path }) => path.split('/acme/platform')[1])).toEqual(['/git/ref/heads%2Fmain'])
})

/** A surface that reported this name; its commit after a look. */
async function lookedUp(name: string, is: 'commit' | 'ref', known: string | null = null) {
  const { deps } = console_
  const { id } = await insertSurface(deps)
  const versionSource = { url: null, in: 'json', at: 'version', is }
  const reported = { reportedVersion: name, versionProblem: known === null ? 'unresolved' : null, runningSha: known }
  await deps.db.surface.update({ where: { id }, data: { versionSource, ...reported, runningSeenAt: deps.now() } })
  return async () => {
    await measureDrift(deps, 'acme/platform')
    const tile = (await listTiles(deps)).find((one) => one.id === id)
    return { version: tile?.version, unknown: tile?.unknownVersion?.why }
  }
}

/** GitHub knows these tags, until the test ends. */
function tagsAre(tags: Readonly<Record<string, string>>) {
  const { onRef } = github.script
  github.script.onRef = (request) => {
    const name = decodeURIComponent(request.path.split('/git/ref/tags%2F')[1] ?? '')
    const sha = tags[name]
    return sha === undefined ? onRef(request) : { status: 200, body: gitRef(`refs/tags/${name}`, sha) }
  }
  onTestFinished(() => {
    github.script.onRef = onRef
  })
}

it('a reported tag is resolved by GitHub before it is compared, and shown as the version', async () => {
  tagsAre({ 'v1.4.0': RUNNING })
  const look = await lookedUp('v1.4.0', 'ref')
  expect(await look()).toMatchObject({ version: { sha: RUNNING, tag: 'v1.4.0', behindBy: 3 } })
  github.requests.length = 0
  await look()
  expect(github.requests.map(({ path }) => path.split('/acme/platform')[1])).toEqual([
    '/git/ref/tags%2Fv1.4.0',
    '/git/ref/heads%2Fmain',
  ])
})

it('the commit of a tag that was moved since it was reported is unknown, also at later looks', async () => {
  tagsAre({ latest: TAG })
  const look = await lookedUp('latest', 'ref', RUNNING)
  const moved = {
    version: null,
    unknown: 'The surface reports latest. That tag was moved since, so the commit is not known.',
  }
  expect(await look()).toEqual(moved)
  expect(await look()).toEqual(moved)
})

it('the commit of a tag that was deleted since it was reported stays', async () => {
  const look = await lookedUp('v1.3.9', 'ref', RUNNING)
  expect(await look()).toMatchObject({ version: { sha: RUNNING } })
})

it('a tag that GitHub does not know has no commit', async () => {
  const look = await lookedUp('v9', 'ref')
  expect(await look()).toEqual({
    version: null,
    unknown: 'The surface reports v9, which GitHub does not know in the repository.',
  })
})

it('an abbreviated commit is the one commit that GitHub knows under it, never a branch of that name', async () => {
  const { onCommit } = github.script
  onTestFinished(() => {
    github.script.onCommit = onCommit
  })
  github.script.onCommit = ({ path }) => ({ status: 200, body: commit(path.includes('bbbbbbb') ? RUNNING : SHA) })
  const known = await lookedUp('bbbbbbb', 'commit')
  const branch = await lookedUp('ccccccc', 'commit')
  expect(await known()).toMatchObject({ version: { sha: RUNNING, tag: null } })
  expect(await branch()).toMatchObject({
    version: null,
    unknown: expect.stringContaining('which GitHub does not know'),
  })
})

const dated = (digit: string, day: number) => {
  const { commit: about, ...rest } = commit(digit.repeat(40))
  return { ...rest, commit: { ...about, committer: { date: `2026-11-${String(day).padStart(2, '0')}T12:00:00Z` } } }
}

/** GitHub's lists for the paths of a monorepo: what `main` adds to the running commit, what it removes, and the history of each path. */
function monorepo({ adds = 3, apiPages = 1 } = {}) {
  const { onListRuns } = github.script
  const status = { status: 'diverged', html_url: 'https://github.example.com' }
  const added = [dated('1', 3), dated('2', 4), dated('3', 5)]
  const histories: Readonly<Record<string, string[]>> = { 'services/api': ['3', '9', '1'], 'go.mod': ['2', '1'] }
  github.script.onListRuns = ({ path }) => {
    const { pathname, searchParams } = new URL(path, 'http://github')
    if (pathname.endsWith(`/compare/${RUNNING}...${SHA}`))
      return { status: 200, body: { ...status, ahead_by: adds, behind_by: 1, commits: added } }
    if (pathname.endsWith(`/compare/${SHA}...${RUNNING}`))
      return { status: 200, body: { ...status, ahead_by: 1, behind_by: adds, commits: [dated('8', 1)] } }
    if (searchParams.get('path') === 'docs' && !searchParams.has('since')) return { status: 200, body: [dated('9', 1)] }
    const isFull = Number(searchParams.get('page')) < apiPages
    const listed = (histories[searchParams.get('path') ?? ''] ?? []).map((digit) => dated(digit, 1))
    return { status: 200, body: isFull ? Array.from({ length: 100 }, () => dated('7', 9)) : listed }
  }
  onTestFinished(() => {
    github.script.onListRuns = onListRuns
  })
}

async function surfaceOf(paths: readonly string[]) {
  const { deps } = console_
  const { id } = await insertSurface(deps)
  const running = { runningSha: RUNNING, runningSeenAt: deps.now() }
  await deps.db.surface.update({ where: { id }, data: { paths: [...paths], ...running } })
  return id
}

describe('a surface with paths', () => {
  const counts = async (...ids: readonly string[]) => {
    await measureDrift(console_.deps, 'acme/platform')
    const tiles = await listTiles(console_.deps)
    return ids.map((id) => {
      const version = tiles.find((tile) => tile.id === id)?.version
      return [version?.behindBy, version?.aheadBy]
    })
  }

  it('only commits in the history of its paths are counted, and other surfaces that run the same commit count their own', async () => {
    monorepo()
    const api = await surfaceOf(['services/api/**'])
    const both = await surfaceOf(['services/api/**', 'go.mod'])
    const docs = await surfaceOf(['docs/'])
    const all = await surfaceOf([])
    expect(await counts(api, both, docs, all)).toEqual([
      [2, 0],
      [3, 0],
      [0, 0],
      [3, 1],
    ])
    const listed = github.requests.filter(({ path }) => path.includes('/commits?'))
    const { searchParams } = new URL(listed[0]?.path ?? '', 'http://github')
    expect(Object.fromEntries(searchParams)).toEqual({
      sha: SHA,
      path: 'services/api',
      since: '2026-11-03T11:59:59Z',
      per_page: '100',
      page: '1',
    })
    github.requests.length = 0
    await counts(api)
    expect(github.requests.filter(({ path }) => path.includes('/commits?') || path.includes('/compare/'))).toEqual([])
  })

  it.each([
    ['a comparison lists only some of its commits', { adds: 251 }],
    ['the history of a path is longer than three pages', { apiPages: 4 }],
  ])('its counts are unknown if %s', async (_, lists) => {
    monorepo(lists)
    expect(await counts(await surfaceOf(['services/api']))).toEqual([[null, null]])
  })

  it('its counts are unknown if one of its paths has no history at all, because it may be mistyped', async () => {
    monorepo()
    expect(await counts(await surfaceOf(['services/api', 'services/ap']))).toEqual([[null, null]])
  })

  it('a history of several pages is read to its end', async () => {
    monorepo({ apiPages: 3 })
    expect(await counts(await surfaceOf(['services/api']))).toEqual([[2, 0]])
  })

  it('its review says which of the compared commits are in the history of its paths, or that this is not known', async () => {
    monorepo()
    const review = async () =>
      (await reviewDeploy(console_.deps, { surfaceId: await surfaceOf(['services/api/**']), ref: 'main' })).comparison
    expect(await review()).toMatchObject({
      adds: 3,
      removes: 1,
      touching: {
        paths: ['services/api/**'],
        known: { adds: 2, removes: 0, shas: ['3'.repeat(40), '1'.repeat(40)] },
      },
    })
    monorepo({ apiPages: 4 })
    expect((await review())?.touching).toEqual({ paths: ['services/api/**'], known: null })
  })
})

it('a default ref that is both a branch and a tag is not compared', async () => {
  const branchOnly = github.script.onRef
  github.script.onRef = ({ path }) => {
    const ref = `refs/${decodeURIComponent(path.split('/git/ref/')[1] ?? '')}`
    return { status: 200, body: gitRef(ref, ref.startsWith('refs/tags/') ? TAG : SHA) }
  }
  expect(await measured()).toMatchObject({ behindBy: null, aheadBy: null })
  github.script.onRef = branchOnly
})

it('the review of a surface that an ended deploy holds blocks, and names the run and the deploy', async () => {
  const { deps } = console_
  const { id, surface } = await insertDeployAt(deps, 'failed', { githubRunId: 77n })
  await deps.db.deploy.update({ where: { id }, data: { holdsSurface: true } })
  const { warnings } = await reviewDeploy(deps, { surfaceId: surface.id, ref: 'main' })
  expect(warnings.filter(({ blocking }) => blocking)).toEqual([
    {
      kind: 'busy',
      text: `Run 77 of an earlier deploy of ${surface.name} is not proven to be over and may still change it. Another deploy can start once that run is over, or once somebody releases the surface.`,
      blocking: true,
      deployId: id,
    },
  ])
})

it('push webhooks count as silent after the default ref moved without a webhook, and not after it moved with one', async () => {
  const { deps } = console_
  const { id } = await insertSurface(deps)
  await deps.db.surface.update({ where: { id }, data: { runningSha: RUNNING, runningSeenAt: deps.now() } })
  const { onCommit } = github.script
  onTestFinished(() => {
    github.script.onCommit = onCommit
  })
  const minute = (n: number) => new Date(Date.parse('2026-11-28T12:00:00Z') + n * 60_000)
  const measureAt = async (n: number, sha: string) => {
    github.script.onCommit = () => ({ status: 200, body: commit(sha) })
    await measureDrift({ ...deps, now: () => minute(n) }, 'acme/platform')
    const hearing = (await readHearings(deps.db, 'refs')).get('acme/platform')
    return hearing === undefined ? undefined : hearingState(hearing, minute(n + 6))
  }
  const insertHearing = (n: number) =>
    recordHearing(deps.db, { repository: 'acme/platform', subjects: ['refs'], event: 'push', at: minute(n) })
  await deps.db.webhookHearing.deleteMany()
  await measureAt(0, '1'.repeat(40))
  await insertHearing(10)
  expect(await measureAt(40, '2'.repeat(40))).toBe('heard')
  expect(await measureAt(80, '3'.repeat(40))).toBe('silent')
  await insertHearing(90)
  expect(await measureAt(90, '3'.repeat(40))).toBe('heard')
})
