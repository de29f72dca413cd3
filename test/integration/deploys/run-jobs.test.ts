import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { receiveCallback } from '~/server/deploys/callbacks/receive-callback'
import { getDeploy } from '~/server/deploys/read/get-deploy'
import { reconcileDeploy } from '~/server/deploys/runs/reconcile-deploy'
import { createTestConsole, insertDeployAt, type TestConsole } from '~test/support/console'
import { nextNotice } from '~test/support/next-notice'
import { queuedJobs, runQueue } from '~test/support/run-queue'
import {
  type Answer,
  answerInTurn,
  answers,
  type Handler,
  holdAnswer,
  jobsAnswer,
  runAnswer,
  startScriptedGitHub,
} from '~test/support/scripted-github'
import { signedCallback } from '~test/support/signed-callback'

let console_: TestConsole
let github: Awaited<ReturnType<typeof startScriptedGitHub>>
beforeAll(async () => {
  github = await startScriptedGitHub()
  console_ = await createTestConsole({ githubApiUrl: github.apiUrl })
})
beforeEach(() => {
  github.requests.length = 0
})
afterAll(async () => {
  await console_.close()
  await github.close()
})

let run = 100n
const nextRun = () => {
  run += 1n
  return run
}

function gitHubHasRun(conclusion: string | null, jobs: Parameters<typeof jobsAnswer>[0], attempt = 1) {
  github.script.onRun = () => runAnswer(conclusion, attempt)
  github.script.onJobs = () => jobsAnswer(jobs)
}

const attemptsOf = async (id: string) => (await getDeploy(console_.deps, id)).runAttempts
const statesOf = async (id: string) =>
  (await attemptsOf(id)).map(({ attempt, jobs }) => [attempt, jobs.map(({ name, conclusion }) => [name, conclusion])])

it('a deploy shows the jobs and steps of its run as GitHub records them, with a link to each job, at no additional request', async () => {
  const { id } = await insertDeployAt(console_.deps, 'dispatched', { githubRunId: 9007199254740993n })
  expect(await attemptsOf(id)).toEqual([])
  gitHubHasRun(null, { test: { Unit: 'success', Lint: 'skipped' }, deploy: { Apply: null } })
  await reconcileDeploy(console_.deps, id)
  expect(await attemptsOf(id)).toMatchObject([
    {
      attempt: 1,
      moreJobs: 0,
      jobs: [
        {
          name: 'test',
          url: `${github.origin}/acme/platform/actions/runs/9007199254740993/job/1`,
          startedAt: '2026-11-21T10:00:00.000Z',
          endedAt: '2026-11-21T10:04:00.000Z',
          steps: [
            { number: 1, name: 'Unit', status: 'completed', conclusion: 'success' },
            { number: 2, name: 'Lint', conclusion: 'skipped' },
          ],
        },
        { name: 'deploy', status: 'in_progress', conclusion: null, endedAt: null, steps: [{ name: 'Apply' }] },
      ],
    },
  ])
  expect(github.requests.map(({ path }) => path.replace(/.*\/runs\/\d+/, ''))).toEqual([
    '',
    '/jobs?per_page=100&page=1',
  ])
})

it('a deploy keeps the jobs of each attempt, so a re-run after its end does not change its history', async () => {
  const { id } = await insertDeployAt(console_.deps, 'building', { githubRunId: 8n })
  gitHubHasRun('failure', { deploy: { Apply: 'failure' } })
  await reconcileDeploy(console_.deps, id)
  gitHubHasRun('success', { deploy: { Apply: 'success' } }, 2)
  await reconcileDeploy(console_.deps, id)
  expect(await statesOf(id)).toEqual([
    [2, [['deploy', 'success']]],
    [1, [['deploy', 'failure']]],
  ])
})

