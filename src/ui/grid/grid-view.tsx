import { LayoutGrid, List, type LucideIcon } from 'lucide-react'
import { useCallback, useMemo } from 'react'
import { keep, useKept } from '~/ui/preferences/kept'
import { useMember } from '~/ui/shell/member'

/** With more surfaces, a person who has not chosen sees the list. */
export const TILES_AT_MOST = 24

type View = 'tiles' | 'list'

/** How this person sees the grid in this browser: as tiles or as a list, and with which environments collapsed. */
export function useGridView() {
  const email = useMember()?.email ?? ''
  const [viewName, collapsedName] = [`grid view ${email}`, `grid collapsed ${email}`]
  const kept = useKept(viewName)
  const view: View | null = kept === 'tiles' || kept === 'list' ? kept : null
  const keptCollapsed = useKept(collapsedName)
  const collapsed = useMemo(() => readNames(keptCollapsed), [keptCollapsed])
  const choose = useCallback((chosen: View) => keep(viewName, chosen), [viewName])
  const collapse = useCallback(
    (environment: string, isCollapsed: boolean) => {
      if (collapsed.has(environment) === isCollapsed) return
      const others = [...collapsed].filter((name) => name !== environment)
      keep(collapsedName, JSON.stringify(isCollapsed ? [...others, environment] : others))
    },
    [collapsed, collapsedName],
  )
  return { view, choose, collapsed, collapse }
}

/** Another version of the console may have kept something else. */
export function readNames(kept: string | null): ReadonlySet<string> {
  try {
    const names: unknown = JSON.parse(kept ?? '[]')
    return new Set(Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [])
  } catch {
    return new Set()
  }
}

const VIEWS: readonly { readonly view: View; readonly name: string; readonly Icon: LucideIcon }[] = [
  { view: 'tiles', name: 'Tiles', Icon: LayoutGrid },
  { view: 'list', name: 'List', Icon: List },
]

interface ViewChoiceProps {
  readonly view: View
  readonly onChoose: (view: View) => void
}

export function ViewChoice({ view, onChoose }: ViewChoiceProps) {
  return (
    <fieldset className="flex shrink-0 rounded-[5px] border border-control bg-well p-0.5 print:hidden">
      <legend className="sr-only">View</legend>
      {VIEWS.map(({ view: one, name, Icon }) => (
        <label
          key={one}
          title={name}
          className="relative flex size-6.5 items-center justify-center rounded-[3px] text-ink-faint hover:text-ink has-checked:bg-panel has-checked:text-ink has-checked:shadow-sm has-focus-visible:outline-2 has-focus-visible:outline-accent"
        >
          <input
            type="radio"
            name="grid-view"
            checked={view === one}
            onChange={() => onChoose(one)}
            className="absolute inset-0 size-full cursor-pointer appearance-none"
          />
          <Icon aria-hidden="true" className="size-4" />
          <span className="sr-only">{name}</span>
        </label>
      ))}
    </fieldset>
  )
}
