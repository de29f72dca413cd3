'use client'

import { Check, Plus, X } from 'lucide-react'
import { type FormEvent, type ReactNode, useId, useState } from 'react'
import { DEPLOY_FILTER_NAMES, saveViewInput } from '~/domain/deploy/deploy-list'
import type { DeployFilterText } from '~/ui/deploys/deploy-filters'
import { filterQuery } from '~/ui/filters/filter-address'
import { Button } from '~/ui/primitives/button'
import { ForeignText } from '~/ui/primitives/foreign-text'
import { useMember } from '~/ui/shell/member'
import { trpc } from '~/ui/trpc/client'
import { readWireError } from '~/ui/trpc/wire-error'

const same = (one: DeployFilterText, other: DeployFilterText) =>
  filterQuery(DEPLOY_FILTER_NAMES, one) === filterQuery(DEPLOY_FILTER_NAMES, other)

interface SavedViewsProps {
  readonly filter: DeployFilterText
  readonly onShow: (filter: DeployFilterText) => void
}

/** The views that everybody has, then the person's own, and a way to keep the present filter as one of them. */
export function SavedViews({ filter, onShow }: SavedViewsProps) {
  const email = useMember()?.email ?? ''
  const utils = trpc.useUtils()
  const views = trpc.views.list.useQuery().data ?? []
  const remove = trpc.views.remove.useMutation({ onSuccess: () => utils.views.list.invalidate() })
  const fixed = [
    { name: 'All', filter: {} },
    { name: 'Running', filter: { outcome: 'running' } },
    { name: 'Failed', filter: { outcome: 'failed' } },
    { name: 'Mine', filter: { person: email } },
  ] satisfies readonly { readonly name: string; readonly filter: DeployFilterText }[]
  const isKept = [...fixed, ...views].some((view) => same(view.filter, filter))
  return (
    <nav aria-label="Views" className="mb-3 flex flex-wrap items-center gap-1.5 text-sm print:hidden">
      {fixed.map((view) => (
        <View key={view.name} chosen={same(view.filter, filter)} onShow={() => onShow(view.filter)}>
          <ForeignText text={view.name} />
        </View>
      ))}
      {views.map((view) => (
        <span key={view.id} className="group inline-flex items-center">
          <View chosen={same(view.filter, filter)} onShow={() => onShow(view.filter)}>
            <ForeignText text={view.name} />
          </View>
          {same(view.filter, filter) && (
            <button
              type="button"
              onClick={() => remove.mutate({ id: view.id })}
              title="Remove this view"
              className="ml-0.5 inline-flex size-7 items-center justify-center rounded-[5px] text-ink-faint hover:bg-well hover:text-ink"
            >
              <X aria-hidden="true" className="size-3.5" />
              <span className="sr-only">
                Remove the view <ForeignText text={view.name} />
              </span>
            </button>
          )}
        </span>
      ))}
      {!isKept && <SaveView filter={filter} />}
      {remove.error !== null && (
        <p role="alert" className="text-xs text-bad">
          {readWireError(remove.error).message}
        </p>
      )}
    </nav>
  )
}

interface ViewProps {
  readonly chosen: boolean
  readonly onShow: () => void
  readonly children: ReactNode
}

function View({ chosen, onShow, children }: ViewProps) {
  return (
    <button
      type="button"
      aria-pressed={chosen}
      onClick={onShow}
      className={`inline-flex h-7 max-w-56 items-center gap-1 truncate rounded-[5px] border px-2.5 ${chosen ? 'border-control bg-panel font-medium text-ink' : 'border-line text-ink-soft hover:bg-well hover:text-ink'}`}
    >
      {children}
    </button>
  )
}

/** Asks for a name beside the views. Escape leaves the field. */
function SaveView({ filter }: { readonly filter: DeployFilterText }) {
  const id = useId()
  const [name, setName] = useState<string | null>(null)
  const utils = trpc.useUtils()
  const save = trpc.views.save.useMutation({
    onSuccess: async () => {
      await utils.views.list.invalidate()
      setName(null)
    },
  })
  if (name === null) {
    return (
      <Button tone="bare" className="h-7 px-2" onClick={() => setName('')}>
        <Plus aria-hidden="true" className="size-3.5" />
        Save this view
      </Button>
    )
  }
  const asked = saveViewInput.safeParse({ name, filter })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (asked.success && !save.isPending) save.mutate(asked.data)
  }
  return (
    <form onSubmit={submit} className="flex flex-wrap items-center gap-1.5">
      <label htmlFor={id} className="sr-only">
        Name of the view
      </label>
      <input
        id={id}
        // biome-ignore lint/a11y/noAutofocus: the field appears because somebody asked for it.
        autoFocus
        value={name}
        maxLength={60}
        placeholder="Name of the view"
        onChange={(event) => setName(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && setName(null)}
        className="h-7 w-44 rounded-[5px] border border-control bg-panel px-2 text-sm any-pointer-coarse:text-base"
      />
      <Button type="submit" className="h-7 px-2" disabled={!asked.success || save.isPending}>
        <Check aria-hidden="true" className="size-3.5" />
        Save
      </Button>
      {save.error !== null && (
        <p role="alert" className="text-xs text-bad">
          {readWireError(save.error).message}
        </p>
      )}
    </form>
  )
}
