import type { MemberLimits } from '~/domain/member-input'
import { ROLE_WORDS, ROLES } from '~/domain/permissions'
import { Choices, FIELD, Field } from '~/ui/primitives/field'

interface LimitsFieldsProps {
  /** Makes field ids unique when two forms are on one page. */
  readonly id: string
  readonly limits: MemberLimits
  readonly environments: readonly string[]
  readonly onChange: (limits: MemberLimits) => void
}

/** The fields for a role and its environments. */
export function LimitsFields({ id, limits, environments, onChange }: LimitsFieldsProps) {
  const { role, environments: chosen } = limits
  // A member may be limited to an environment that surfaces.yaml no longer declares.
  const known = [...new Set([...environments, ...(chosen ?? [])])]
  return (
    <div className="flex flex-col gap-3">
      <Field id={`${id}-role`} label="Role" hint={ROLE_WORDS[role]}>
        <select
          id={`${id}-role`}
          value={role}
          onChange={(event) => {
            const next = ROLES.find((name) => name === event.target.value)
            if (next === undefined) return
            onChange({ role: next, environments: next === 'admin' ? null : chosen })
          }}
          className={FIELD}
        >
          {ROLES.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </Field>
      {/* An admin could remove their own limit, so none is offered. */}
      {role !== 'admin' && (
        <Choices
          legend="May change"
          options={[
            { value: '', words: 'Every environment' },
            ...(chosen === null ? [] : known.map((name) => ({ value: name, words: name }))),
          ]}
          chosen={chosen ?? ['']}
          onChange={(next) => onChange({ ...limits, environments: next.includes('') ? null : [...next] })}
        />
      )}
    </div>
  )
}

export const environmentWords = (environments: readonly string[] | null): string =>
  environments === null ? 'every environment' : environments.join(', ')
