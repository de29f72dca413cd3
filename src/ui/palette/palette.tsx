'use client'

import { Autocomplete } from '@base-ui/react/autocomplete'
import { Dialog } from '@base-ui/react/dialog'
import { Activity, FileText, type LucideIcon, Rocket, Search, Server, Settings2, User } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useEffect, useMemo, useRef, useState } from 'react'
import { may } from '~/domain/actor'
import { FIND_FROM } from '~/domain/deploy/view'
import type { MemberView } from '~/domain/member'
import type { SurfaceTile } from '~/domain/surface/tile'
import { postAuth } from '~/ui/auth/ask-auth'
import {
  type Entry,
  type EntryGroup,
  entriesOfDeploys,
  findEntries,
  listEntries,
  type ReachedPage,
  type Run,
} from '~/ui/palette/entries'
import { turnSingleKeys, useSingleKeys } from '~/ui/preferences/single-keys'
import { applyTheme } from '~/ui/preferences/theme'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { Kbd } from '~/ui/primitives/kbd'
import { isWrong } from '~/ui/status/health-badge'
import { trpc } from '~/ui/trpc/client'

interface PaletteProps {
  readonly open: boolean
  readonly member: MemberView
  readonly pages: readonly ReachedPage[]
  readonly onClose: () => void
  readonly onKeys: () => void
}

