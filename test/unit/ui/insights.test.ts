import { describe, expect, it } from 'vitest'
import { FEWEST, failureRate, type MeasureSums, PERIODS, partsOf, provenMedian } from '~/domain/insights'
import {
  deploysAddress,
  frequencyWords,
  partWords,
  rateWords,
  spanWords,
  tooFewWords,
} from '~/ui/insights/insight-words'
import { measureLooks } from '~/ui/insights/measure-looks'

const NOW = new Date('2026-11-29T15:04:05Z')
const DAY_MS = 86_400_000

describe('the parts of a period', () => {
  it.each(PERIODS)('cover each of %i days once, until today', (days) => {
    const parts = partsOf(days, NOW)
    expect(parts.at(-1)?.to).toBe('2026-11-29')
    for (const [index, part] of parts.entries()) {
      const before = parts[index - 1]
      if (before !== undefined) expect(Date.parse(part.from)).toBe(Date.parse(before.to) + DAY_MS)
    }
    const first = Date.parse(parts[0]?.from ?? '')
    expect((Date.parse('2026-11-29') - first) / DAY_MS + 1).toBe(days)
  })

  it('are named: days, weeks from Monday, months, and a month that is cut', () => {
    const words = (days: (typeof PERIODS)[number]) => partsOf(days, NOW).map((part) => partWords(part, days))
    expect(words(7)).toEqual(['23 Nov', '24 Nov', '25 Nov', '26 Nov', '27 Nov', '28 Nov', '29 Nov'])
    expect(words(30)).toEqual(['31 Oct – 1 Nov', '2 – 8 Nov', '9 – 15 Nov', '16 – 22 Nov', '23 – 29 Nov'])
    expect(words(90).slice(-2)).toEqual(['16 – 22 Nov', '23 – 29 Nov'])
    expect(words(90)).toContain('28 Sep – 4 Oct')
    expect(words(365)[0]).toBe('Nov 2025, from 30 Nov')
    expect(words(365)[1]).toBe('Dec 2025')
    expect(words(365).at(-1)).toBe('Nov 2026, until 29 Nov')
  })
})

const sums = (counts: Partial<MeasureSums['counts']>, times: Partial<MeasureSums> = {}): MeasureSums => ({
  counts: {
    ...{ deployment: 0, change: 0, lead_time: 0, failure: 0, restored: 0, unrestored: 0 },
    ...{ shipping_unknown: 0, lead_unknown: 0, failure_unknown: 0, ...counts },
  },
  ...{ leadTime: null, restoreTime: null, ...times },
})

describe('the figures', () => {
  it('are said in the unit that a reader would choose', () => {
    expect([4_000, 89_000, 100_000, 5_400_000, 12_240_000, 172_800_000].map(spanWords)).toEqual([
      '4 s',
      '89 s',
      '1.7 min',
      '1.5 h',
      '3.4 h',
      '2 d',
    ])
    expect(
      [
        [96, 30],
        [12, 30],
        [2, 90],
      ].map(([count = 0, days = 1]) => frequencyWords(count, days)),
    ).toEqual(['3.2 a day', '2.8 a week', '0.7 in 30 days'])
    expect(rateWords(3 / 38)).toBe('7.9 %')
  })

  it('are missing, with the reason, where there are too few deploys', () => {
    const { leadTime, failureRate: rate, restoreTime, frequency } = measureLooks(30)
    const few = sums({ lead_time: 4, change: 4, failure: 1, restored: 1 }, { leadTime: 1, restoreTime: 1 })
    expect(leadTime.figure(few)).toEqual({ text: '4 changes: too few for a median (5 at least)', isValue: false })
    expect(rate.figure(few)).toEqual({ text: '4 changes: too few for a rate (5 at least)', isValue: false })
    expect(restoreTime.figure(few).text).toBe('1 restored failure: too few for a median (5 at least)')
    expect(restoreTime.figure(sums({})).text).toBe('No restored failures')
    expect(frequency.figure(sums({}))).toEqual({ text: 'No deployments', isValue: false })
    expect(tooFewWords(0, 'change', 'rate')).toBe('No changes')
  })

  it('are shown from five deploys on', () => {
    expect(provenMedian(7, FEWEST)).toBe(7)
    expect(provenMedian(7, FEWEST - 1)).toBeNull()
    expect(failureRate(sums({ change: 5, failure: 0 }))).toBe(0)
    expect(measureLooks(30).failureRate.figure(sums({ change: 40, failure: 3 }))).toEqual({
      text: '7.5 %',
      isValue: true,
    })
  })

  it('lead to their deploys', () => {
    expect(deploysAddress('failure', { from: '2026-11-01', to: '2026-11-29' }, { service: 'api' })).toBe(
      '/deploys?service=api&measure=failure&from=2026-11-01&to=2026-11-29',
    )
  })
})
