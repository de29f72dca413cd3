import { describe, expect, it } from 'vitest'
import { describeWatch } from '~/domain/deploy/watch'
import {
  type FailingProbes,
  judgeFailing,
  noteWatched,
  refuseStart,
  type WatchedProbe,
} from '~/domain/surface/failing-probes'

const SHA = 'd41c9e2'.padEnd(40, '0')
const OTHER = '2b67698'.padEnd(40, '0')
const START = Date.UTC(2026, 10, 29, 14, 5, 0)

const probe = (seconds: number, over: Partial<WatchedProbe> = {}): WatchedProbe => ({
  at: new Date(START + seconds * 1_000),
  health: 'unhealthy',
  detail: 'answers HTTP 503',
  sha: SHA,
  ...over,
})
const failingAfter = (...probes: readonly WatchedProbe[]): FailingProbes | null =>
  probes.reduce<FailingProbes | null>((failing, each) => noteWatched(failing, each, SHA), null)

describe('failing probes', () => {
  it('three proven ones over twenty seconds are enough, and fewer or faster ones are not', () => {
    expect(judgeFailing(failingAfter(probe(0), probe(10), probe(20)), 'auto')).toEqual({
      since: new Date(START),
      probes: 3,
      isProven: true,
      unreached: false,
      detail: 'answers HTTP 503',
    })
    expect(judgeFailing(failingAfter(probe(0), probe(20)), 'auto')).toBeNull()
    expect(judgeFailing(failingAfter(probe(0), probe(10), probe(19)), 'auto')).toBeNull()
  })

  it('end with a healthy answer, and with another commit', () => {
    expect(failingAfter(probe(0), probe(10), probe(20, { health: 'healthy', detail: null }))).toBeNull()
    expect(failingAfter(probe(0), probe(10), probe(20, { sha: OTHER }))).toBeNull()
  })

  it('count once each, in the order in which they were asked', () => {
    const failing = failingAfter(probe(0), probe(10))
    expect(noteWatched(failing, probe(10), SHA)).toBe(failing)
    expect(noteWatched(failing, probe(5, { health: 'healthy' }), SHA)).toBe(failing)
  })

  it('are no proof without the commit, and proof begins anew after such an answer', () => {
    const unnamed = failingAfter(probe(0), probe(10, { sha: null }), probe(20, { sha: null }))
    expect(judgeFailing(unnamed, 'auto')).toMatchObject({ isProven: false, unreached: false })
    const mixed = failingAfter(probe(0, { sha: null }), probe(10), probe(20))
    expect(judgeFailing(mixed, 'auto')).toBeNull()
    expect(judgeFailing(mixed, 'offer')).toMatchObject({ isProven: false, probes: 3 })
    expect(judgeFailing(failingAfter(probe(0, { sha: null }), probe(10), probe(20), probe(30)), 'auto')).toMatchObject({
      isProven: true,
      since: new Date(START + 10_000),
    })
  })

  it('that were not answered are named as such', () => {
    const silent = { health: 'unreachable', detail: 'no answer within 5 s', sha: null } as const
    expect(judgeFailing(failingAfter(probe(0), probe(10), probe(20, silent)), 'offer')).toMatchObject({
      unreached: true,
      isProven: false,
      detail: 'no answer within 5 s',
    })
  })
})

describe('the start of a rollback', () => {
  const failure = { since: new Date(START), probes: 3, isProven: true, unreached: false, detail: 'answers HTTP 503' }
  const requestedAt = new Date(START - 600_000)
  const target = { sha: OTHER, healthyAt: new Date(START - 660_000), hasTurned: false }

  it('is not refused for a target that was healthy within a minute before the request', () => {
    expect(refuseStart({ failure, target, requestedAt })).toBeNull()
  })

  it.each([
    ['Not every answer', { failure: { ...failure, isProven: false } }],
    ['No earlier deploy', { target: null }],
    ['turned unhealthy with 2b67698 too', { target: { ...target, hasTurned: true } }],
    ['not seen healthy with 2b67698', { target: { ...target, healthyAt: null } }],
    ['not seen healthy with 2b67698', { target: { ...target, healthyAt: new Date(START - 660_001) } }],
  ])('is refused: %s', (words, over) => {
    expect(refuseStart({ failure, target, requestedAt, ...over })).toContain(words)
  })
})

describe('what is said', () => {
  const watch = {
    mode: 'auto',
    state: 'watching',
    minutes: 10,
    healthyAt: '2026-11-29T14:02:10.000Z',
    until: '2026-11-29T14:12:00.000Z',
    turnedAt: null,
    detail: null,
    target: null,
    rollbackDeployId: null,
    approvalId: null,
    reason: null,
    finishedAt: '2026-11-29T14:02:00.000Z',
  } as const
  const turned = {
    ...watch,
    turnedAt: '2026-11-29T14:05:00.000Z',
    detail: 'answers HTTP 503',
    target: { deployId: 'x', sha: OTHER, healthyAt: '2026-11-29T14:01:30.000Z' },
  }

  it('names the end of the watch, the fault, the version to return to, and why nothing was started', () => {
    expect(describeWatch(watch)).toEqual(['Armed: rolls back by itself if unhealthy before 14:12 UTC.'])
    expect(describeWatch({ ...turned, state: 'offered', reason: 'Production is frozen.' })).toEqual([
      'The surface turned unhealthy 3 min after this deploy: answers HTTP 503.',
      'The console did not roll back by itself. Production is frozen.',
      'Roll back to 2b67698, healthy until 14:01 UTC.',
    ])
    expect(describeWatch({ ...turned, state: 'rolling_back' })[1]).toBe(
      'The console started a rollback to 2b67698, healthy until 14:01 UTC.',
    )
  })

  it('shows foreign text of an answer as such, and a state of a newer version by its name', () => {
    expect(describeWatch({ ...turned, state: 'offered', detail: 'a\u202eb' })[0]).not.toContain('\u202e')
    expect(describeWatch({ ...watch, state: 'paused' })).toEqual([
      'A newer version of the console watches this deploy (paused).',
    ])
  })
})
