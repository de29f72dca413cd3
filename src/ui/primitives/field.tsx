import type { ReactNode, Ref } from 'react'
import { SHORTEST_PASSWORD } from '~/domain/member'

const LOOK = 'w-full min-w-0 rounded-[5px] border border-control bg-panel px-2.5 text-sm any-pointer-coarse:text-base'

/** The look of a field on a page: text or a choice. */
export const FIELD = `h-9 ${LOOK}`

/** The look of a text field that may be read-only. Not for a `select`, which CSS takes for read-only. */
export const INPUT = `${LOOK} read-only:bg-well read-only:text-ink-soft`

/** Ties a field to the refusal of its text, so that screen readers read both together. `null`: nothing was refused. */
export const tiedTo = (refusalId: string | null) =>
  refusalId === null ? {} : { 'aria-invalid': true, 'aria-describedby': refusalId }

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

interface PasswordFieldProps {
  readonly id: string
  readonly label: string
  /** A new password: browsers offer to generate one. */
  readonly isNew?: boolean
  readonly refusalId?: string | null
  readonly value: string
  readonly onChange: (value: string) => void
  readonly ref?: Ref<HTMLInputElement>
}

export function PasswordField({ id, label, isNew = false, refusalId = null, ...props }: PasswordFieldProps) {
  const { value, onChange, ref = null } = props
  return (
    <Field id={id} label={label} {...(isNew ? { hint: `${SHORTEST_PASSWORD} characters or more` } : {})}>
      <input
        id={id}
        type="password"
        name={id}
        autoComplete={isNew ? 'new-password' : 'current-password'}
        required
        {...(isNew ? { minLength: SHORTEST_PASSWORD } : {})}
        maxLength={128}
        {...tiedTo(refusalId)}
        ref={ref}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className={FIELD}
      />
    </Field>
  )
}

interface CodeFieldProps {
  readonly id: string
  readonly label: string
  readonly hint?: string
  readonly refusalId?: string | null
  readonly value: string
  readonly onChange: (code: string) => void
}

/** A field for an authenticator code or a backup code. */
export function CodeField({ id, label, hint, refusalId = null, value, onChange }: CodeFieldProps) {
  return (
    <Field id={id} label={label} {...(hint === undefined ? {} : { hint })}>
      <input
        id={id}
        autoComplete="one-time-code"
        spellCheck={false}
        maxLength={20}
        required
        {...tiedTo(refusalId)}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className={`${FIELD} font-mono`}
      />
    </Field>
  )
}

interface ChoicesProps<Value extends string> {
  readonly legend: string
  readonly hint?: string
  readonly options: readonly { readonly value: Value; readonly words: string }[]
  readonly chosen: readonly Value[]
  readonly onChange: (chosen: readonly Value[]) => void
}

/** A group of checkboxes. */
export function Choices<Value extends string>({ legend, hint, options, chosen, onChange }: ChoicesProps<Value>) {
  return (
    <fieldset>
      <legend className="mb-1 text-sm font-medium">
        {legend} {hint !== undefined && <span className="font-normal text-ink-faint">{hint}</span>}
      </legend>
      {options.map(({ value, words }) => (
        <label key={value} className="flex min-h-7 items-center gap-2 text-sm any-pointer-coarse:min-h-9">
          <input
            type="checkbox"
            checked={chosen.includes(value)}
            onChange={(event) =>
              onChange(event.target.checked ? [...chosen, value] : chosen.filter((one) => one !== value))
            }
            className="size-4 accent-accent"
          />
          {words}
        </label>
      ))}
    </fieldset>
  )
}
