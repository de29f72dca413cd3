import { type JobRecord, listedJobs, type RunRecord } from '~/sandbox/runs/run-record'
import type { RunStore } from '~/sandbox/runs/run-store'

export interface FoundJob {
  readonly run: RunRecord
  readonly job: JobRecord
}

/** A listed job by its id, with the attempt it belongs to. */
export const findJob = (store: RunStore, jobId: number): FoundJob | undefined => {
  for (const { runId } of store.latest()) {
    for (const run of store.attempts(runId)) {
      const job = listedJobs(run).find(({ id }) => id === jobId)
      if (job) return { run, job }
    }
  }
  return undefined
}
