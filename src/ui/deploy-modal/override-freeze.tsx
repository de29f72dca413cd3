import { FIELD, Field } from '~/ui/primitives/field'

interface OverrideFreezeProps {
  readonly reason: string
  readonly onReason: (reason: string) => void
}

/** The deliberate way past a freeze: without a reason there is none. */
export function OverrideFreeze({ reason, onReason }: OverrideFreezeProps) {
  return (
    <Field id="override-reason" label="Override it" hint="with a reason, kept with the deploy and in the audit trail">
      <input
        id="override-reason"
        value={reason}
        maxLength={500}
        autoComplete="off"
        placeholder="Why this cannot wait"
        onChange={(event) => onReason(event.target.value)}
        className={FIELD}
      />
    </Field>
  )
}
