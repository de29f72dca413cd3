import { failureRate, type MeasureSums, provenMedian } from '~/domain/insights'
import { frequencyWords, rateWords, spanWords, tooFewWords } from '~/ui/insights/insight-words'
import type { MeasureLook } from '~/ui/insights/measure-card'

const leadOf = ({ leadTime, counts }: MeasureSums) => provenMedian(leadTime, counts.lead_time)
const restoreOf = ({ restoreTime, counts }: MeasureSums) => provenMedian(restoreTime, counts.restored)

/** A value in words, or why there is none. */
const figureOf = (value: number | null, words: (value: number) => string, none: string) =>
  value === null ? { text: none, isValue: false } : { text: words(value), isValue: true }

/** The four measures. `recordedDays`: over how many days the frequency is measured. */
export const measureLooks = (recordedDays: number) =>
  ({
    frequency: {
      id: 'frequency',
      heading: 'Deployment frequency',
      noun: 'deployment',
      counted: 'deployment',
      tone: 'accent',
      column: null,
      value: ({ counts }) => counts.deployment,
      words: (value) => value.toLocaleString('en-US'),
      figure: ({ counts }) =>
        figureOf(counts.deployment || null, (count) => frequencyWords(count, recordedDays), 'No deployments'),
    },
    leadTime: {
      id: 'lead-time',
      heading: 'Lead time for changes',
      noun: 'change',
      counted: 'lead_time',
      tone: 'accent',
      column: 'Median',
      value: leadOf,
      words: spanWords,
      figure: (sums) => figureOf(leadOf(sums), spanWords, tooFewWords(sums.counts.lead_time, 'change', 'median')),
    },
    failureRate: {
      id: 'failure-rate',
      heading: 'Change failure rate',
      noun: 'failed change',
      counted: 'failure',
      of: { measure: 'change', noun: 'change' },
      tone: 'bad',
      column: 'Rate',
      value: failureRate,
      words: rateWords,
      figure: (sums) => figureOf(failureRate(sums), rateWords, tooFewWords(sums.counts.change, 'change', 'rate')),
    },
    restoreTime: {
      id: 'restore-time',
      heading: 'Time to restore',
      noun: 'restored failure',
      counted: 'restored',
      tone: 'bad',
      column: 'Median',
      value: restoreOf,
      words: spanWords,
      figure: (sums) =>
        figureOf(restoreOf(sums), spanWords, tooFewWords(sums.counts.restored, 'restored failure', 'median')),
    },
  }) as const satisfies Record<string, MeasureLook>
