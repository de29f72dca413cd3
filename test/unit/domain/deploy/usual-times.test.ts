import { expect, it } from 'vitest'
import type { Phase } from '~/domain/deploy/phases'
import { usualTimes } from '~/domain/deploy/usual-times'

const START = Date.UTC(2026, 10, 21)
const at = (ms: number) => new Date(START + ms).toISOString()
const phase = (ms: number | null, state: Phase['state'] = 'done'): Phase[] => [
  { key: 'deploy', label: 'Deploy', state, startedAt: at(0), endedAt: ms === null ? null : at(ms) },
]
const of = (...times: readonly number[]) => usualTimes(times.map((ms) => phase(ms))).deploy

it('an estimate is the median, and what nine of ten deploys did not exceed', () => {
  expect(of(30_000, 10_000, 20_000)).toEqual({ median: 20_000, p90: 30_000, deploys: 3 })
  expect(of(...Array.from({ length: 20 }, (_, n) => (n + 1) * 1_000))).toEqual({
    median: 10_500,
    p90: 18_000,
    deploys: 20,
  })
})

it('fewer than three deploys give no estimate', () => {
  expect(of(10_000, 20_000)).toBeUndefined()
})

it('a phase that is not proven to have run, or whose times are not known, counts for no estimate', () => {
  const known = [phase(10_000), phase(20_000)]
  const doubtful = [phase(9e6, 'unknown'), phase(9e6, 'skipped'), phase(9e6, 'failed'), phase(null)]
  expect(usualTimes([...known, ...doubtful])).toEqual({})
})
