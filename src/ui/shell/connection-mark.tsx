'use client'

import { Radio, RefreshCw } from 'lucide-react'
import { useLiveState } from '~/ui/trpc/live-state'

const TOLD = 'Changes are shown as they happen.'
const ASKING =
  'This window asks for changes every few seconds: they do not reach it as they happen. See “Behind a proxy” in docs/operations/configure.md.'

/** How changes come to this window. That they are asked for is said here and nowhere else: it costs seconds and nothing more. */
export function ConnectionMark() {
  const { live } = useLiveState()
  const [Mark, words] = live ? [Radio, TOLD] : [RefreshCw, ASKING]
  return (
    <span role="img" aria-label={words} title={words} data-told={live} className="shrink-0 p-1 text-ink-faint">
      <Mark aria-hidden="true" className="size-3.5" />
    </span>
  )
}
