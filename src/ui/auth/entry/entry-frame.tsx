import type { ReactNode } from 'react'

interface EntryFrameProps {
  readonly title: string
  readonly children: ReactNode
}

/** The frame of the pages before sign-in. */
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

/**
 * One page for a link that was used, was revoked, has expired or never existed, so that a stranger learns nothing from
 * it.
 */
export function LinkGone() {
  return (
    <EntryFrame title="This link does not work">
      <p className="text-pretty text-ink-soft">
        Each link works once and expires. Ask the person who sent you the link for a new one.
      </p>
      <p className="mt-3">
        <a href="/sign-in" className="text-accent underline underline-offset-2">
          Sign in
        </a>
      </p>
    </EntryFrame>
  )
}
