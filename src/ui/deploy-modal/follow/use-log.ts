'use client'

import { useMemo, useState } from 'react'
import type { LogLine } from '~/domain/deploy/view'
import { trpc } from '~/ui/trpc/client'

/** All loaded lines of a deploy. The poll brings the newest; older lines are loaded on demand. */
export function useLog(deployId: string, tail: readonly LogLine[]) {
  const utils = trpc.useUtils()
  const [held, setHeld] = useState<readonly LogLine[]>(tail)
  const merged = mergeLog(held, tail)
  if (merged !== held) setHeld(merged)
  const [state, setState] = useState<'idle' | 'loading' | 'failed'>('idle')

  const loadBefore = async (before: number) => {
    setState('loading')
    try {
      const older = await utils.deploys.log.fetch({ id: deployId, before })
      setHeld((lines) => mergeLog(lines, older.lines))
      setState('idle')
    } catch {
      setState('failed')
    }
  }

  const rows = useMemo(() => logRows(merged), [merged])
  return { rows, loadBefore, loading: state === 'loading', failed: state === 'failed' }
}

/** Merges two readings of one log: each line once, in order. */
export function mergeLog(held: readonly LogLine[], read: readonly LogLine[]): readonly LogLine[] {
  const known = new Set(held.map((line) => line.seq))
  const added = read.filter((line) => !known.has(line.seq))
  return added.length === 0 ? held : [...held, ...added].toSorted((a, b) => a.seq - b.seq)
}

export type LogRow =
  | { readonly kind: 'line'; readonly line: LogLine }
  | { readonly kind: 'gap'; readonly before: number; readonly missing: number }

/** Lines are numbered without gaps, so lines that are not loaded yet show as a gap. */
export function logRows(lines: readonly LogLine[]): readonly LogRow[] {
  return lines.flatMap((line, index): readonly LogRow[] => {
    const missing = line.seq - (lines[index - 1]?.seq ?? 0) - 1
    const row: LogRow = { kind: 'line', line }
    return missing > 0 ? [{ kind: 'gap', before: line.seq, missing }, row] : [row]
  })
}