it('a deploy that a callback has ended shows the end of its jobs after the next look', async () => {
  const { id } = await insertDeployAt(console_.deps, 'deploying', { githubRunId: 9n })
  gitHubHasRun('success', { deploy: { Apply: 'success' } })
  await receiveCallback(console_.deps, signedCallback(id, { status: 'succeeded', run_id: '9' }), id)
  await reconcileDeploy(console_.deps, id)
  expect(await statesOf(id)).toEqual([[1, [['deploy', 'success']]]])
})

describe('the log of a failed job', () => {
  const line = (second: string, text: string) => `2026-11-21T10:0${second}.1234567Z ${text}\n`
  const LOG = `${line('0:30', 'Applying')}${line('4:00', '\u001b[31mError: quota exceeded\u001b[0m')}${line('4:02', 'Post job cleanup.')}`

  /** A deploy whose job has failed, seen by one look. */
  async function failedDeploy() {
    const { id } = await insertDeployAt(console_.deps, 'building', { githubRunId: nextRun() })
    gitHubHasRun(null, { test: 'success', deploy: { Build: 'success', Apply: 'failure' } })
    await reconcileDeploy(console_.deps, id)
    return id
  }
  const logOf = async (id: string) => (await attemptsOf(id))[0]?.failedLog
  const link =
    (path: string): Handler =>
    () => ({ status: 302, headers: { location: `${github.origin}${path}` } })
  const asked = () => github.requests.filter(({ path }) => /\/logs$|^\/blob/.test(path))

  it('is read once, from the link that GitHub gives, and the credentials do not travel to the other host', async () => {
    github.script.onJobLog = link('/blob/log?sig=secret')
    github.script.onElsewhere = () => ({ status: 200, text: LOG, headers: { 'content-type': 'text/plain' } })
    const id = await failedDeploy()
    expect(await logOf(id)).toBeNull()
    const { heard } = await nextNotice(console_.deps, id)
    await runQueue(console_.deps)
    await heard
    expect(await logOf(id)).toMatchObject({
      jobId: '2',
      step: 'Apply',
      of: 'step',
      lines: ['Applying', '\u001b[31mError: quota exceeded\u001b[0m'],
      unread: null,
    })
    const [api, blob] = asked()
    expect(api?.path).toBe('/api/v3/repos/acme/platform/actions/jobs/2/logs')
    expect(api?.headers.authorization).toBe('token test-token')
    expect(blob?.headers).not.toHaveProperty('authorization')
    expect(JSON.stringify(blob?.headers)).not.toContain('test-token')

    await reconcileDeploy(console_.deps, id)
    await runQueue(console_.deps)
    expect(asked()).toHaveLength(2)
  })

  it.each<[string, Answer | Handler, Answer, string, number]>([
    ['does not exist yet', answers.notFound, answers.notFound, 'GitHub did not find the job’s log in acme/platform', 1],
    ['may not be read', answers.forbidden, answers.notFound, 'The console’s credentials may not do this', 0],
    ['has a link that has expired', link('/blob'), { status: 403, text: '' }, 'could not be downloaded (HTTP 403)', 1],
    [
      'breaks off',
      link('/blob'),
      { status: 200, text: line('0:30', 'Applying'), cut: true },
      'could not be downloaded from the address',
      1,
    ],
    [
      'has a link that redirects again',
      link('/blob'),
      { status: 302, headers: { location: '/internal' } },
      'could not be downloaded from the address',
      1,
    ],
    [
      'has an address that is none',
      { status: 302, headers: { location: 'ftp://x' } },
      answers.notFound,
      'no usable address',
      0,
    ],
  ])('that %s is said to be unread, with the reason, and is asked for again only if that may help', async (...row) => {
    const [, api, blob, reason, waiting] = row
    github.script.onJobLog = answerInTurn(api)
    github.script.onElsewhere = answerInTurn(blob, { status: 200, text: LOG })
    const id = await failedDeploy()
    await runQueue(console_.deps)
    expect(await logOf(id)).toMatchObject({ of: 'job', lines: [], unread: expect.stringContaining(reason) })
    // Later looks do not ask for it again.
    await reconcileDeploy(console_.deps, id)
    const queued = (await queuedJobs(console_.deps)).filter(({ key }) => key === `read_failed_log:${id}`)
    expect(queued).toHaveLength(waiting)
  })

  it('that is longer than 32 MB is not read to its end, and the deploy says so', async () => {
    github.script.onJobLog = link('/blob')
    github.script.onElsewhere = () => ({ status: 200, text: 'x'.repeat(33 * 1024 * 1024) })
    const id = await failedDeploy()
    await runQueue(console_.deps)
    expect(await logOf(id)).toMatchObject({ lines: [], unread: 'The log is longer than 32 MB. Read it on GitHub.' })
  })

  it('waits while the rest of GitHub’s rate limit is reserved', async () => {
    const id = await failedDeploy()
    const until = new Date(Date.now() + 60_000)
    const rateLimit = { ...console_.deps.github.rateLimit, pausedUntil: () => until }
    await runQueue({ ...console_.deps, github: Object.assign(Object.create(console_.deps.github), { rateLimit }) })
    expect(asked()).toEqual([])
    expect(await queuedJobs(console_.deps)).toContainEqual(
      expect.objectContaining({ key: `read_failed_log:${id}`, runAt: until }),
    )
  })
})

