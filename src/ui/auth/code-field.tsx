import { FIELD, Field } from '~/ui/primitives/field'

interface CodeFieldProps {
  readonly id: string
  readonly label: string
  readonly hint?: string
  readonly value: string
  readonly onChange: (code: string) => void
}

/** Six digits of an app, or a backup code. */
export function CodeField({ id, label, hint, value, onChange }: CodeFieldProps) {
  return (
    <Field id={id} label={label} {...(hint === undefined ? {} : { hint })}>
      <input
        id={id}
        autoComplete="one-time-code"
        spellCheck={false}
        maxLength={20}
        required
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className={`${FIELD} font-mono`}
      />
    </Field>
  )
}
