import type { RefObject } from 'react'
import { Kbd } from '~/ui/primitives/kbd'

interface GridFilterProps {
  readonly filter: string
  readonly onFilter: (filter: string) => void
  readonly filterRef: RefObject<HTMLInputElement | null>
  readonly onLeaveFilter: () => void
}

export function GridFilter({ filter, onFilter, filterRef, onLeaveFilter }: GridFilterProps) {
  return (
    <div className="relative w-full sm:w-64 print:hidden">
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
  )
}
