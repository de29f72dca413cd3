import type { RunEvent } from '~/sandbox/runner/types'
import { applyRunEvent, concludeRun, LOST_RUNNER, loseRun, stepNumber } from '~/sandbox/runs/apply-run-event'
import { type RunRecord, timestamp } from '~/sandbox/runs/run-record'
import type { RunStore } from '~/sandbox/runs/run-store'

interface RunRecorder {
  readonly observe: (event: RunEvent) => void
  readonly current: () => RunRecord
  readonly conclude: (conclusion: 'failure' | 'cancelled', why: string) => void
}

/** GitHub's log times have seven digits of fractions. */
const logTime = (date: Date): string => date.toISOString().replace('Z', '0000Z')

/** Records the runner's events of one attempt. */
export const recordRun = (store: RunStore, run: RunRecord, nextJobId: () => number): RunRecorder => {
  const current = (): RunRecord => store.find(run.runId, run.attempt) ?? run
  return {
    current,
    observe: (event) => {
      const before = current()
      if (event.type === 'log') {
        const job = before.jobs.find(({ key }) => key === event.job)
        if (job && before.status !== 'completed') {
          store.appendLog(before, job.id, { step: stepNumber(event.step), at: logTime(new Date()), line: event.line })
        }
        return
      }
      const after = applyRunEvent(before, event, new Date(), nextJobId)
      if (after !== before) store.save(after)
    },
    conclude: (conclusion, why) => {
      const before = current()
      if (before.status === 'completed') return
      for (const job of before.jobs.filter(({ status }) => status === 'in_progress')) {
        store.appendLog(before, job.id, { step: job.steps.length, at: logTime(new Date()), line: `##[error]${why}` })
      }
      store.save(concludeRun(before, conclusion, timestamp(new Date())))
    },
  }
}

/** Ends a run whose runner is gone, with a line in its log, or that waited for rules which only the ended process knew. */
export const recordLostRun = (store: RunStore, run: RunRecord): void => {
  const now = new Date()
  for (const job of run.jobs.filter(({ status }) => status === 'in_progress')) {
    store.appendLog(run, job.id, { step: job.steps.length, at: logTime(now), line: `##[error]${LOST_RUNNER}` })
  }
  store.save(loseRun(run, now))
}
