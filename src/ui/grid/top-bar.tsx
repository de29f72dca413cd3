import type { ReactNode, RefObject } from 'react'
import { ConnectionMark, MainNav } from '~/ui/shell/main-nav'
import { UserMenu } from '~/ui/shell/user-menu'

interface TopBarProps {
  readonly filter: string
  readonly onFilter: (filter: string) => void
  readonly filterRef: RefObject<HTMLInputElement | null>
  readonly onLeaveFilter: () => void
}

export function TopBar({ filter, onFilter, filterRef, onLeaveFilter }: TopBarProps) {
  return (
    <header className="flex flex-wrap items-center gap-x-4 gap-y-2 py-4">
      <h1 className="text-[0.9375rem] font-semibold tracking-[-0.01em]">Deploy Console</h1>
      <MainNav />
      <div className="relative order-last w-full sm:order-none sm:ml-auto sm:w-64">
        <input
          ref={filterRef}
          type="search"
          aria-label="Filter surfaces"
          aria-keyshortcuts="/"
          placeholder="Filter surfaces"
          value={filter}
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => onFilter(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') onFilter('')
            if (event.key === 'Escape' || event.key === 'Enter' || event.key === 'ArrowDown') {
              event.preventDefault()
              onLeaveFilter()
            }
          }}
          className="h-8 w-full rounded-[5px] border border-control bg-panel pr-8 pl-2.5 text-sm any-pointer-coarse:text-base [&::-webkit-search-cancel-button]:hidden"
        />
        <span aria-hidden="true" className="pointer-events-none absolute inset-y-0 right-1.5 flex items-center">
          <Kbd>/</Kbd>
        </span>
      </div>
      <div className="ml-auto flex items-center gap-1 sm:ml-0">
        <ConnectionMark />
        <UserMenu />
      </div>
    </header>
  )
}

export function Kbd({ children }: { readonly children: ReactNode }) {
  return (
    <kbd className="inline-flex h-5 min-w-5 items-center justify-center rounded-[3px] border border-line bg-panel px-1 font-mono text-[0.6875rem] text-ink-soft">
      {children}
    </kbd>
  )
}
