'use client'

import { ArrowUpRight, ChevronRight } from 'lucide-react'
import { useId, useRef, useState } from 'react'
import type { FailedLog } from '~/domain/deploy/failed-log'
import { jobInFocus, partState } from '~/domain/deploy/job-state'
import type { PhaseState } from '~/domain/deploy/phases'
import type { RunJob, RunStep } from '~/domain/deploy/run-jobs'
import type { DeployView, RunAttempt } from '~/domain/deploy/view'
import { AnsiLine } from '~/ui/deploy-modal/follow/ansi-line'
import { useFollow } from '~/ui/deploy-modal/follow/use-follow'
import { Button } from '~/ui/primitives/button'
import { ForeignText, Sentence } from '~/ui/primitives/foreign-text'
import { PhaseMark } from '~/ui/status/marks'
import { partWord } from '~/ui/status/status-words'
import { Elapsed, TimeAgo } from '~/ui/time/time-ago'

type Shown = Pick<DeployView, 'runAttempts' | 'terminal'>

/** The jobs of the run as GitHub's record shows them. The record may be older than the phases, so its time is shown. */
export function RunJobs({ deploy: { runAttempts, terminal } }: { readonly deploy: Shown }) {
  const [latest, ...earlier] = runAttempts
  /** The attempt that somebody chose; null follows the latest one. */
  const [chosen, setChosen] = useState<number | null>(null)
  if (latest === undefined) return null
  const shown = earlier.find(({ attempt }) => attempt === chosen) ?? latest
  return (
    <section aria-label="Jobs" className="flex flex-col gap-1.5">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <h3 className="text-sm font-semibold">
          Jobs
          {latest.attempt > 1 && <span className="font-normal text-ink-soft"> of attempt {shown.attempt}</span>}
        </h3>
        <p className="text-xs text-ink-faint">
          GitHub’s record, read <TimeAgo at={shown.seenAt} />
        </p>
      </div>
      {earlier.length > 0 && (
        <Attempts
          attempts={runAttempts}
          shown={shown.attempt}
          onChoose={(attempt) => setChosen(attempt === latest.attempt ? null : attempt)}
        />
      )}
      <Jobs key={shown.attempt} attempt={shown} ended={terminal || shown !== latest} />
    </section>
  )
}

interface AttemptsProps {
  readonly attempts: readonly RunAttempt[]
  readonly shown: number
  readonly onChoose: (attempt: number) => void
}

/** The attempts of the run beside each other, the newest first. Older ones than these are listed on GitHub. */
function Attempts({ attempts, shown, onChoose }: AttemptsProps) {
  const name = useId()
  const oldest = attempts.at(-1)?.attempt ?? 1
  return (
    <fieldset className="flex flex-wrap items-center gap-1.5 text-xs">
      <legend className="sr-only">Attempt</legend>
      {attempts.map((one) => (
        <label
          key={one.attempt}
          data-attempt={one.attempt}
          className="inline-flex h-7 cursor-pointer items-center gap-1.5 rounded-[5px] border border-line px-2 text-ink-soft has-checked:border-control has-checked:bg-panel has-checked:font-medium has-checked:text-ink has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
        >
          <input
            type="radio"
            name={name}
            checked={one.attempt === shown}
            onChange={() => onChoose(one.attempt)}
            className="sr-only"
          />
          <PhaseMark state={attemptState(one)} size="size-3.5" />
          Attempt {one.attempt}
          <span className="font-normal text-ink-faint">{jobCount(one)}</span>
        </label>
      ))}
      {oldest > 1 && <span className="text-ink-faint">Earlier attempts are on GitHub.</span>}
    </fieldset>
  )
}

/** The state that stands out among the jobs: one that failed, else one that runs; done only if every job ran to its end or was skipped. */
function attemptState({ jobs, moreJobs }: RunAttempt): PhaseState {
  const states = jobs.map(partState)
  const loud = (['failed', 'timed_out', 'cancelled', 'active', 'pending', 'unknown'] as const).find((state) =>
    states.includes(state),
  )
  if (loud !== undefined) return loud
  return states.length === 0 || moreJobs > 0 ? 'unknown' : states.includes('done') ? 'done' : 'skipped'
}

const jobCount = ({ jobs, moreJobs }: RunAttempt): string => {
  const count = jobs.length + moreJobs
  return count === 1 ? '1 job' : `${count} jobs`
}

/** A longer list is cut until somebody asks for all of it, so that the log stays near. */
const SHOWN_AT_FIRST = 10

interface JobsProps {
  readonly attempt: RunAttempt
  /** The times of an ended deploy do not count up. */
  readonly ended: boolean
}

function Jobs({ attempt, ended }: JobsProps) {
  const [opened, setOpened] = useState<ReadonlyMap<string, boolean>>(new Map())
  const [showsAll, setShowsAll] = useState(false)
  const { jobs, moreJobs, seenAt, failedLog } = attempt
  const inFocus = jobInFocus(jobs)
  const isShown = (job: RunJob, index: number) => showsAll || index < SHOWN_AT_FIRST || job === inFocus
  const shown = jobs.filter(isShown)
  if (jobs.length === 0) return <p className="text-sm text-ink-soft">GitHub lists no jobs yet.</p>
  return (
    <>
      <ol className="divide-y divide-line rounded-[5px] border border-line">
        {shown.map((job) => {
          const key = job.id ?? job.name
          const isOpen = opened.get(key) ?? job === inFocus
          return (
            <Job
              key={key}
              job={job}
              isOpen={isOpen}
              onToggle={() => setOpened(new Map(opened).set(key, !isOpen))}
              until={ended ? seenAt : null}
              log={failedLog !== null && failedLog.jobId === job.id ? failedLog : null}
            />
          )
        })}
      </ol>
      {shown.length < jobs.length && (
        <Button className="self-start" onClick={() => setShowsAll(true)}>
          Show all {jobs.length} jobs
        </Button>
      )}
      {moreJobs > 0 && <p className="text-xs text-ink-faint">{moreJobs} more jobs are listed on GitHub.</p>}
    </>
  )
}

