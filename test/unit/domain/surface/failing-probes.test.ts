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

/** A probe this many seconds after the start. It is asked and judged at the same time, and follows the last one, unless the test says otherwise. */
interface Probe extends Partial<WatchedProbe> {
  readonly seconds: number
}
const probe = (seconds: number, over: Partial<WatchedProbe> = {}): Probe => ({ seconds, ...over })
const time = (seconds: number) => new Date(START + seconds * 1_000)

const failingAfter = (...probes: readonly Probe[]): FailingProbes | null =>
  probes.reduce<FailingProbes | null>((failing, { seconds, ...over }, index) => {
    const before = probes[index - 1]
    const follows = before === undefined ? time(-10) : (before.at ?? time(before.seconds))
    const answer = { health: 'unhealthy', httpStatus: 503, detail: 'answers HTTP 503', sha: SHA } as const
    return noteWatched(failing, { at: time(seconds), follows, ...answer, ...over }, { sha: SHA, now: time(seconds) })
  }, null)
const AUTO = { mode: 'auto', wasHealthy: true } as const
const OFFER = { mode: 'offer', wasHealthy: true } as const

describe('failing probes', () => {
  it('three proven ones over twenty seconds are enough, and fewer or faster ones are not', () => {
    expect(judgeFailing(failingAfter(probe(0), probe(10), probe(20)), AUTO)).toEqual({
      since: new Date(START),
      probes: 3,
      isProven: true,
      unreached: false,
      beforeLast: time(10),
      detail: 'answers HTTP 503',
    })
    expect(judgeFailing(failingAfter(probe(0), probe(20)), AUTO)).toBeNull()
    expect(judgeFailing(failingAfter(probe(0), probe(10), probe(19)), AUTO)).toBeNull()
  })

  it('end with a healthy answer, and with another commit', () => {
    expect(failingAfter(probe(0), probe(10), probe(20, { health: 'healthy', detail: null }))).toBeNull()
    expect(failingAfter(probe(0), probe(10), probe(20, { sha: OTHER }))).toBeNull()
  })

  it('begin anew after more than 30 seconds without a probe', () => {
    expect(judgeFailing(failingAfter(probe(0), probe(30), probe(60)), AUTO)).toMatchObject({ probes: 3 })
    expect(failingAfter(probe(0), probe(10), probe(41))?.any).toMatchObject({ count: 1 })
    expect(failingAfter(probe(0), probe(1800), probe(1802))?.any).toMatchObject({ count: 2 })
  })

  it('begin anew if another probe was recorded in between, or nobody knows', () => {
    expect(failingAfter(probe(0), probe(10), probe(20, { follows: time(15) }))?.any).toMatchObject({ count: 1 })
    expect(failingAfter(probe(0), probe(10), probe(20, { follows: null }))?.any).toMatchObject({ count: 1 })
  })

  it('are timed by one clock, whatever the workers’ clocks say', () => {
    const ahead = failingAfter(probe(0), probe(1, { at: time(26) }), probe(3, { at: time(28) }))
    expect(ahead?.any.count).toBe(3)
    expect(judgeFailing(ahead, AUTO)).toBeNull()
    const behind = failingAfter(probe(0, { at: time(25) }), probe(10, { at: time(10), health: 'healthy' }), probe(20))
    expect(behind?.any.count).toBe(1)
  })

  it('prove a server error only: a missing page is none', () => {
    const missing = { httpStatus: 404, detail: 'answers HTTP 404' }
    const failing = failingAfter(probe(0, missing), probe(10, missing), probe(20, missing))
    expect(judgeFailing(failing, AUTO)).toMatchObject({ isProven: false })
  })

  it('of a deploy that was not seen healthy count only if each of them is proven', () => {
    const unseen = { mode: 'offer', wasHealthy: false } as const
    expect(judgeFailing(failingAfter(probe(0), probe(10), probe(20)), unseen)).toMatchObject({ isProven: true })
    const unnamed = { sha: null }
    expect(judgeFailing(failingAfter(probe(0), probe(10, unnamed), probe(20, unnamed)), unseen)).toBeNull()
  })

  it('are no proof without the commit, and proof begins anew after such an answer', () => {
    const unnamed = failingAfter(probe(0), probe(10, { sha: null }), probe(20, { sha: null }))
    expect(judgeFailing(unnamed, AUTO)).toMatchObject({ isProven: false, unreached: false })
    const mixed = failingAfter(probe(0, { sha: null }), probe(10), probe(20))
    expect(judgeFailing(mixed, AUTO)).toBeNull()
    expect(judgeFailing(mixed, OFFER)).toMatchObject({ isProven: false, probes: 3 })
    expect(judgeFailing(failingAfter(probe(0, { sha: null }), probe(10), probe(20), probe(30)), AUTO)).toMatchObject({
      isProven: true,
      since: new Date(START + 10_000),
    })
  })

  it('that were not answered are named as such', () => {
    const silent = { health: 'unreachable', httpStatus: null, detail: 'no answer within 5 s', sha: null } as const
    expect(judgeFailing(failingAfter(probe(0), probe(10), probe(20, silent)), OFFER)).toMatchObject({
      unreached: true,
      isProven: false,
      detail: 'no answer within 5 s',
    })
  })
})

