'use client'

import { useMemo, useState } from 'react'
import type { LogLine } from '~/domain/deploy/view'
import { logRows, mergeLog } from '~/ui/deploy-modal/follow/log-rows'
import { trpc } from '~/ui/trpc/client'

/** All lines of a deploy that were seen or asked for; the poll brings the newest, older ones come on demand. */
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
