'use client'

import { createContext, type ReactNode, useContext, useMemo } from 'react'
import { consoleTime } from '~/ui/time/clock'
import { exactUtc } from '~/ui/time/relative-time'
import { useLiveState } from '~/ui/trpc/live-state'

/** An event or an answer comes at least every 10 s. */
const ANSWERS_STOPPED_MS = 25_000

/** The last answer of the query that a part of the page shows. */
export interface LastAnswer {
  /** When the answer came, by the console's clock; 0 before the first. */
  readonly at: number
  /** Whether a later attempt failed. */
  readonly failing: boolean
}

/**
 * The time that ages are measured to: now while answers arrive, otherwise the time of the last answer. A laptop that
 * slept has had no answer for long, although no attempt has failed yet.
 */
export function shownTime(now: number, answer: LastAnswer | null): number {
  if (answer === null || answer.at === 0) return now
  return answer.failing || now - answer.at > ANSWERS_STOPPED_MS ? answer.at : now
}

const Answer = createContext<LastAnswer | null>(null)

export const useLastAnswer = (): LastAnswer | null => useContext(Answer)

/** A tooltip for content without a time of its own. */
export function useSeenTitle(): string | undefined {
  const answer = useLastAnswer()
  return answer === null || answer.at === 0 ? undefined : `As of ${exactUtc(new Date(answer.at).toISOString())}`
}

interface StoppedClockProps {
  /** The query whose answers are shown below. */
  readonly of: { readonly dataUpdatedAt: number; readonly isError: boolean; readonly failureCount: number }
  /** Whether the query is polled. If not, the surrounding clock applies. */
  readonly polled?: boolean
  readonly children: ReactNode
}

/** Stops every clock below while the query gets no answers. */
export function StoppedClock({ of, polled = true, children }: StoppedClockProps) {
  const around = useLastAnswer()
  // With live updates, the data is current as of the last event.
  const { live, heardAt } = useLiveState()
  const at = of.dataUpdatedAt === 0 ? 0 : consoleTime(Math.max(of.dataUpdatedAt, heardAt))
  const failing = !live && (of.isError || of.failureCount > 0)
  // A new value would render every time of the page: a large grid holds a thousand.
  const own = useMemo(() => ({ at, failing }), [at, failing])
  return <Answer value={polled ? own : around}>{children}</Answer>
}
