import { createHash, randomInt } from 'node:crypto'
import { z } from 'zod'
import { type JsonDocument, jsonDocument } from '~/sandbox/state/json-document'

const counters = z.object({ runId: z.number(), jobId: z.number(), runNumbers: z.record(z.string(), z.number()) })

export interface Ids {
  readonly nextRunId: () => number
  readonly nextJobId: () => number
  /** GitHub counts a workflow's runs from 1. */
  readonly nextRunNumber: (workflowPath: string) => number
}

/**
 * Ids grow as GitHub's do: by an unknown amount, never backwards, over restarts too. They start past 2^31, where GitHub's
 * have been for years, so code that keeps them in 32 bits fails here first.
 */
export const openIds = (file: string): Ids => {
  const document: JsonDocument<z.infer<typeof counters>> = jsonDocument(file, counters, () => ({
    runId: 17_911_000_000,
    jobId: 50_944_000_000,
    runNumbers: {},
  }))
  const step = (name: 'runId' | 'jobId'): number => {
    const next = document.read()[name] + randomInt(11, 40_000)
    document.write({ ...document.read(), [name]: next })
    return next
  }
  return {
    nextRunId: () => step('runId'),
    nextJobId: () => step('jobId'),
    nextRunNumber: (workflowPath) => {
      const current = document.read()
      const next = (current.runNumbers[workflowPath] ?? 0) + 1
      document.write({ ...current, runNumbers: { ...current.runNumbers, [workflowPath]: next } })
      return next
    },
  }
}

/** A workflow's id is the same on every start and machine: it comes from its path. */
export const workflowId = (path: string): number =>
  100_000_000 + (createHash('sha256').update(path).digest().readUInt32BE(0) % 100_000_000)