interface JobProps {
  readonly job: RunAttempt['jobs'][number]
  readonly isOpen: boolean
  readonly onToggle: () => void
  /** The end of what runs: null while it counts up. */
  readonly until: string | null
  readonly log: FailedLog | null
}

function Job({ job, isOpen, onToggle, until, log }: JobProps) {
  const state = partState(job)
  return (
    <li data-job={job.name} data-state={state} className="relative">
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={onToggle}
        className="flex min-h-8 w-full items-center gap-2 rounded-[5px] py-1 pr-9 pl-2 text-left text-sm -outline-offset-2 hover:bg-well"
      >
        <ChevronRight aria-hidden="true" className={`size-3.5 shrink-0 text-ink-faint ${isOpen ? 'rotate-90' : ''}`} />
        <PhaseMark state={state} />
        <span className="min-w-0 flex-1 break-words">
          <ForeignText text={job.name} />
        </span>
        <PartTime part={job} until={until} />
      </button>
      {isOpen && <Steps job={job} until={until} />}
      {isOpen && log !== null && <LogOfFailure log={log} />}
      {job.url !== null && (
        <a
          href={job.url}
          target="_blank"
          rel="noreferrer"
          title="Open the job on GitHub"
          className="absolute top-0.5 right-1 rounded-[3px] p-1.5 text-ink-faint hover:text-ink print:hidden"
        >
          <ArrowUpRight aria-hidden="true" className="size-4" />
          <span className="sr-only">
            Open the job <ForeignText text={job.name} /> on GitHub (opens in a new tab)
          </span>
        </a>
      )}
    </li>
  )
}

function Steps({ job, until }: { readonly job: RunJob; readonly until: string | null }) {
  const reached = job.steps.findLastIndex((step) => partState(step) !== 'pending') + 1
  return (
    <ol className="pr-9 pb-1.5 pl-8.5 text-xs">
      {job.steps.slice(0, reached).map((step) => {
        const state = partState(step)
        return (
          <li
            key={`${step.number} ${step.name}`}
            data-step={step.name}
            data-state={state}
            className="flex items-center gap-2 py-0.5"
          >
            <PhaseMark state={state} size="size-3.5" />
            <span className={`min-w-0 flex-1 break-words ${state === 'skipped' ? 'text-ink-faint' : 'text-ink-soft'}`}>
              <ForeignText text={step.name} />
            </span>
            <PartTime part={step} until={until} />
          </li>
        )
      })}
      <StepsNotShown job={job} waiting={job.steps.length - reached} />
    </ol>
  )
}

/** Steps that have not begun are only counted, so that the log stays near. */
function StepsNotShown({ job: { steps, moreSteps }, waiting }: { readonly job: RunJob; readonly waiting: number }) {
  const line = (text: string) => <li className="py-0.5 text-ink-faint">{text}</li>
  if (waiting > 0) return line(waiting === 1 ? '1 step has not begun.' : `${waiting} steps have not begun.`)
  if (moreSteps > 0) return line(`${moreSteps} steps are listed on GitHub.`)
  return steps.length === 0 ? line('GitHub lists no steps.') : null
}

/** Why the job failed, in its own words. A log that could not be read says so. */
function LogOfFailure({ log }: { readonly log: FailedLog }) {
  const box = useRef<HTMLDivElement>(null)
  useFollow(box, log.lines.length)
  if (log.unread !== null) {
    return (
      <p className="px-3 pb-2 text-xs text-ink-soft">
        The log of this job was not read. <Sentence text={log.unread} />
      </p>
    )
  }
  return (
    <div className="px-2 pb-2">
      <p className="mb-1 text-xs text-ink-faint">
        {log.of === 'step' && log.step !== null ? (
          <>
            GitHub’s log from the time of the step <ForeignText text={log.step} />
          </>
        ) : (
          'The end of the job’s log on GitHub. The times of the lines do not tell which of them the failed step wrote.'
        )}
      </p>
      <div
        ref={box}
        role="log"
        aria-live="off"
        aria-label="Log of the failed job"
        className="max-h-56 overflow-y-auto overscroll-contain print:max-h-none print:overflow-visible rounded-[5px] border border-line bg-well px-3 py-2 font-mono text-xs leading-5"
      >
        {log.lines.length === 0 ? (
          <p className="text-ink-faint">The log is empty.</p>
        ) : (
          log.lines.map((line, index) => (
            <div key={`${String(index)} ${line}`}>
              <AnsiLine line={line} />
            </div>
          ))
        )}
      </div>
    </div>
  )
}

/** The word for the state, which is visible where the mark alone could be missed, and the time it took. */
function PartTime({ part, until }: { readonly part: RunJob | RunStep; readonly until: string | null }) {
  const state = partState(part)
  const isTimed = state !== 'skipped' && state !== 'pending' && part.startedAt !== null
  return (
    <span className="shrink-0 text-xs whitespace-nowrap text-ink-faint">
      <span className={state === 'done' ? 'sr-only' : ''}>{partWord(part)} </span>
      {isTimed && part.startedAt !== null && <Elapsed since={part.startedAt} until={part.endedAt ?? until} />}
    </span>
  )
}
