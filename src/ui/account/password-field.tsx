import { SHORTEST_PASSWORD } from '~/domain/member'
import { FIELD, Field } from '~/ui/primitives/field'

interface PasswordFieldProps {
  readonly id: string
  readonly label: string
  /** One that is being chosen: browsers offer to make it. */
  readonly isNew?: boolean
  readonly value: string
  readonly onChange: (value: string) => void
}

export function PasswordField({ id, label, isNew = false, value, onChange }: PasswordFieldProps) {
  return (
    <Field id={id} label={label} {...(isNew ? { hint: `${SHORTEST_PASSWORD} characters or more` } : {})}>
      <input
        id={id}
        type="password"
        autoComplete={isNew ? 'new-password' : 'current-password'}
        required
        maxLength={128}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className={FIELD}
      />
    </Field>
  )
}
