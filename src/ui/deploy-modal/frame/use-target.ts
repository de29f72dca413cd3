'use client'

import { useSearchParams } from 'next/navigation'
import { useCallback, useLayoutEffect, useMemo, useRef } from 'react'
import { readTarget, type Target, withTarget } from '~/ui/deploy-modal/frame/target'

const addressOf = (target: Target | null) => window.location.pathname + withTarget(window.location.search, target)

/**
 * The modal's target lives in the URL, so that a link, a reload and the back button all lead to the same place.
 * `pushState` and `replaceState` are what Next documents for a change of the URL without a request.
 */
export function useTarget() {
  const params = useSearchParams()
  const target = useMemo(() => readTarget(params), [params])
  const pushed = useRef(false)

  const open = useCallback((next: Target) => {
    window.history.pushState(null, '', addressOf(next))
    pushed.current = true
  }, [])

  /** For a step within what is already open: the new deploy takes the place of its form. */
  const replace = useCallback((next: Target) => window.history.replaceState(null, '', addressOf(next)), [])

  /** Takes back the entry that opening pushed; a page that was opened by its link has none to go back to. */
  const close = useCallback(() => {
    if (pushed.current) window.history.back()
    else window.history.replaceState(null, '', addressOf(null))
    pushed.current = false
  }, [])

  // Before any effect of the dialog, which may open again what the back button closed.
  useLayoutEffect(() => {
    if (target === null) pushed.current = false
  }, [target])

  return { target, open, replace, close }
}
