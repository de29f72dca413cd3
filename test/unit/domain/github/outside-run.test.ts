import { describe, expect, it } from 'vitest'
import { type ListedRun, newestOutsideRun, type OwnRun } from '~/domain/github/outside-run'

const environments = ['production', 'staging']
const byHand: ListedRun = {
  id: 1n,
  number: 12,
  title: 'Deploy API to production',
  commitTitle: 'Make search faster',
  event: 'workflow_dispatch',
  status: 'completed',
  conclusion: 'success',
  actor: 'ada',
  startedAt: '2026-11-21T09:00:00Z',
  attempt: 1,
}
const newest = (runs: readonly Partial<ListedRun>[], environment = 'production', own: OwnRun | null = null) =>
  newestOutsideRun(
    runs.map((run) => ({ ...byHand, ...run })),
    { id: 'api', environment, sharesWorkflow: false },
    { environments, ours: new Map(own === null ? [] : [[byHand.id, own]]), deployIds: new Set([KNOWN]) },
  )
const KNOWN = '0192f0c1-2345-7abc-8def-0123456789ab'

describe('the newest outside run', () => {
  it('is a run started by hand or by a push, in the environment of its title', () => {
    expect(newest([{}])).toMatchObject({ number: 12, actor: 'ada', state: 'succeeded', environmentKnown: true })
    expect(newest([{ event: 'push' }])).toMatchObject({ number: 12 })
    expect(newest([{}], 'staging')).toBeNull()
    expect(newest([{ title: 'Deploy API to staging' }], 'staging')).toMatchObject({ number: 12 })
  })

  it('is not known to ship to a surface that shares workflow and environment with another one', () => {
    const shared = { id: 'api', environment: 'production', sharesWorkflow: true }
    const context = { environments, ours: new Map(), deployIds: new Set<string>() }
    expect(newestOutsideRun([byHand], shared, context)).toMatchObject({ number: 12, environmentKnown: false })
    expect(newestOutsideRun([{ ...byHand, title: 'Deploy API to staging' }], shared, context)).toBeNull()
  })

  it.each([
    ['has the id of a deploy of this console', { title: `Deploy API to production [${KNOWN}]` }],
    ['failed', { conclusion: 'failure' }],
    ['was cancelled', { conclusion: 'cancelled' }],
    ['was started by another event', { event: 'pull_request' }],
  ])('is not a run that %s', (_, run) => {
    expect(newest([run])).toBeNull()
  })

  it('can be a run with an id that this console never issued', () => {
    const title = 'Deploy API to production [0192f0c1-0000-7abc-8def-0123456789ab]'
    expect(newest([{ title }])).toMatchObject({ number: 12 })
  })

  it('is not a run of a deploy of the console, whatever its title', () => {
    const running = { surfaceId: 'api', finishedAt: null }
    const ended = { surfaceId: 'api', finishedAt: new Date('2026-11-21T09:05:00Z') }
    for (const own of [running, ended]) expect(newest([{}], 'production', own)).toBeNull()
    expect(newest([{ attempt: 2 }], 'production', running), 'the deploy follows the latest attempt').toBeNull()
    expect(newest([{ attempt: 2 }], 'production', ended), 'the deploy had that attempt').toBeNull()
  })

  it('can be a run of the console that was started again after its deploy ended', () => {
    const ended = { surfaceId: 'api', finishedAt: new Date('2026-11-21T08:55:00Z') }
    const title = `Deploy API to production [${KNOWN}]`
    expect(newest([{ attempt: 2, title }], 'production', ended)).toMatchObject({ number: 12, environmentKnown: true })
    expect(newest([{ attempt: 2, title }], 'production', { ...ended, surfaceId: 'docs' })).toBeNull()
    expect(newest([{ title }], 'production', ended), 'a start before the end, by a clock that is ahead').toBeNull()
  })

  it('can be still running, and is the one that started last', () => {
    const runs = [
      { number: 11 },
      { id: 2n, number: 13, status: 'in_progress', conclusion: null, startedAt: '2026-11-21T09:05:00Z' },
    ]
    expect(newest(runs)).toMatchObject({ number: 13, state: 'running' })
  })

  it.each([
    ['has no environment', { title: 'Ship it' }],
    ['names an unknown environment', { title: 'Deploy API to everyone' }],
    ['is the title of the pushed commit', { title: 'Deploy it to production', commitTitle: 'Deploy it to production' }],
  ])('has an unknown environment if its title %s', (_, run) => {
    expect(newest([run])).toMatchObject({ environmentKnown: false })
    expect(newest([run], 'staging')).toMatchObject({ environmentKnown: false })
  })
})
