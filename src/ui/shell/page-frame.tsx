import type { ReactNode } from 'react'
import { ConnectionMark, MainNav } from '~/ui/shell/main-nav'
import { UserMenu } from '~/ui/shell/user-menu'

interface PageFrameProps {
  readonly title: ReactNode
  /** Content to the right of the title. */
  readonly aside?: ReactNode
  readonly children: ReactNode
}

/** The frame of every page except the grid. */
export function PageFrame({ title, aside, children }: PageFrameProps) {
  return (
    <main className="mx-auto max-w-[80rem] px-4 pb-16 sm:px-6">
      <header className="flex min-h-16 flex-wrap items-center gap-x-4 gap-y-2 py-4 print:hidden">
        <p className="text-[0.9375rem] font-semibold tracking-[-0.01em]">Deploy Console</p>
        <MainNav />
        <div className="ml-auto flex items-center gap-1">
          <ConnectionMark />
          <UserMenu />
        </div>
      </header>
      <div className="mb-4 flex min-h-8 flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h1 className="text-lg font-semibold tracking-[-0.01em]">{title}</h1>
        {aside}
      </div>
      {children}
    </main>
  )
}
