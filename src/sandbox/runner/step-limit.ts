import type { Frame } from '~/sandbox/runner/frame'

export interface StepLimit {
  readonly signal: AbortSignal
  /** Why the step was ended from outside: it ran out of time, or the job was cancelled and it did not insist on running. */
  readonly ending: () => 'failure' | 'cancelled' | undefined
  readonly end: () => void
}

/**
 * Everything that may end a running step early. On cancellation GitHub's runner asks the step's `if` again: a step with
 * `always()` or `cancelled()` keeps running, until the job's deadline.
 */
export function stepLimit(frame: Frame, wanted: () => boolean, minutes: number | undefined): StepLimit {
  const controller = new AbortController()
  let reason: 'failure' | 'cancelled' | undefined
  const end = (why: 'failure' | 'cancelled') => {
    reason ??= why
    controller.abort()
  }
  const cancel = () => {
    if (frame.kind === 'composite' || !isWanted(wanted)) end('cancelled')
  }
  const kill = () => end('cancelled')
  const timer = minutes === undefined ? undefined : setTimeout(() => end('failure'), minutes * 60_000)
  // A step that starts after the cancellation was wanted although the job is cancelled; only the deadline can end it.
  if (!frame.signal.aborted) frame.signal.addEventListener('abort', cancel, { once: true })
  else if (frame.kind === 'composite') cancel()
  if (frame.job.deadline.aborted) kill()
  else frame.job.deadline.addEventListener('abort', kill, { once: true })
  return {
    signal: controller.signal,
    ending: () => reason,
    end: () => {
      clearTimeout(timer)
      frame.signal.removeEventListener('abort', cancel)
      frame.job.deadline.removeEventListener('abort', kill)
    },
  }
}

function isWanted(wanted: () => boolean): boolean {
  try {
    return wanted()
  } catch {
    return false
  }
}
