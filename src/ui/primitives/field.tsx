import type { ReactNode } from 'react'

const LOOK = 'w-full min-w-0 rounded-[5px] border border-control bg-panel px-2.5 text-sm any-pointer-coarse:text-base'

/** The look of a field on a page: text or a choice. */
export const FIELD = `h-9 ${LOOK}`

/** The look of a text field that may be read-only. Not for a `select`, which CSS takes for read-only. */
export const INPUT = `${LOOK} read-only:bg-well read-only:text-ink-soft`

interface FieldProps {
  readonly id: string
  readonly label: string
  readonly hint?: string
  readonly children: ReactNode
  readonly className?: string
}

export function Field({ id, label, hint, children, className = '' }: FieldProps) {
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1 block text-sm font-medium">
        {label} {hint !== undefined && <span className="font-normal text-ink-faint">{hint}</span>}
      </label>
      {children}
    </div>
  )
}