describe('of two looks at the same time', () => {
  /** Begins a look whose answer arrives late, and makes another one before it arrives. */
  async function looks(
    id: string,
    slow: { readonly conclusion: string | null; readonly attempt?: number; readonly jobs: Jobs },
    fast: { readonly conclusion: string | null; readonly attempt?: number; readonly jobs: Jobs },
    beforeFast: () => Promise<unknown> = async () => {},
  ) {
    const late = holdAnswer(jobsAnswer(slow.jobs))
    github.script.onRun = () => runAnswer(slow.conclusion, slow.attempt)
    github.script.onJobs = late
    const at = Date.now()
    const older = reconcileDeploy({ ...console_.deps, now: () => new Date(at) }, id)
    await late.asked
    await beforeFast()
    gitHubHasRun(fast.conclusion, fast.jobs, fast.attempt)
    await reconcileDeploy({ ...console_.deps, now: () => new Date(at + 1_000) }, id)
    late.release()
    await older
  }
  type Jobs = Parameters<typeof jobsAnswer>[0]
  const rowOf = (id: string) => console_.deps.db.deploy.findUniqueOrThrow({ where: { id } })
  const going = { conclusion: null, jobs: { deploy: { Apply: null } } }
  const ended = { conclusion: 'success', jobs: { deploy: { Apply: 'success' } } }
  const skipped = { conclusion: 'failure', jobs: { smoke: { Test: 'failure' }, deploy: 'skipped' } }

  it('the older one does not replace what the younger one read of the jobs', async () => {
    const { id } = await insertDeployAt(console_.deps, 'building', { githubRunId: nextRun() })
    await looks(id, { conclusion: null, jobs: { test: { Unit: null } } }, going)
    expect(await statesOf(id)).toEqual([[1, [['deploy', null]]]])
  })

  it('one that saw the run in progress does not undo the end that the other one saw', async () => {
    const { id } = await insertDeployAt(console_.deps, 'building', { githubRunId: nextRun() })
    await looks(id, { conclusion: null, jobs: { smoke: { Test: null } } }, skipped)
    expect(await rowOf(id)).toMatchObject({ status: 'failed', shipped: 'no', runRecord: { over: true } })
    expect(await statesOf(id)).toEqual([
      [
        1,
        [
          ['smoke', 'failure'],
          ['deploy', 'skipped'],
        ],
      ],
    ])
  })

  it('the one that saw the end of an ended deploy counts, in whatever order the two began', async () => {
    for (const [slow, fast] of [
      [going, ended],
      [ended, going],
    ] as const) {
      const { id } = await insertDeployAt(console_.deps, 'deploying', { githubRunId: 9n })
      await receiveCallback(console_.deps, signedCallback(id, { status: 'succeeded', run_id: '9' }), id)
      await looks(id, slow, fast)
      expect(await rowOf(id)).toMatchObject({ status: 'succeeded', shipped: 'yes', runRecord: { over: true } })
      expect(await statesOf(id)).toEqual([[1, [['deploy', 'success']]]])
      expect((await getDeploy(console_.deps, id)).settled).toBe(true)
    }
  })

  it('one that began before a callback ended the deploy leaves it to the next look to confirm the end', async () => {
    const { id } = await insertDeployAt(console_.deps, 'deploying', { githubRunId: 9n })
    const failed = { conclusion: 'failure', jobs: { deploy: { Apply: 'failure' } } }
    await looks(id, failed, going, () =>
      receiveCallback(console_.deps, signedCallback(id, { status: 'succeeded', run_id: '9' }), id),
    )
    gitHubHasRun('failure', failed.jobs)
    await reconcileDeploy(console_.deps, id)
    const actions = await console_.deps.db.auditEvent.findMany({ where: { deployId: id }, select: { action: true } })
    expect(actions.map(({ action }) => action)).toContain('console.deploy.record_disagrees')
  })

  it('one that saw the end of the first attempt does not free the surface that a re-run holds', async () => {
    const { id } = await insertDeployAt(console_.deps, 'deploying', { githubRunId: 9n })
    gitHubHasRun('success', ended.jobs)
    await reconcileDeploy(console_.deps, id)
    await looks(id, ended, { ...going, attempt: 2 })
    expect(await rowOf(id)).toMatchObject({ holdsSurface: true, lateRunAttempt: 2, runRecord: { attempt: 2 } })
  })

  it('one that saw the end of the run on record does not free the surface that a late run holds', async () => {
    const { id } = await insertDeployAt(console_.deps, 'deploying', { githubRunId: 9n })
    await receiveCallback(console_.deps, signedCallback(id, { status: 'succeeded', run_id: '9' }), id)
    await looks(id, ended, going, () =>
      console_.deps.db.deploy.update({
        where: { id },
        data: { lateRunId: 10n, lateRunAttempt: 1, holdsSurface: true },
      }),
    )
    expect(await rowOf(id)).toMatchObject({ holdsSurface: true, shipped: 'yes' })
  })

  it('one that saw the end of the first attempt does not end a deploy that goes on with a re-run', async () => {
    const { id } = await insertDeployAt(console_.deps, 'building', { githubRunId: nextRun() })
    await looks(id, skipped, { ...going, attempt: 2 })
    expect(await rowOf(id)).toMatchObject({ status: 'building', runRecord: { attempt: 2, over: false } })
  })
})

