import { createHash, randomInt } from 'node:crypto'
import { z } from 'zod'
import { type JsonDocument, jsonDocument } from '~/sandbox/state/json-document'

const counters = z.object({ runId: z.number(), jobId: z.number(), runNumbers: z.record(z.string(), z.number()) })

export interface Ids {
  readonly nextRunId: () => number
  readonly nextJobId: () => number
  /** GitHub numbers a workflow's runs from 1. */
  readonly nextRunNumber: (repository: string, workflowPath: string) => number
}

/**
 * Like GitHub's, ids grow by an unpredictable amount, also across restarts. They start above 2^31, so that code with 32-bit
 * ids fails here first.
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
    nextRunNumber: (repository, workflowPath) => {
      const current = document.read()
      const key = `${repository}/${workflowPath}`
      // While there was one repository, its workflows were counted by their paths.
      const next = (current.runNumbers[key] ?? current.runNumbers[workflowPath] ?? 0) + 1
      document.write({ ...current, runNumbers: { ...current.runNumbers, [key]: next } })
      return next
    },
  }
}

/** Derived from repository and path, so that a workflow has the same id on every start and machine. */
export const workflowId = (repository: string, path: string): number =>
  100_000_000 + (createHash('sha256').update(`${repository}/${path}`).digest().readUInt32BE(0) % 100_000_000)
