import type { RunEvent, RunRequest } from '~/sandbox/runner/types'
import { concludeRun } from '~/sandbox/runs/apply-run-event'
import type { Executor } from '~/sandbox/runs/executor'
import { groupKey, type RunRecord, timestamp } from '~/sandbox/runs/run-record'
import { recordLostRun, recordRun } from '~/sandbox/runs/run-recorder'
import type { RunStore } from '~/sandbox/runs/run-store'

interface QueueDeps {
  readonly store: RunStore
  readonly nextJobId: () => number
  readonly executor: Executor
  /** Reads secrets and variables when a run starts. They are never stored with the run. */
  readonly requestFor: (run: RunRecord) => Promise<RunRequest>
  readonly createWorkDir: (request: RunRequest) => Promise<void>
  readonly removeWorkDir: (request: RunRequest) => Promise<void>
  /** At most this many runs are in progress at the same time. */
  readonly limit: number
}

export interface RunQueue {
  readonly enqueue: (run: RunRecord) => void
  /** Returns false if the run has ended already. `force` does not wait for steps with `always()`. */
  readonly cancel: (runId: number, force: boolean) => boolean
  readonly close: () => Promise<void>
}

interface Active {
  readonly run: RunRecord
  readonly controller: AbortController
  readonly done: Promise<void>
}

const MOST_PENDING = 100
const CLOSE_WITHIN_MS = 8_000

export const createRunQueue = (deps: QueueDeps): RunQueue => {
  const active = new Map<number, Active>()
  let waiting: RunRecord[] = []
  let closing = false
  const record = (run: RunRecord) => recordRun(deps.store, run, deps.nextJobId)

  const isSameGroup = (run: RunRecord, other: RunRecord): boolean =>
    run.repository === other.repository &&
    run.concurrency !== null &&
    other.concurrency !== null &&
    groupKey(run.concurrency.group) === groupKey(other.concurrency.group)
  const groupHolder = (run: RunRecord): Active | undefined =>
    [...active.values()].find((other) => isSameGroup(run, other.run))
  /** As on GitHub, a run that waits for a review takes no runner. */
  const runnersInUse = (): number =>
    [...active.keys()].filter((runId) => deps.store.find(runId)?.status !== 'waiting').length

  const observe = (recorder: ReturnType<typeof record>, event: RunEvent): void => {
    if (closing) return
    recorder.observe(event)
    if (event.type === 'job-waiting') pump()
  }

  const execute = async (run: RunRecord, signal: AbortSignal): Promise<void> => {
    const recorder = record(run)
    const request = await deps.requestFor(run)
    try {
      await deps.createWorkDir(request)
      await deps.executor.execute(request, (event) => observe(recorder, event), signal)
      if (!closing) recorder.conclude('failure', 'The runner ended without a result.')
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (!closing) recorder.conclude(signal.aborted ? 'cancelled' : 'failure', `The runner failed: ${reason}`)
    } finally {
      await deps.removeWorkDir(request)
    }
  }

  const start = (run: RunRecord): void => {
    const controller = new AbortController()
    const done = execute(run, controller.signal)
      .catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error)
        if (!closing) record(run).conclude('failure', `The run could not start: ${reason}`)
      })
      .finally(() => {
        active.delete(run.runId)
        pump()
      })
      .catch((error: unknown) => {
        process.stderr.write(`The end of run ${run.runId} could not be saved: ${String(error)}\n`)
      })
    active.set(run.runId, { run, controller, done })
  }

  const pump = (): void => {
    if (closing) return
    for (const run of waiting) {
      if (runnersInUse() >= deps.limit) return
      if (active.has(run.runId) || groupHolder(run)) continue
      waiting = waiting.filter((other) => other !== run)
      start(run)
    }
  }

  const cancelWaiting = (run: RunRecord): void => {
    waiting = waiting.filter((other) => other !== run)
    deps.store.save(concludeRun(run, 'cancelled', timestamp(new Date())))
  }

  return {
    enqueue: (run) => {
      const holder = groupHolder(run)
      const pending = waiting.filter((other) => isSameGroup(run, other))
      // GitHub keeps one waiting run per group, which a newer run replaces, or with `queue: max` a hundred.
      if (run.concurrency?.queue !== 'max') for (const older of pending) cancelWaiting(older)
      if (run.concurrency?.cancelInProgress) holder?.controller.abort()
      const isBehind = holder !== undefined || (run.concurrency?.queue === 'max' && pending.length > 0)
      const placed: RunRecord = { ...run, status: isBehind ? 'pending' : 'queued' }
      deps.store.save(placed)
      waiting = [...waiting, placed]
      if (run.concurrency?.queue === 'max' && pending.length >= MOST_PENDING) cancelWaiting(placed)
      pump()
    },
    cancel: (runId, force) => {
      const queued = waiting.find((run) => run.runId === runId)
      if (queued) {
        cancelWaiting(queued)
        return true
      }
      const running = active.get(runId)
      const stored = deps.store.find(runId)
      if (!running || stored?.status === 'completed') return false
      running.controller.abort()
      if (force) record(running.run).conclude('cancelled', 'The run was force-cancelled.')
      return true
    },
    close: async () => {
      closing = true
      const running = [...active.values()]
      for (const { run, controller } of running) {
        const stored = deps.store.find(run.runId, run.attempt)
        if (stored && stored.status !== 'completed') recordLostRun(deps.store, stored)
        controller.abort()
      }
      const bound = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_WITHIN_MS).unref())
      await Promise.race([Promise.allSettled(running.map(({ done }) => done)), bound])
    },
  }
}
