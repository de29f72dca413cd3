'use client'

import { createContext, type ReactNode, useContext } from 'react'
import { consoleTime } from '~/ui/time/clock'
import { exactUtc } from '~/ui/time/relative-time'
import { useLiveState } from '~/ui/trpc/live-state'

/** An event comes every 10 s where changes are told, and so does the slowest page's answer where they are asked for. */
const ANSWERS_STOPPED_MS = 25_000

/** The last answer of the query that a part of the page shows. */
export interface LastAnswer {
  /** When it came, by the console's clock; 0 before the first. */
  readonly at: number
  /** Whether the query has been asked again since, in vain. */
  readonly failing: boolean
}

/**
 * The moment that ages are measured to: now while answers come, otherwise the last answer. Nobody knows what happened
 * after it. A laptop that slept has had no answer for long, although none has failed yet.
 */
export function shownTime(now: number, answer: LastAnswer | null): number {
  if (answer === null || answer.at === 0) return now
  return answer.failing || now - answer.at > ANSWERS_STOPPED_MS ? answer.at : now
}

const Answer = createContext<LastAnswer | null>(null)

export const useLastAnswer = (): LastAnswer | null => useContext(Answer)

/** For hovering over what has no time of its own: as of when the page shows it. */
export function useSeenTitle(): string | undefined {
  const answer = useLastAnswer()
  return answer === null || answer.at === 0 ? undefined : `As of ${exactUtc(new Date(answer.at).toISOString())}`
}

interface StoppedClockProps {
  /** The query whose answers the part below shows. */
  readonly of: { readonly dataUpdatedAt: number; readonly isError: boolean; readonly failureCount: number }
  /** Whether it is asked again and again. One that is not says nothing about the connection: the clock around it holds. */
  readonly polled?: boolean
  readonly children: ReactNode
}

/** Everything below that counts stands still while the query has no answers. */
export function StoppedClock({ of, polled = true, children }: StoppedClockProps) {
  const around = useLastAnswer()
  // While changes are told, what no event changed is as it was at the last one.
  const { live, heardAt } = useLiveState()
  const at = of.dataUpdatedAt === 0 ? 0 : consoleTime(Math.max(of.dataUpdatedAt, heardAt))
  const own = { at, failing: !live && (of.isError || of.failureCount > 0) }
  return <Answer value={polled ? own : around}>{children}</Answer>
}