/** Reaches every surface, deploy, page, person and action by name. It leads to the action's own confirmation and sends nothing itself. */
export function Palette({ open, onClose, ...props }: PaletteProps) {
  return (
    <Dialog.Root open={open} onOpenChange={(next) => next || onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-30 bg-veil" />
        <Dialog.Viewport className="fixed inset-0 z-30 flex items-start justify-center overflow-hidden p-4 sm:pt-[12vh]">
          <Dialog.Popup className="flex max-h-full w-full max-w-[36rem] flex-col overflow-hidden rounded-lg border border-line bg-panel text-ink shadow-[0_24px_64px_-24px_var(--veil)] outline-none sm:max-h-[60vh]">
            <Dialog.Title className="sr-only">Find and act</Dialog.Title>
            <Finder onClose={onClose} {...props} />
          </Dialog.Popup>
        </Dialog.Viewport>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function Finder({ member, pages, onClose, onKeys }: Omit<PaletteProps, 'open'>) {
  const [typed, setTyped] = useState('')
  const { entries, urgent, unread } = useEntries(member, pages)
  const { deploys, searching } = useFoundDeploys(typed)
  const groups = useMemo(() => findEntries(entries, typed, urgent, deploys), [entries, typed, urgent, deploys])
  const act = useAct(onClose, onKeys)
  const highlighted = useRef<Entry | null>(null)
  return (
    <Autocomplete.Root
      open
      inline
      mode="none"
      autoHighlight="always"
      keepHighlight
      items={groups}
      value={typed}
      onValueChange={(value, details) => details.reason !== 'item-press' && setTyped(value)}
      onItemHighlighted={(item: Entry | undefined) => {
        highlighted.current = item ?? null
      }}
      itemToStringValue={(item: Entry) => item.id}
    >
      <div className="flex shrink-0 items-center gap-2 border-b border-line px-4">
        <Search aria-hidden="true" className="size-4 shrink-0 text-ink-faint" />
        <Autocomplete.Input
          aria-label="Find a surface, deploy, page, person or action"
          placeholder="Find a surface, deploy, page or action"
          autoFocus
          spellCheck={false}
          autoCapitalize="none"
          className="h-12 min-w-0 flex-1 bg-transparent text-[0.9375rem] outline-none any-pointer-coarse:text-base"
        />
        <Kbd>Esc</Kbd>
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto overscroll-contain p-2">
        <Autocomplete.List>
          {(group: EntryGroup) => (
            <Autocomplete.Group key={group.label} items={group.items} className="pb-2">
              <Autocomplete.GroupLabel className="px-2 py-1 text-xs font-medium text-ink-faint">
                {group.label}
              </Autocomplete.GroupLabel>
              <Autocomplete.Collection>
                {(item: Entry) => (
                  <Autocomplete.Item
                    key={item.id}
                    value={item}
                    onClick={() => act(item)}
                    className="cursor-pointer rounded-[5px] px-2 py-1.5 outline-none select-none data-highlighted:bg-accent-wash"
                  >
                    <Row entry={item} />
                  </Autocomplete.Item>
                )}
              </Autocomplete.Collection>
            </Autocomplete.Group>
          )}
        </Autocomplete.List>
        <Autocomplete.Empty>
          {groups.length === 0 && (
            <p className="px-2 py-4 text-sm text-ink-soft">{unread ?? searching ?? 'Nothing has this name.'}</p>
          )}
        </Autocomplete.Empty>
      </div>
    </Autocomplete.Root>
  )
}

const ICONS: Readonly<Record<Entry['group'], LucideIcon>> = {
  Actions: Rocket,
  Surfaces: Server,
  Deploys: Activity,
  Pages: FileText,
  People: User,
  Console: Settings2,
}

function Row({ entry: { group, verb, subject, tail, detail } }: { readonly entry: Entry }) {
  const Icon = ICONS[group]
  return (
    <span className="flex items-center gap-2 text-sm">
      <Icon aria-hidden="true" className="size-4 shrink-0 text-ink-faint" />
      <span className="min-w-0 shrink-0 max-w-[70%] truncate">
        {verb !== '' && `${verb} `}
        <span className="font-medium">
          <ForeignText text={subject} />
        </span>
        {tail !== '' && (
          <span className="text-ink-soft">
            {' '}
            <ForeignText text={tail} />
          </span>
        )}
      </span>
      <span className="ml-auto min-w-0 truncate text-xs text-ink-faint">
        <ForeignText text={detail} />
      </span>
    </span>
  )
}

const isUrgent = (tile: SurfaceTile) => isWrong(tile) || tile.alarm !== null || tile.lastDeploy?.terminal === false

function useEntries(member: MemberView, pages: readonly ReachedPage[]) {
  const surfaces = trpc.surfaces.list.useQuery()
  const managesPeople = may({ role: member.role, permissions: null }, 'member.manage')
  const people = trpc.members.list.useQuery({}, { enabled: managesPeople })
  // Until everything is read, a name that is missing proves nothing.
  const parts = [
    { name: 'surfaces', query: surfaces },
    ...(managesPeople ? [{ name: 'people', query: people }] : []),
  ].filter(({ query }) => query.data === undefined)
  const names = parts.map(({ name }) => name).join(' and ')
  const isRefused = parts.some(({ query }) => query.isError)
  const unread = names === '' ? null : isRefused ? `The ${names} could not be read.` : `Reading the ${names} …`
  const found = useMemo(() => {
    const tiles = surfaces.data?.surfaces ?? []
    const allows = (permission: 'deploy.dispatch' | 'freeze.manage') =>
      may({ role: member.role, permissions: null }, permission)
    const entries = listEntries({
      tiles,
      pages,
      people: people.data?.members ?? [],
      mayDeploy: ({ environment, archived }) =>
        !archived && allows('deploy.dispatch') && (member.environments?.includes(environment) ?? true),
      mayLock: allows('freeze.manage'),
    })
    const urgent = new Set(tiles.filter(isUrgent).flatMap(({ id }) => [`follow ${id}`, `back ${id}`, `surface ${id}`]))
    return { entries, urgent }
  }, [member, pages, surfaces.data, people.data])
  return { ...found, unread }
}

const TYPING_MS = 200
const NO_DEPLOYS: readonly Entry[] = []

/** What the server finds of all deploys, once the typing pauses. `searching`: what is not known yet, or was not searched. */
function useFoundDeploys(typed: string) {
  const text = typed.trim()
  const [asked, setAsked] = useState('')
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text), TYPING_MS)
    return () => clearTimeout(timer)
  }, [text])
  const isAsked = text.length >= FIND_FROM
  const { data, isError } = trpc.deploys.find.useQuery(
    { text: asked },
    { enabled: isAsked && asked === text, staleTime: 10_000, retry: false },
  )
  const answer = asked === text ? data : undefined
  const deploys = useMemo(() => (answer === undefined ? NO_DEPLOYS : entriesOfDeploys(answer.deploys)), [answer])
  if (!isAsked) return { deploys, searching: null }
  if (answer === undefined)
    return { deploys, searching: isError ? 'The deploys could not be searched.' : 'Searching the deploys …' }
  const { searchedTo } = answer
  return {
    deploys,
    searching: searchedTo === null ? null : `No deploy since ${searchedTo.slice(0, 10)} has this name.`,
  }
}

function useAct(onClose: () => void, onKeys: () => void) {
  const router = useRouter()
  const singleKeys = useSingleKeys()
  return ({ to }: Entry) => {
    onClose()
    // The address is made of the console's own parts.
    if ('href' in to) return router.push(to.href as Parameters<typeof router.push>[0])
    const runs: Readonly<Record<Run, () => void>> = {
      keys: onKeys,
      single_keys: () => turnSingleKeys(!singleKeys),
      theme_system: () => applyTheme('system'),
      theme_light: () => applyTheme('light'),
      theme_dark: () => applyTheme('dark'),
      sign_out: () => void signOut(),
    }
    runs[to.run]()
  }
}

/** The session may have ended already: the sign-in page is right in any case. */
async function signOut(): Promise<void> {
  await postAuth('/sign-out', {})
  window.sessionStorage.clear()
  window.location.assign('/sign-in')
}
