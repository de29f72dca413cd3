import { CircleAlert, OctagonX, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'

const TONES = {
  bad: { frame: 'border-bad/40 bg-bad-wash', mark: 'text-bad', Icon: OctagonX },
  warn: { frame: 'border-warn/40 bg-warn-wash', mark: 'text-warn', Icon: TriangleAlert },
  plain: { frame: 'border-line bg-well', mark: 'text-ink-faint', Icon: CircleAlert },
} as const

interface NoticeProps {
  /** For a field that the notice is about (`tiedTo`). */
  readonly id?: string
  readonly tone: keyof typeof TONES
  readonly children: ReactNode
  /** `alert` interrupts a screen reader. Use it for the answer to an action. */
  readonly role?: 'alert' | 'status'
  readonly action?: ReactNode
}

export function Notice({ id, tone, children, role, action }: NoticeProps) {
  const { frame, mark, Icon } = TONES[tone]
  return (
    <div
      id={id}
      role={role}
      className={`flex items-start gap-2 rounded-[5px] border px-3 py-2 text-sm text-ink max-sm:flex-wrap ${frame}`}
    >
      <Icon aria-hidden="true" className={`mt-0.5 size-4 shrink-0 ${mark}`} />
      <div className="min-w-0 flex-1 text-pretty max-sm:basis-[calc(100%-1.5rem)]">{children}</div>
      {action !== undefined && <div className="shrink-0 max-sm:pb-1 max-sm:pl-6">{action}</div>}
    </div>
  )
}

export function MessagePage({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <main className="mx-auto flex min-h-dvh max-w-md flex-col items-start justify-center gap-3 px-6 text-ink-soft">
      <h1 className="text-lg font-semibold text-ink">{title}</h1>
      {children}
    </main>
  )
}
