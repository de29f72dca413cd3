import { describe, expect, test } from 'vitest'
import type { RunEvent } from '~/sandbox/runner/types'
import { applyRunEvent, loseRun } from '~/sandbox/runs/apply-run-event'
import { listedJobs, type RunRecord } from '~/sandbox/runs/run-record'

const created = '2026-11-21T10:00:00Z'

const job = (key: string, needs: string[]): RunRecord['jobs'][number] => ({
  id: needs.length + 1,
  key,
  name: key,
  needs,
  expands: false,
  placeOf: null,
  environment: null,
  status: 'queued',
  conclusion: null,
  createdAt: needs.length === 0 ? created : null,
  startedAt: null,
  completedAt: null,
  steps: [],
  annotation: null,
})

const queued: RunRecord = {
  runId: 17_911_000_001,
  runNumber: 1,
  attempt: 1,
  repository: 'acme/platform',
  workflow: { id: 1, path: '.github/workflows/x.yml', name: 'X' },
  displayTitle: 'X',
  event: 'workflow_dispatch',
  inputs: {},
  actor: 'someone',
  sha: '0'.repeat(40),
  refName: 'main',
  refType: 'branch',
  concurrency: null,
  reviews: [],
  startupFailure: null,
  status: 'queued',
  conclusion: null,
  createdAt: created,
  startedAt: created,
  updatedAt: created,
  jobs: [job('a', []), job('b', ['a'])],
}

const now = new Date('2026-11-21T10:00:05Z')
const play = (run: RunRecord, ...events: RunEvent[]): RunRecord =>
  events.reduce((before, event) => applyRunEvent(before, event, now, () => 7), run)

const started: RunEvent[] = [
  { type: 'run-started', displayTitle: 'X for you', jobs: [] },
  { type: 'job-started', job: 'a', steps: ['Set up job', 'Work', 'Complete job'] },
]

describe('a run record', () => {
  test('takes the title and the steps that the runner reports', () => {
    const run = play(queued, ...started, { type: 'step-started', job: 'a', step: 1 })
    expect(run).toMatchObject({ status: 'in_progress', displayTitle: 'X for you', updatedAt: '2026-11-21T10:00:05Z' })
    expect(run.jobs[0]?.steps.map(({ number, status }) => [number, status])).toEqual([
      [1, 'queued'],
      [2, 'in_progress'],
      [3, 'queued'],
    ])
  })

  test('lists a job once the jobs that it needs have ended', () => {
    const during = play(queued, ...started)
    expect(listedJobs(during).map(({ key }) => key)).toEqual(['a'])
    const after = play(during, { type: 'job-completed', job: 'a', conclusion: 'success' })
    expect(listedJobs(after).map(({ key, status }) => [key, status])).toEqual([
      ['a', 'completed'],
      ['b', 'queued'],
    ])
  })

  test('lists the legs of a matrix in its place, and what needs the matrix once it has ended', () => {
    const matrix = { ...queued, jobs: [{ ...job('a', []), expands: true }, job('b', ['a'])] }
    const legs = [0, 1].map((index) => ({ id: `a.${index}`, name: `a (${index})`, needs: [], expands: false }))
    expect(listedJobs(matrix)).toEqual([])
    const during = play(matrix, { type: 'job-expanded', job: 'a', jobs: legs })
    expect(listedJobs(during).map(({ name, status }) => [name, status])).toEqual([
      ['a (0)', 'queued'],
      ['a (1)', 'queued'],
    ])
    const after = play(during, { type: 'job-completed', job: 'a', conclusion: 'failure' })
    expect(listedJobs(after).map(({ name }) => name)).toEqual(['a (0)', 'a (1)', 'b'])
    const skipped = play(matrix, { type: 'job-completed', job: 'a', conclusion: 'skipped' })
    expect(listedJobs(skipped).map(({ name }) => name)).toEqual(['a', 'b'])
  })

  test('waits while all of its open jobs wait for a reviewer, and no longer', () => {
    const waiting = play(queued, started[0] as RunEvent, { type: 'job-waiting', job: 'a', environment: 'live' })
    expect(waiting).toMatchObject({ status: 'waiting', jobs: [{ status: 'waiting', environment: 'live' }, {}] })
    expect(play(waiting, { type: 'job-queued', job: 'a' })).toMatchObject({ status: 'in_progress' })
    const both = { ...queued, jobs: [job('a', []), job('b', [])] }
    const one = play(both, started[0] as RunEvent, { type: 'job-waiting', job: 'a', environment: 'live' })
    expect(one.status).toBe('in_progress')
  })

  test('that waits is cancelled when the sandbox ends, unless a job of it has failed or lost its runner', () => {
    const isWaiting = (key: string): RunEvent => ({ type: 'job-waiting', job: key, environment: 'live' })
    const lost = loseRun(play(queued, started[0] as RunEvent, isWaiting('a')), now)
    expect(lost).toMatchObject({ status: 'completed', conclusion: 'cancelled' })
    expect(lost.jobs.map(({ conclusion }) => conclusion)).toEqual(['cancelled', 'skipped'])
    expect(lost.jobs[0]?.annotation).toContain('On GitHub, it would still wait.')

    const both = { ...queued, jobs: [job('a', []), job('b', [])] }
    const running = play(both, ...started, { type: 'step-started', job: 'a', step: 1 }, isWaiting('b'))
    const failed = play(both, ...started, { type: 'job-completed', job: 'a', conclusion: 'failure' }, isWaiting('b'))
    for (const run of [running, failed]) {
      expect(loseRun(run, now)).toMatchObject({
        conclusion: 'failure',
        jobs: [{ conclusion: 'failure' }, { conclusion: 'cancelled' }],
      })
    }
  })

  test('leaves no step open in a job that has ended', () => {
    const failed = play(queued, ...started, { type: 'job-completed', job: 'a', conclusion: 'failure' })
    expect(failed.jobs[0]?.steps.map(({ conclusion }) => conclusion)).toEqual(['skipped', 'skipped', 'skipped'])
    const cancelled = play(queued, ...started, { type: 'job-completed', job: 'a', conclusion: 'cancelled' })
    expect(cancelled.jobs[0]?.steps.map(({ conclusion }) => conclusion)).toEqual([
      'cancelled',
      'cancelled',
      'cancelled',
    ])
  })

  test('does not change after it has ended', () => {
    const ended = play(queued, ...started, { type: 'run-completed', conclusion: 'cancelled' })
    expect(ended.jobs.map(({ status, conclusion }) => [status, conclusion])).toEqual([
      ['completed', 'cancelled'],
      ['completed', 'cancelled'],
    ])
    expect(play(ended, { type: 'job-started', job: 'b', steps: ['Set up job'] })).toBe(ended)
  })

  test('with a lost runner fails the running step and skips what had not started', () => {
    const lost = loseRun(play(queued, ...started, { type: 'step-started', job: 'a', step: 1 }), now)
    expect(lost).toMatchObject({ status: 'completed', conclusion: 'failure' })
    expect(lost.jobs[0]?.steps[1]?.conclusion).toBe('failure')
    expect(lost.jobs[0]?.annotation).toBe('The hosted runner lost communication with the server.')
    expect(lost.jobs[1]).toMatchObject({ conclusion: 'skipped', annotation: null })
  })
})
