import { describe, expect, it } from 'vitest'
import { explainQuiet, type QuietFacts, type RunWaits } from '~/domain/deploy/quiet'
import type { RunJob } from '~/domain/deploy/run-jobs'

const at = (time: string) => `2026-11-21T${time}.000Z`
const NOW = new Date(at('10:05:00'))

const job = (status: string, more: Partial<RunJob> = {}): RunJob => ({
  ...{ id: '1', name: 'ship', status, conclusion: null, createdAt: at('10:00:00'), startedAt: null, endedAt: null },
  ...{ labels: ['self-hosted', 'arm'], steps: [], moreSteps: 0 },
  ...more,
})
const environment = (more: Partial<RunWaits['environments'][number]> = {}) => ({
  ...{ id: '1', name: 'production', reviewers: [], waitsUntil: null, mayApprove: false },
  ...more,
})
const facts = (more: Partial<QuietFacts> = {}, waits: Partial<RunWaits> | null = null, jobs = [job('waiting')]) => ({
  ...{ terminal: false, cancelled: false, silent: false, conclusion: null, lastCallbackAt: null },
  attempt: { seenAt: at('10:04:00'), jobs, waits: waits === null ? null : { environments: [], group: null, ...waits } },
  ...more,
})
const sentence = (...given: Parameters<typeof facts>) => explainQuiet(facts(...given), NOW)?.sentence ?? null

describe('a run that an environment holds', () => {
  const held = (...environments: Partial<RunWaits['environments'][number]>[]) =>
    sentence({}, { environments: environments.map(environment) })

  it('names who may approve, and is acted on at GitHub', () => {
    const reviewers = ['octocat', 'ada', 'the team Justice League']
    expect(held({ reviewers })).toBe(
      'The run waits for a reviewer of the environment “production” on GitHub: octocat, ada or the team Justice League may approve.',
    )
    expect(explainQuiet(facts({}, { environments: [environment({ reviewers })] }), NOW)?.onGithub).toBe(true)
  })

  it.each([
    [
      { waitsUntil: at('10:30:00') },
      'The run waits for the environment “production” on GitHub, whose wait timer ends at 2026-11-21 10:30 UTC.',
    ],
    [
      { reviewers: ['ada'], waitsUntil: at('10:30:00') },
      'The run waits for the environment “production” on GitHub: ada may approve, and its wait timer ends at 2026-11-21 10:30 UTC.',
    ],
    [{}, 'The run waits for the protection rules of the environment “production” on GitHub.'],
  ])('tells of the timer, of both, or only of the rules: %o', (one, expected) => {
    expect(held(one)).toBe(expected)
  })

  it('names the environment with reviewers first, and counts the others', () => {
    expect(held({ name: 'staging' }, { reviewers: ['ada'] })).toBe(
      'The run waits for a reviewer of the environment “production” on GitHub: ada may approve. Another environment holds it too.',
    )
  })

  it('is not quiet while another job runs', () => {
    expect(sentence({}, { environments: [environment()] }, [job('waiting'), job('in_progress')])).toBeNull()
  })
})

describe('a run that is queued', () => {
  it('names the concurrency group and the run before it', () => {
    expect(sentence({}, { group: { name: 'prod', ahead: ['41'] } })).toBe(
      'The run is queued in the concurrency group “prod”, behind run 41.',
    )
    expect(sentence({}, { group: { name: 'prod', ahead: ['39', '40', '41'] } })).toBe(
      'The run is queued in the concurrency group “prod”, behind run 41 and 2 other runs.',
    )
  })

  it('gives no reason if no run is known to be before it', () => {
    expect(sentence({}, { group: { name: 'prod', ahead: [] } })).toBeNull()
    expect(sentence({}, null)).toBeNull()
  })
})

describe('a job without a runner', () => {
  const since = (createdAt: string | null, more: Partial<RunJob> = {}) =>
    explainQuiet(facts({}, null, [job('queued', { createdAt, ...more })]), NOW)

  it('tells since when the first of them waits, and for which labels', () => {
    expect(since(at('10:02:00'))).toEqual({
      sentence: 'The job “ship” has been waiting for a runner with “self-hosted” and “arm” since 2026-11-21 10:02 UTC.',
      since: at('10:02:00'),
      onGithub: true,
    })
    const jobs = [
      job('queued', { name: 'later', createdAt: at('10:03:00') }),
      job('queued', { createdAt: at('10:01:00') }),
    ]
    expect(sentence({}, null, jobs)).toContain('“ship”')
  })

  it('gives no reason if it was queued a moment ago, or if GitHub does not say when', () => {
    expect(since(at('10:03:50'))).toBeNull()
    expect(since(null)).toBeNull()
  })
})

describe('a run that ended without having run', () => {
  const ended = (conclusion: string, more: Partial<QuietFacts> = {}, waits: Partial<RunWaits> | null = null) =>
    sentence({ terminal: true, conclusion, ...more }, waits, [])

  it('never started after a startup failure', () => {
    expect(ended('startup_failure')).toBe(
      'The run never started: GitHub reports a startup failure, as for a workflow file that is not valid.',
    )
  })

  it('was cancelled on GitHub if nobody asked the console to cancel it', () => {
    expect(ended('cancelled')).toBe('The run was cancelled on GitHub. Nobody cancelled it here.')
    expect(ended('cancelled', { cancelled: true })).toBeNull()
    expect(ended('success')).toBeNull()
  })

  it('may have been replaced if it was queued in a concurrency group and no job ran', () => {
    const group = { name: 'prod', ahead: ['41'] }
    expect(ended('cancelled', {}, { group })).toBe(
      'The run was cancelled on GitHub before a job ran, and nobody cancelled it here. It was queued in the concurrency group “prod”, where a newer run may replace a queued one.',
    )
    const step = {
      number: 1,
      name: 'Apply',
      status: 'completed',
      conclusion: 'success',
      startedAt: null,
      endedAt: null,
    }
    const ran = [job('completed', { conclusion: 'cancelled', steps: [step] })]
    expect(sentence({ terminal: true, conclusion: 'cancelled' }, { group }, ran)).toBe(
      'The run was cancelled on GitHub. Nobody cancelled it here.',
    )
  })
})

describe('a deploy whose callbacks have ceased', () => {
  it('tells when the last one came, once that is a minute ago', () => {
    expect(explainQuiet(facts({ lastCallbackAt: at('10:03:59') }), NOW)).toEqual({
      sentence: 'The last callback came at 2026-11-21 10:03:59 UTC.',
      since: at('10:03:59'),
      onGithub: false,
    })
    expect(sentence({ lastCallbackAt: at('10:04:30') })).toBeNull()
    expect(sentence({ lastCallbackAt: at('10:00:00'), attempt: null })).toContain('10:00:00')
  })

  it('tells what the run waits for instead, if that is known', () => {
    expect(sentence({ lastCallbackAt: at('10:00:00') }, { environments: [environment()] })).toContain('production')
  })
})

it('nothing is said while GitHub does not answer, as a warning says that', () => {
  expect(sentence({ silent: true, lastCallbackAt: at('10:00:00') }, { environments: [environment()] })).toBeNull()
})

it('foreign names are isolated and shown with placeholders', () => {
  expect(sentence({}, { environments: [environment({ name: 'a\u202eb' })] })).toContain('a⟨U+202E⟩b')
})
