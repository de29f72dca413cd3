import type { ReactNode } from 'react'

export function MessagePage({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <main className="mx-auto flex min-h-dvh max-w-md flex-col items-start justify-center gap-3 px-6 text-ink-soft">
      <h1 className="text-lg font-semibold text-ink">{title}</h1>
      {children}
    </main>
  )
}