describe('the start of a rollback', () => {
  const failure = {
    since: new Date(START),
    probes: 3,
    isProven: true,
    unreached: false,
    beforeLast: time(10),
    detail: 'answers HTTP 503',
  }
  const requestedAt = new Date(START - 600_000)
  const target = { sha: OTHER, healthyAt: new Date(START - 660_000), hasTurned: false }

  it('is not refused for a target that was healthy within a minute before the request', () => {
    expect(refuseStart({ failure, target, requestedAt, wasHealthy: true })).toBeNull()
  })

  it.each([
    ['not seen healthy with this deploy', { wasHealthy: false }],
    ['Not every answer', { failure: { ...failure, isProven: false } }],
    ['No earlier deploy', { target: null }],
    ['turned unhealthy with 2b67698 too', { target: { ...target, hasTurned: true } }],
    ['not seen healthy with 2b67698', { target: { ...target, healthyAt: null } }],
    ['not seen healthy with 2b67698', { target: { ...target, healthyAt: new Date(START - 660_001) } }],
  ])('is refused: %s', (words, over) => {
    expect(refuseStart({ failure, target, requestedAt, wasHealthy: true, ...over })).toContain(words)
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
    approval: null,
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

  it('says what became of a requested approval, and never that somebody decides when nobody does', () => {
    const said = (approval: string | null) => describeWatch({ ...turned, state: 'approval', approval })[1]
    expect(said('waiting')).toContain('Another person decides.')
    for (const state of ['granted', 'refused', 'withdrawn', 'expired', null])
      expect(said(state)).not.toContain('Another person decides.')
  })

  it('names the day of a version that was healthy on another day', () => {
    const target = { ...turned.target, healthyAt: '2026-11-24T14:01:30.000Z' }
    expect(describeWatch({ ...turned, target, state: 'offered' }).at(-1)).toBe(
      'Roll back to 2b67698, healthy until 2026-11-24 14:01 UTC.',
    )
  })

  it('is no proof of health when the watch ended', () => {
    for (const state of ['over', 'inconclusive', 'unseen'])
      expect(describeWatch({ ...watch, state }).join(' ')).not.toMatch(/did not turn|stayed healthy/)
  })

  it('shows foreign text of an answer as such, and a state of a newer version by its name', () => {
    expect(describeWatch({ ...turned, state: 'offered', detail: 'a\u202eb' })[0]).not.toContain('\u202e')
    expect(describeWatch({ ...watch, state: 'paused' })).toEqual([
      'A newer version of the console watches this deploy (paused).',
    ])
  })
})
