import type { ReactNode } from 'react'

/** The look of every text field of these forms. */
export const FIELD =
  'h-9 w-full min-w-0 rounded-[5px] border border-control bg-panel px-2.5 text-sm any-pointer-coarse:text-base'

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
