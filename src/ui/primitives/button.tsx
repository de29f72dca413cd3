import type { ComponentProps } from 'react'

/** Paper cannot be pressed. */
const SHAPE =
  'inline-flex print:hidden h-8 shrink-0 items-center justify-center gap-1.5 rounded-[5px] border px-3 text-sm font-medium whitespace-nowrap select-none transition-colors disabled:cursor-not-allowed aria-disabled:cursor-not-allowed'

const TONES = {
  /** The main action of a step. */
  strong:
    'border-transparent bg-accent text-on-accent hover:bg-[color-mix(in_oklch,var(--accent),var(--ink)_14%)] disabled:border-line disabled:bg-well disabled:text-ink-faint aria-disabled:border-line aria-disabled:bg-well aria-disabled:text-ink-faint',
  /** The confirmed action that stops or removes something. */
  danger:
    'border-bad/60 bg-bad-wash text-bad hover:border-bad disabled:border-line disabled:bg-well disabled:text-ink-faint',
  plain:
    'border-control bg-panel text-ink hover:bg-well disabled:border-line disabled:bg-well disabled:text-ink-faint aria-disabled:border-line aria-disabled:bg-well aria-disabled:text-ink-faint',
  bare: 'border-transparent text-ink-soft hover:bg-well hover:text-ink disabled:text-ink-faint',
} as const

type ButtonProps = ComponentProps<'button'> & { readonly tone?: keyof typeof TONES }

export function Button({ tone = 'plain', className = '', type = 'button', ...rest }: ButtonProps) {
  return <button type={type} className={`${SHAPE} ${TONES[tone]} ${className}`} {...rest} />
}
