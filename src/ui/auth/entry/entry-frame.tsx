import type { ReactNode } from 'react'

interface EntryFrameProps {
  readonly title: string
  readonly children: ReactNode
}

/** The pages before the console: one thing to do, nothing else to look at. */
export function EntryFrame({ title, children }: EntryFrameProps) {
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-[25rem] flex-col justify-center px-4 py-10">
      <p className="mb-4 text-[0.9375rem] font-semibold tracking-[-0.01em]">Deploy Console</p>
      <div className="rounded-md border border-line bg-panel p-5">
        <h1 className="mb-3 text-lg font-semibold tracking-[-0.01em]">{title}</h1>
        {children}
      </div>
    </main>
  )
}
