import type { ReactNode } from 'react'
import { Header } from '~/ui/shell/header'

interface PageFrameProps {
  readonly title: ReactNode
  /** Content to the right of the title. */
  readonly aside?: ReactNode
  readonly children: ReactNode
}

/** The frame of every page. */
export function PageFrame({ title, aside, children }: PageFrameProps) {
  return (
    <div className="mx-auto max-w-[80rem] px-4 pb-16 sm:px-6 print:p-0">
      <Header />
      <main>
        <div className="mb-4 flex min-h-8 flex-wrap items-center justify-between gap-x-4 gap-y-2">
          <h1 className="text-lg font-semibold tracking-[-0.01em]">{title}</h1>
          {aside}
        </div>
        {children}
      </main>
    </div>
  )
}
