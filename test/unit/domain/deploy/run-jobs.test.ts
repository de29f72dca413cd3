import { describe, expect, it } from 'vitest'
import { jobInFocus, partState } from '~/domain/deploy/job-state'
import { keepJobs, type ListedJob } from '~/domain/deploy/run-jobs'

const listed = (name: string, conclusion: string | null, steps = 1): ListedJob => ({
  id: '7',
  name,
  status: conclusion === null ? 'in_progress' : 'completed',
  conclusion,
  createdAt: null,
  labels: [],
  startedAt: '2026-11-21T10:00:00+01:00',
  completedAt: '0001-01-01T00:00:00Z',
  steps: Array.from({ length: steps }, (_, index) => ({
    number: index + 1,
    name: `step ${index + 1}`,
    status: 'completed',
    conclusion: 'success',
    startedAt: 'soon',
    completedAt: null,
  })),
})
const many = (count: number, conclusion: string) =>
  Array.from({ length: count }, (_, index) => listed(`job ${index}`, conclusion))

describe('the jobs that are kept with a deploy', () => {
  it('are all of a usual run, in the order of GitHub, with times in UTC and without times that did not happen', () => {
    const kept = keepJobs({ jobs: [listed('test', 'success'), listed('deploy', null)], jobCount: 2 })
    expect(kept.jobs.map(({ name }) => name)).toEqual(['test', 'deploy'])
    expect(kept.jobs[0]).toMatchObject({ id: '7', startedAt: '2026-11-21T09:00:00.000Z', endedAt: null, moreSteps: 0 })
    expect(kept.jobs[0]?.steps).toEqual([
      { number: 1, name: 'step 1', status: 'completed', conclusion: 'success', startedAt: null, endedAt: null },
    ])
    expect(kept.moreJobs).toBe(0)
  })

  it('are at most a hundred: a failed and a running job at the end of the list are among them, and the rest is counted', () => {
    const jobs = [...many(150, 'success'), listed('running', null), listed('failed', 'failure')]
    const kept = keepJobs({ jobs, jobCount: 1_200 })
    expect(kept.jobs).toHaveLength(100)
    expect(kept.jobs.slice(-2).map(({ name }) => name)).toEqual(['running', 'failed'])
    expect(kept.moreJobs).toBe(1_100)
  })

  it('have at most 500 steps in all: the failed job keeps its steps, and a job without room says how many it had', () => {
    const jobs = [listed('long', 'success', 450), listed('failed', 'failure', 100)]
    const { jobs: kept } = keepJobs({ jobs, jobCount: 2 })
    expect(kept.map(({ name, steps, moreSteps }) => [name, steps.length, moreSteps])).toEqual([
      ['long', 0, 450],
      ['failed', 100, 0],
    ])
  })

  it('have names of at most 200 characters, and no half characters', () => {
    const [job] = keepJobs({ jobs: [listed('🚢'.repeat(300), 'success')], jobCount: 1 }).jobs
    expect(job?.name).toBe(`${'🚢'.repeat(199)}…`)
  })
})

it.each([
  ['in_progress', null, 'active'],
  ['queued', null, 'pending'],
  ['waiting', null, 'pending'],
  ['hibernating', null, 'unknown'],
  ['completed', 'success', 'done'],
  ['completed', 'failure', 'failed'],
  ['completed', 'skipped', 'skipped'],
  ['completed', 'neutral', 'unknown'],
])('a job that GitHub calls %s and %s is %s', (status, conclusion, state) => {
  expect(partState({ status, conclusion })).toBe(state)
})

it('the job to show first is the first that failed, else the first that runs', () => {
  const [done, running, failed] = [listed('a', 'success'), listed('b', null), listed('c', 'failure')]
  expect(jobInFocus([done, running, failed])).toBe(failed)
  expect(jobInFocus([done, running])).toBe(running)
  expect(jobInFocus([done])).toBeNull()
})
