import { describe, expect, it } from 'vitest'
import { createLogTail, failedPart } from '~/domain/deploy/failed-log'
import type { RunJob } from '~/domain/deploy/run-jobs'

const part = (name: string, conclusion: string | null, seconds: readonly [number, number] = [0, 0]) => ({
  name,
  status: conclusion === null ? 'in_progress' : 'completed',
  conclusion,
  startedAt: time(seconds[0]),
  endedAt: time(seconds[1]),
})
const time = (second: number, fraction = '') =>
  `2026-11-21T10:00:${String(second).padStart(2, '0')}${fraction === '' ? '.000' : fraction}Z`
const job = (id: string | null, conclusion: string | null, ...steps: ReturnType<typeof part>[]): RunJob => ({
  ...part('job', conclusion),
  id,
  steps: steps.map((step, index) => ({ ...step, number: index + 1 })),
  moreSteps: 0,
  createdAt: null,
  labels: [],
})

const line = (second: number, text: string) => `${time(second, '.1234567')} ${text}`
const tailOf = (lines: readonly string[], step: ReturnType<typeof part> | null, sharesLastSecond = false) => {
  const tail = createLogTail({ step: step === null ? null : { ...step, number: 1 }, sharesLastSecond })
  for (const one of lines) tail.add(one)
  return tail
}

describe('the end of the log of a failed step', () => {
  const apply = part('Apply', 'failure', [10, 12])

  it('has the lines whose times lie within the step, without their times', () => {
    const lines = [
      `\uFEFF${line(3, 'Set up')}`,
      line(9, 'before'),
      line(10, 'first'),
      'without a time',
      line(12, 'last'),
      line(13, 'after'),
    ]
    expect(tailOf(lines, apply).result()).toEqual({ of: 'step', lines: ['first', 'without a time', 'last'] })
  })

  it('is known to be whole once a later line was read', () => {
    expect(tailOf([line(12, 'last')], apply).isPastStep()).toBe(false)
    expect(tailOf([line(12, 'last'), line(13, 'after')], apply).isPastStep()).toBe(true)
    expect(tailOf([line(13, 'after')], apply).isPastStep()).toBe(false)
  })

  it('ends where a later step of the same second begins after an error, so that the error stays in sight', () => {
    const lines = [
      line(11, '##[error]A warning of the step itself'),
      line(11, '##[group]Run inner'),
      line(12, '##[error]Process completed with exit code 1.'),
      line(12, '##[group]Run notify'),
      line(12, 'of the next step'),
    ]
    const shared = tailOf(lines, apply, true)
    expect(shared.result().lines).toEqual(lines.slice(0, 3).map((one) => one.slice(one.indexOf('Z ') + 2)))
    expect(shared.isPastStep()).toBe(true)
    expect(tailOf(lines, apply, false).result().lines).toHaveLength(5)
    // Without an error, nothing tells whose step begins.
    expect(tailOf(lines.slice(3), apply, true).result()).toMatchObject({ of: 'step', lines: { length: 2 } })
  })

  it.each([
    ['GitHub names no failed step', null, [line(10, 'a'), line(11, 'b')]],
    ['the lines have no times', apply, ['a', 'b']],
    ['no line lies within the step', apply, [line(20, 'a'), line(21, 'b')]],
  ])('is the end of the log of the job, and says so, if %s', (_, step, lines) => {
    expect(tailOf(lines, step).result()).toEqual({ of: 'job', lines: ['a', 'b'] })
  })

  it('has at most 100 lines of at most 1,000 characters, and 32,000 characters in all', () => {
    const short = tailOf(
      Array.from({ length: 150 }, (_, index) => line(11, `${index}`)),
      apply,
    ).result().lines
    expect([short.length, short[0], short.at(-1)]).toEqual([100, '50', '149'])
    const long = tailOf(
      Array.from({ length: 50 }, () => line(11, 'x'.repeat(5_000))),
      apply,
    ).result().lines
    expect([long.length, long[0]?.length]).toEqual([32, 1_000])
  })
})

describe('the job whose log is read', () => {
  const red = job('2', 'failure', part('Build', 'success'), part('Apply', 'failure'), part('Report', 'failure'))

  it('is the first that failed, with its first step that failed', () => {
    const found = failedPart([job('1', 'success'), red, job('3', 'failure')])
    expect([found?.job.id, found?.step?.name]).toEqual(['2', 'Apply'])
  })

  it('is known to share its last second with a later step', () => {
    const shares = (...later: ReturnType<typeof part>[]) =>
      failedPart([job('1', 'failure', part('Apply', 'failure', [10, 12]), ...later)])?.sharesLastSecond
    expect(shares(part('Report', 'success', [12, 13]))).toBe(true)
    expect(shares(part('Report', 'success', [13, 13]))).toBe(false)
    expect(shares()).toBe(false)
  })

  it('is none while no job has failed, or if GitHub gives it no id', () => {
    expect(failedPart([job('1', null), job('2', 'cancelled')])).toBeNull()
    expect(failedPart([job(null, 'failure')])).toBeNull()
  })
})
