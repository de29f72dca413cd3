'use client'

import { Autocomplete } from '@base-ui/react/autocomplete'
import { keepPreviousData } from '@tanstack/react-query'
import { CornerDownLeft, GitBranch, GitCommitHorizontal, Tag } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import { parseFullName, shortSha } from '~/domain/ref'
import type { SurfaceTile } from '~/domain/surface/tile'
import { ModalBody, ModalFoot, useFocusOnArrival } from '~/ui/deploy-modal/frame/modal-frame'
import { PromoteChoice } from '~/ui/deploy-modal/new-deploy/promote-choice'
import { type RefGroup, type RefOption, refGroups } from '~/ui/deploy-modal/new-deploy/ref-options'
import { Button } from '~/ui/primitives/button'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { Notice } from '~/ui/primitives/notice'
import { Skeleton } from '~/ui/primitives/skeleton'
import { TimeAgo } from '~/ui/time/time-ago'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

interface ChooseRefProps {
  readonly surface: SurfaceTile
  /** The ref chosen before a step back; empty the first time. */
  readonly chosenBefore: string
  readonly onChoose: (ref: string) => void
  readonly promotable: readonly SurfaceTile[]
  readonly onPromote: (sha: string, surfaceId: string) => void
}

/**
 * Step 1: one field and a list under it. The default ref, or the one chosen before, is highlighted, so Enter alone continues
 * with it.
 */
export function ChooseRef({ surface, chosenBefore, onChoose, promotable, onPromote }: ChooseRefProps) {
  const field = useFocusOnArrival<HTMLInputElement>()
  const [typed, setTyped] = useState(parseFullName(chosenBefore)?.name ?? chosenBefore)
  // Typing replaces the earlier choice.
  useEffect(() => field.current?.select(), [field])
  const [highlighted, setHighlighted] = useState<RefOption | null>(null)
  const refs = useRefs(surface.id, typed)
  const groups = useMemo(() => refGroups(refs.data, surface.ref, typed), [refs.data, surface.ref, typed])
  const chosen = highlighted ?? groups[0]?.items[0] ?? null

  return (
    <Autocomplete.Root
      open
      inline
      mode="none"
      autoHighlight="always"
      keepHighlight
      highlightItemOnHover={false}
      items={groups}
      value={typed}
      onValueChange={(value, details) => details.reason !== 'item-press' && setTyped(value)}
      onItemHighlighted={(item: RefOption | undefined) => setHighlighted(item ?? null)}
      itemToStringValue={(item: RefOption) => item.ref}
    >
      <div className="shrink-0 px-5 pt-4">
        <label htmlFor="deploy-ref" className="mb-1 block text-sm font-medium">
          Ref
        </label>
        <Autocomplete.Input
          ref={field}
          id="deploy-ref"
          placeholder="Branch, tag or commit"
          spellCheck={false}
          autoCapitalize="none"
          className="h-9 w-full rounded-[5px] border border-control bg-panel px-2.5 text-sm any-pointer-coarse:text-base"
        />
        <PromoteChoice from={promotable} onPromote={onPromote} />
      </div>
      <ModalBody>
        {refs.isError && (
          <Notice tone="warn" role="status" action={<Button onClick={() => void refs.refetch()}>Try again</Button>}>
            {readWireError(refs.error).message} A ref can still be typed in full.
          </Notice>
        )}
        {refs.data?.defaultMissing === true && (
          <Notice tone="warn" role="status">
            The default ref <ForeignText text={surface.ref} /> does not exist in{' '}
            <ForeignText text={surface.repository} />. Choose another ref.
          </Notice>
        )}
        <div className="-mx-2 h-[min(22rem,48dvh)] overflow-y-auto overscroll-contain max-sm:h-auto">
          <Autocomplete.List>
            {(group: RefGroup) => (
              <Autocomplete.Group key={group.label} items={group.items} className="pb-2">
                <Autocomplete.GroupLabel className="px-2 py-1 text-xs font-medium text-ink-faint">
                  {group.label}
                </Autocomplete.GroupLabel>
                <Autocomplete.Collection>
                  {(item: RefOption) => (
                    <Autocomplete.Item
                      key={item.ref}
                      value={item}
                      onClick={() => onChoose(item.ref)}
                      className="cursor-pointer rounded-[5px] px-2 py-1.5 outline-none select-none hover:bg-well data-highlighted:bg-accent-wash"
                    >
                      <RefOptionRow option={item} runningSha={surface.version?.sha ?? null} />
                    </Autocomplete.Item>
                  )}
                </Autocomplete.Collection>
              </Autocomplete.Group>
            )}
          </Autocomplete.List>
          {refs.data?.notes.map((note) => (
            <p key={note} role="status" className="px-2 py-1 text-xs text-ink-faint">
              {note}
            </p>
          ))}
          {refs.isPending && (
            <div className="flex flex-col gap-3 px-2 py-2">
              <Skeleton className="h-4 w-40" />
              <Skeleton className="h-4 w-64" />
              <Skeleton className="h-4 w-56" />
            </div>
          )}
        </div>
      </ModalBody>
      <ModalFoot left="Nothing is sent before you confirm.">
        <Button tone="strong" disabled={chosen === null} onClick={() => chosen !== null && onChoose(chosen.ref)}>
          <span className="max-w-56 truncate">
            Review <ForeignText text={chosen?.kind === 'commit' ? shortSha(chosen.ref) : (chosen?.label ?? '')} />
          </span>
        </Button>
      </ModalFoot>
    </Autocomplete.Root>
  )
}

const ICONS = { branch: GitBranch, tag: Tag, commit: GitCommitHorizontal, typed: CornerDownLeft } as const

interface RefOptionRowProps {
  readonly option: RefOption
  readonly runningSha: string | null
}

export function RefOptionRow({ option, runningSha }: RefOptionRowProps) {
  const Icon = ICONS[option.kind]
  return (
    <span className="flex items-center gap-2 text-sm">
      <Icon aria-hidden="true" className="size-4 shrink-0 text-ink-faint" />
      <span className="min-w-0 flex-1 truncate">
        {option.kind === 'typed' && 'Use '}
        <span className={option.kind === 'commit' ? '' : 'font-medium'}>
          <ForeignText text={option.label} />
        </span>
        {option.detail !== null && (
          <span className="text-ink-faint">
            {' '}
            <ForeignText text={option.detail} />
          </span>
        )}
      </span>
      {option.sha !== null && option.sha === runningSha && (
        <span className="shrink-0 text-xs font-medium text-good">runs now</span>
      )}
      {option.at !== null && (
        <span className="shrink-0 text-xs text-ink-faint max-sm:hidden">
          <TimeAgo at={option.at} />
        </span>
      )}
      {option.sha !== null && (
        <code className="shrink-0 font-mono text-[0.8125rem] text-ink-soft">{shortSha(option.sha)}</code>
      )}
    </span>
  )
}

const TYPING_PAUSE_MS = 250

/**
 * Refs of a surface's repository. Typed text is also searched on the server, which knows more refs than the first list.
 */
function useRefs(surfaceId: string, typed: string) {
  const [query, setQuery] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setQuery(typed.trim()), TYPING_PAUSE_MS)
    return () => clearTimeout(timer)
  }, [typed])
  return trpc.surfaces.refs.useQuery(query === '' ? { surfaceId } : { surfaceId, query }, {
    placeholderData: keepPreviousData,
  })
}