it('jobs of a re-run that begins during a look are not taken for those of the attempt that was read', async () => {
  const { id } = await insertDeployAt(console_.deps, 'building', { githubRunId: nextRun() })
  const jobsOf = (attempt: number, jobs: Parameters<typeof jobsAnswer>[0]): Answer => {
    const body = z.object({ total_count: z.int(), jobs: z.array(z.looseObject({})) })
    const answer = jobsAnswer(jobs)
    if (answer === 'hang up') return answer
    const { total_count, jobs: listed } = body.parse(answer.body)
    return { status: 200, body: { total_count, jobs: listed.map((job) => ({ ...job, run_attempt: attempt })) } }
  }
  github.script.onRun = () => runAnswer('success')
  github.script.onJobs = ({ path }) =>
    path.includes('/attempts/1/jobs')
      ? jobsOf(1, { smoke: 'success', deploy: { Apply: 'success' } })
      : jobsOf(2, { smoke: { Test: 'failure' }, deploy: 'skipped' })
  await reconcileDeploy(console_.deps, id)
  expect(await getDeploy(console_.deps, id)).toMatchObject({ status: 'succeeded', shipped: 'yes' })
  expect(await statesOf(id)).toEqual([
    [
      1,
      [
        ['smoke', 'success'],
        ['deploy', 'success'],
      ],
    ],
  ])
})
