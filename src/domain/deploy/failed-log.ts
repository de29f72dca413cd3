import { z } from 'zod'
import { jobInFocus, partState } from '~/domain/deploy/job-state'
import type { RunJob, RunStep } from '~/domain/deploy/run-jobs'

/** The end of a failed job's log as it is stored with its attempt. Members are only ever added. */
export const failedLog = z.object({
  jobId: z.string(),
  /** The step that failed; null if GitHub names none. */
  step: z.string().nullable(),
  /**
   * `step`: the lines are from the time of the step. Its times are whole seconds, so lines of a step next to it may be among them.
   * `job`: the times do not tell which lines are of the step.
   */
  of: z.enum(['step', 'job']),
  lines: z.array(z.string()),
  /** Why the log was not read; null if it was. */
  unread: z.string().nullable(),
  readAt: z.string(),
})
export type FailedLog = z.output<typeof failedLog>

/** Stored in place of a log that was deleted because of its age. */
export const DELETED_LOG = { deleted: true } as const
const deletedLog = z.object({ deleted: z.literal(true) })
export const isDeletedLog = (stored: unknown): boolean => deletedLog.safeParse(stored).success

const hasFailed = (part: Pick<RunStep, 'status' | 'conclusion'>) =>
  partState(part) === 'failed' || partState(part) === 'timed_out'

export interface FailedPart {
  readonly job: RunJob & { readonly id: string }
  readonly step: RunStep | null
  /** Whether a later step began in the second in which the failed one ended. */
  readonly sharesLastSecond: boolean
}

/** The first job that failed, with its first step that failed. Null if no job has failed, or if GitHub gives it no id. */
export function failedPart(jobs: readonly RunJob[]): FailedPart | null {
  const job = jobInFocus(jobs)
  if (job === null || job.id === null || !hasFailed(job)) return null
  const step = job.steps.find(hasFailed) ?? null
  const sharesLastSecond = job.steps.some(
    ({ number, startedAt }) =>
      step !== null && number > step.number && startedAt !== null && startedAt === step.endedAt,
  )
  return { job: { ...job, id: job.id }, step, sharesLastSecond }
}

const LINES_AT_MOST = 100
const LINE_AT_MOST = 1_000
const TEXT_AT_MOST = 32_000

/** GitHub starts each line with its time, and the file with a byte order mark. */
const TIMED = /^\uFEFF?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) ?/

export interface LogTail {
  readonly add: (line: string) => void
  /** Whether all lines of the step were read. */
  readonly isPastStep: () => boolean
  readonly result: () => Pick<FailedLog, 'of' | 'lines'>
}

/** The runner marks an error so, and begins each later step or its clean-up so. */
const ERROR = /^##\[error\]/
const NEXT_STEP = /^(##\[group\]Run |Post job cleanup\.|Cleaning up orphan processes)/

/**
 * Gathers the last lines from the time of a step, and the last lines of the job in case no line is from that time. If a later step shares
 * the last second, the lines end where a step begins after an error: what follows would hide the error.
 */
export function createLogTail({ step, sharesLastSecond }: Pick<FailedPart, 'step' | 'sharesLastSecond'>): LogTail {
  const from = Date.parse(step?.startedAt ?? '')
  const lastSecond = Date.parse(step?.endedAt ?? '')
  const to = lastSecond + 1_000
  const ofStep: string[] = []
  const ofJob: string[] = []
  let at = Number.NaN
  let hasError = false
  let isOver = false
  return {
    add(line) {
      const time = TIMED.exec(line)
      if (time !== null) at = Date.parse(time[1] ?? '')
      const text = line.slice(time?.[0].length ?? 0, LINE_AT_MOST + (time?.[0].length ?? 0))
      keepLast(ofJob, text)
      if (isOver || !(at >= from && at < to)) return
      isOver = sharesLastSecond && hasError && at >= lastSecond && NEXT_STEP.test(text)
      hasError ||= ERROR.test(text)
      if (!isOver) keepLast(ofStep, text)
    },
    isPastStep: () => isOver || (ofStep.length > 0 && at >= to),
    result: () =>
      ofStep.length > 0 ? { of: 'step', lines: lastThatFit(ofStep) } : { of: 'job', lines: lastThatFit(ofJob) },
  }
}

function keepLast(lines: string[], line: string): void {
  lines.push(line)
  if (lines.length > LINES_AT_MOST) lines.shift()
}

function lastThatFit(lines: readonly string[]): string[] {
  let left = TEXT_AT_MOST
  const tooLong = lines.findLastIndex((line) => {
    left -= line.length
    return left < 0
  })
  return lines.slice(tooLong + 1)
}
