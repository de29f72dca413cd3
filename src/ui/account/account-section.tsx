import type { ReactNode } from 'react'

interface AccountSectionProps {
  readonly id: string
  readonly title: string
  readonly about?: ReactNode
  readonly children: ReactNode
}

/** One section of the account page: the title on the left, the content on the right. */
export function AccountSection({ id, title, about, children }: AccountSectionProps) {
  return (
    <section
      aria-labelledby={id}
      className="grid gap-x-8 gap-y-3 border-t border-line py-5 first:border-t-0 first:pt-0 md:grid-cols-[16rem_minmax(0,1fr)]"
    >
      <div>
        <h2 id={id} className="text-sm font-semibold">
          {title}
        </h2>
        {about !== undefined && <p className="mt-1 text-xs text-pretty text-ink-soft">{about}</p>}
      </div>
      <div className="min-w-0 max-w-[36rem]">{children}</div>
    </section>
  )
}
