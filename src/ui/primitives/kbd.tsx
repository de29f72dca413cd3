import type { ReactNode } from 'react'

/** A key of the keyboard. */
export function Kbd({ children }: { readonly children: ReactNode }) {
  return (
    <kbd className="inline-flex h-5 min-w-5 items-center justify-center rounded-[3px] border border-line bg-panel px-1 font-mono text-[0.6875rem] text-ink-soft">
      {children}
    </kbd>
  )
}
