import { FIELD, Field } from '~/ui/primitives/field'
import { useRefusal } from '~/ui/shell/member'

interface OverrideFreezeProps {
  readonly reason: string
  readonly environment: string
  readonly onReason: (reason: string) => void
}

/** The deliberate way past a freeze: without a reason there is none. */
export function OverrideFreeze({ reason, environment, onReason }: OverrideFreezeProps) {
  const refusal = useRefusal('freeze.override', environment)
  if (refusal !== null) return <p className="text-sm text-ink-soft">An approver may override it. {refusal}</p>
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
