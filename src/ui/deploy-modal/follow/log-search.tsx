'use client'

import { ChevronDown, ChevronUp } from 'lucide-react'
import { type KeyboardEvent, type ReactNode, useEffect, useState } from 'react'
import { trpc } from '~/ui/trpc/client'

interface LogSearchProps {
  readonly deployId: string
  /** The number of lines. New lines are searched too. */
  readonly total: number
  /** Shows a line that was found; null for none. */
  readonly onFind: (seq: number | null) => void
}

/** Searches the whole log, at the server. Enter goes to the next line that matches, Shift and Enter to the one before. */
export function LogSearch({ deployId, total, onFind }: LogSearchProps) {
  const [text, setText] = useState('')
  const [at, setAt] = useState<number | null>(null)
  const utils = trpc.useUtils()
  const search = trpc.deploys.searchLog.useQuery(
    { id: deployId, text },
    { enabled: text !== '', placeholderData: (before) => (text === '' ? undefined : before), retry: false },
  )
  const matches = text === '' ? undefined : search.data
  // biome-ignore lint/correctness/useExhaustiveDependencies: search again when lines were added.
  useEffect(() => void utils.deploys.searchLog.invalidate({ id: deployId }), [total, deployId, utils])

  const step = (by: 1 | -1) => {
    const count = matches?.lines.length ?? 0
    if (count === 0) return
    const next = at === null ? (by === 1 ? 0 : count - 1) : (at + by + count) % count
    setAt(next)
    onFind(matches?.lines[next] ?? null)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter') {
      event.preventDefault()
      step(event.shiftKey ? -1 : 1)
    }
    if (event.key === 'Escape' && text !== '') {
      // The dialog stays open: this Escape is the field's.
      event.stopPropagation()
      event.preventDefault()
      change('')
    }
  }
  const change = (next: string) => {
    setText(next)
    setAt(null)
    onFind(null)
  }
  return (
    <search className="flex min-w-0 items-center gap-0.5">
      <input
        type="search"
        aria-label="Search the log"
        placeholder="Search"
        value={text}
        maxLength={200}
        onChange={(event) => change(event.target.value)}
        onKeyDown={onKeyDown}
        className="h-7 w-24 min-w-0 rounded-[5px] border border-control bg-panel px-2 text-xs focus:w-40 any-pointer-coarse:text-base sm:w-40"
      />
      {text !== '' && (
        <>
          <span role="status" className="px-1 text-xs whitespace-nowrap text-ink-faint tabular-nums">
            {search.isError ? 'Not searched' : countWords(at, matches)}
          </span>
          <Step title="Previous match" onPress={() => step(-1)} disabled={!matches?.lines.length}>
            <ChevronUp aria-hidden="true" className="size-4" />
          </Step>
          <Step title="Next match" onPress={() => step(1)} disabled={!matches?.lines.length}>
            <ChevronDown aria-hidden="true" className="size-4" />
          </Step>
        </>
      )}
    </search>
  )
}

function countWords(
  at: number | null,
  matches: { readonly lines: readonly number[]; readonly more: boolean } | undefined,
): string {
  if (matches === undefined) return '…'
  const count = `${matches.lines.length}${matches.more ? '+' : ''}`
  return at === null ? `${count} found` : `${at + 1} of ${count}`
}

interface StepProps {
  readonly title: string
  readonly disabled: boolean
  readonly onPress: () => void
  readonly children: ReactNode
}

function Step({ title, disabled, onPress, children }: StepProps) {
  return (
    <button
      type="button"
      title={title}
      disabled={disabled}
      onClick={onPress}
      className="inline-flex size-6 items-center justify-center rounded-[4px] text-ink-soft hover:bg-well hover:text-ink disabled:text-ink-faint"
    >
      {children}
      <span className="sr-only">{title}</span>
    </button>
  )
}
