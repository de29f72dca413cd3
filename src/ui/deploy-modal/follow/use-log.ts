'use client'

import { useCallback, useRef, useState } from 'react'
import type { LogLine } from '~/domain/deploy/view'
import { trpc } from '~/ui/trpc/client'

/** The lines of one answer of `deploys.log`, which brings those before a number. */
const PAGE = 200

/** The page that holds a line, named by its last line. Lines are numbered 1, 2, 3 … without gaps. */
const pageOf = (seq: number): number => Math.ceil(seq / PAGE) * PAGE

/** Adds lines to those that are held. The same object if none is new, so that nothing renders. */
export function withLines(held: ReadonlyMap<number, LogLine>, read: readonly LogLine[]): ReadonlyMap<number, LogLine> {
  const added = read.filter(({ seq }) => !held.has(seq))
  return added.length === 0 ? held : new Map([...held, ...added.map((line) => [line.seq, line] as const)])
}

/** The pages with a line from `first` to `last` that is not held. */
export function missingPages(held: ReadonlyMap<number, LogLine>, first: number, last: number): readonly number[] {
  const pages = new Set<number>()
  for (let seq = first; seq <= last; seq += 1) if (!held.has(seq)) pages.add(pageOf(seq))
  return [...pages]
}

/** The log of a deploy, of which only the newest lines and those that somebody looked at are held. */
export function useLog(deployId: string, tail: readonly LogLine[]) {
  const utils = trpc.useUtils()
  const [held, setHeld] = useState(() => withLines(new Map(), tail))
  const lines = withLines(held, tail)
  if (lines !== held) setHeld(lines)
  const asked = useRef(new Set<number>())
  const [failed, setFailed] = useState(false)

  /** Reads what is missing between two lines, each page once at a time. */
  const load = useCallback(
    (first: number, last: number) => {
      for (const page of missingPages(lines, first, last)) {
        if (asked.current.has(page)) continue
        asked.current.add(page)
        utils.deploys.log
          .fetch({ id: deployId, before: page + 1 })
          .then(
            (read) => {
              setHeld((before) => withLines(before, read.lines))
              setFailed(false)
            },
            () => setFailed(true),
          )
          .finally(() => asked.current.delete(page))
      }
    },
    [lines, deployId, utils],
  )
  return { lines, total: tail.at(-1)?.seq ?? 0, load, failed }
}
